import { AlignmentError } from "@concord/alignment";
import type { RewardModel } from "@concord/alignment/scoring";
import { cached, rewardCache, scoreAll } from "@concord/alignment/scoring";
import { Command } from "commander";
import { z } from "zod";
import { checkOptions } from "../options.ts";
import { InputError, output } from "../output.ts";
import { type AnswerLine, readAnswers } from "./answer-lines.ts";
import { readText } from "./read.ts";

const schema = z.object({
  json: z.boolean().default(false),
  gateway: z.string("expected the gateway's file"),
  answers: z.string().default("-"),
  values: z.string().optional(),
  as: z.enum(["csv", "jsonl"], "expected csv or jsonl").default("csv"),
});

export function scoreCommand(): Command {
  return new Command("score")
    .description("Give answers their rewards: numbers to solve palettes on.")
    .requiredOption("--gateway <file.yaml>", "the gateway's file, which names the rewards")
    .option("--answers <file.jsonl>", "an answer a line, as align generate writes them (default: standard input)")
    .option("--values <names>", "some of its rewards, separated by commas (default: all)")
    .option("--as <format>", "csv for align solve; jsonl, with the texts, for align decode", "csv")
    .addHelpText(
      "after",
      `
Example:
  $ concord align score --gateway gateway.yaml --answers answers.jsonl > rewards.csv`,
    )
    .action(async (raw: unknown) => {
      const options = checkOptions("align score", schema, raw);
      const out = output(options.json);
      const answers = readAnswers(await readText(options.answers));
      // The gateway is loaded only by the commands that need it.
      const { readGateway } = await import("../gateway-file.ts");
      const parts = await readGateway(options.gateway);
      const models = modelsOf(parts.rewards, options.values);
      const rewards = await scored(models, answers);
      await Promise.all(parts.bases.map((base) => base.close()));
      const names = models.map(({ name }) => name);
      process.stdout.write(options.as === "csv" ? csv(names, answers, rewards) : jsonLines(names, answers, rewards));
      out.warn(`${answers.length} answers, ${names.length} rewards each: ${names.join(", ")}`);
    });
}

async function scored(models: readonly RewardModel[], answers: readonly AnswerLine[]): Promise<Float64Array> {
  const cache = rewardCache();
  try {
    return await scoreAll(
      models.map((model) => cached(model, cache)),
      answers.map(({ prompt, text }) => ({ prompt, answer: text })),
    );
  } catch (error) {
    // A reward that cannot be given is trouble with the work, not with the words of the command.
    if (error instanceof AlignmentError) throw new Error(error.message, { cause: error });
    throw error;
  }
}

function modelsOf(rewards: readonly RewardModel[], wanted: string | undefined): readonly RewardModel[] {
  if (wanted === undefined) return rewards;
  return wanted.split(",").map((name) => {
    const model = rewards.find((one) => one.name === name.trim());
    if (model !== undefined) return model;
    const known = rewards.map((one) => one.name).join(", ");
    throw new InputError(`align score --values: expected some of ${known}, got "${name.trim()}"`);
  });
}

function csv(names: readonly string[], answers: readonly AnswerLine[], rewards: Float64Array): string {
  const m = names.length;
  const quoted = (id: string | number) => {
    const text = String(id);
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const rows = answers.map(({ promptId }, j) => [quoted(promptId), ...rewards.subarray(j * m, (j + 1) * m)].join(","));
  return `${["prompt_id", ...names].join(",")}\n${rows.join("\n")}\n`;
}

function jsonLines(names: readonly string[], answers: readonly AnswerLine[], rewards: Float64Array): string {
  return answers
    .map(({ promptId, text }, j) => {
      const own = Object.fromEntries(names.map((name, i) => [name, rewards[j * names.length + i]]));
      return `${JSON.stringify({ prompt_id: promptId, text, rewards: own })}\n`;
    })
    .join("");
}
