import type { PlanQuestion } from "@concord/federation";
import { LEVELS, MBIT, planIntervals } from "@concord/federation";
import { Command } from "commander";
import { z } from "zod";
import { checkOptions, decimal, whole } from "../options.ts";
import { InputError, output } from "../output.ts";
import { writeAlgorithm } from "../plan/algorithm-file.ts";
import { durationOption, sizeOption } from "../plan/amounts.ts";
import { COLUMNS, readLinksFile } from "../plan/links-file.ts";
import { planRecord } from "../plan/record.ts";
import { sayPlan } from "../plan/show.ts";

const mbit = decimal("expected Mbit/s above 0", (value) => value > 0 && value <= 1e9).optional();

const optionsSchema = z.object({
  json: z.boolean().default(false),
  parties: z.string({ error: "expected the CSV file of the parties" }),
  params: whole(1, 1e12).optional(),
  bytesPerParameter: decimal("expected bytes above 0 and up to 8", (value) => value > 0 && value <= 8).default(4),
  messageBytes: sizeOption.optional(),
  overheadBytes: sizeOption.default(0),
  steps: whole(1, 100_000),
  deadline: durationOption,
  levels: z
    .string()
    .default(LEVELS.join(","))
    .transform((text) => text.split(","))
    .pipe(z.array(z.enum(LEVELS, { error: `expected levels such as b,c,g, out of ${LEVELS.join(", ")}` })).min(1)),
  serverUpMbit: mbit,
  serverDownMbit: mbit,
  out: z.string().optional(),
});

export function planCommand(): Command {
  return new Command("plan")
    .description("Say how often each party should exchange, before anything runs.")
    .addCommand(planDynamicfl());
}

function planDynamicfl(): Command {
  return new Command("dynamicfl")
    .description("Give each party the fastest interval level that its link, its budget and the deadline allow.")
    .option("--parties <links.csv>", "the parties and their links; the columns are below")
    .option("--params <n>", "parameters of the model")
    .option("--bytes-per-parameter <n>", "bytes of a parameter in a message", "4")
    .option("--message-bytes <size>", "instead of --params: bytes of an update and of a model, such as 178kB")
    .option("--overhead-bytes <size>", "bytes of a message beside the parameters, for the time it takes", "0")
    .option("--steps <n>", "local steps of each party in a round")
    .option("--deadline <duration>", "how long a round may take: 30s, 5m, 2h")
    .option("--levels <levels>", "interval levels that may be given, out of a,b,c,d,e,f,g (default: all)")
    .option("--server-up-mbit <n>", "what the coordinator's line carries to all parties together (default: no limit)")
    .option("--server-down-mbit <n>", "what it carries from all of them (default: no limit)")
    .option("--out <algorithm.yaml>", "write the plan as the algorithm of an experiment, if it meets the deadline")
    .addHelpText("after", `\nColumns of links.csv:\n${columnsHelp()}\n\n${HELP}`)
    .action(async (raw: unknown) => plan(checkOptions("plan dynamicfl", optionsSchema, raw)));
}

async function plan(options: z.output<typeof optionsSchema>): Promise<void> {
  const out = output(options.json);
  const parties = await readLinksFile(options.parties);
  const { serverUpMbit, serverDownMbit } = options;
  const question: PlanQuestion = {
    parties,
    levels: LEVELS.filter((level) => options.levels.includes(level)),
    steps: options.steps,
    deadline: options.deadline,
    messageBytes: messageBytes(options),
    overheadBytes: options.overheadBytes,
    ...((serverUpMbit ?? serverDownMbit) !== undefined && {
      server: { up: times(MBIT, serverUpMbit), down: times(MBIT, serverDownMbit) },
    }),
  };
  const found = planIntervals(question);
  out.record(planRecord(found, question, parties));
  sayPlan(found, question, out);
  if (!found.meetsDeadline) process.exitCode = 1;
  else if (options.out !== undefined) {
    await writeAlgorithm(options.out, found, question);
    out.say(`Written to ${options.out}.`);
  }
}

function messageBytes({ params, bytesPerParameter, messageBytes }: z.output<typeof optionsSchema>) {
  if ((params === undefined) === (messageBytes === undefined)) {
    throw new InputError("plan dynamicfl: give either --params or --message-bytes");
  }
  const bytes = messageBytes ?? Math.ceil((params as number) * bytesPerParameter);
  return { up: bytes, down: bytes };
}

function times(factor: number, value: number | undefined): number | undefined {
  return value === undefined ? undefined : factor * value;
}

function columnsHelp(): string {
  return Object.entries(COLUMNS)
    .map(([name, { required, expected }]) => `  ${name.padEnd(17)} ${expected}${required ? "" : " (optional)"}`)
    .join("\n");
}

const HELP = `One of steps_per_second and seconds_per_step is needed. Lines that begin with # are left out.

Ends with 0 if the plan meets the deadline, 1 if none does, 2 for wrong input.

Example:
  $ concord plan dynamicfl --parties links.csv --params 44470 --steps 250 --deadline 30s --json`;
