import { draw, parseTarget, pickWeights, type ServedGoal, score } from "@concord/alignment";
import { key, rng, split } from "@concord/engine";
import { Command } from "commander";
import { z } from "zod";
import { checkOptions, whole } from "../options.ts";
import { InputError, output } from "../output.ts";
import { asInput, readText } from "./read.ts";
import { showNumber } from "./show.ts";

const schema = z.object({
  json: z.boolean().default(false),
  candidates: z.string().default("-"),
  solution: z.string().optional(),
  lambda: z.string().optional(),
  pick: z.enum(["sample", "best"], "expected sample or best").default("sample"),
  seed: whole(0, Number.MAX_SAFE_INTEGER).default(1),
});

export function decodeCommand(): Command {
  return new Command("decode")
    .description("Choose an answer for each prompt from candidates with rewards, by softmax of λ·r.")
    .option(
      "--candidates <file.jsonl>",
      "a prompt a line with its candidates, or a candidate a line (default: standard input)",
    )
    .option("--solution <file.json>", "what align solve --json printed")
    .option("--lambda <multipliers>", "or the multipliers themselves: humor=2.5,helpful=0.2")
    .option(
      "--pick <how>",
      "sample as the method says, or best: the largest λ·r, which overshoots the targets",
      "sample",
    )
    .option("--seed <n>", "the same seed and candidates give the same choices", "1")
    .addHelpText(
      "after",
      `
A line is { "prompt_id": 7, "candidates": [{ "text": "…", "rewards": { "humor": 1.2 } }, …] }, or one candidate
{ "prompt_id": 7, "text": "…", "rewards": { … } }. Out comes a line for each prompt with the candidate that was chosen.

Example:
  $ concord align decode --candidates candidates.jsonl --solution solution.json --seed 7 > chosen.jsonl`,
    )
    .action(async (raw: unknown) => {
      const options = checkOptions("align decode", schema, raw);
      const out = output(options.json);
      const goals = await goalsOf(options);
      const sets = readSets(await readText(options.candidates));
      const root = split(key(options.seed), "decode");
      let kl = 0;
      sets.forEach(({ promptId, group, candidates, line }, i) => {
        const scores = candidates.map((candidate) =>
          asInput(`line ${line}`, () => score(goals, rewardsOf(candidate), group)),
        );
        const weights = pickWeights(scores);
        const best = weights.indexOf(Math.max(...weights));
        const index = options.pick === "best" ? best : draw(weights, rng(split(root, String(promptId ?? ""), i)));
        for (const weight of weights) if (weight > 0) kl += (weight * Math.log(weight * weights.length)) / sets.length;
        const chosen = { prompt_id: promptId, index, chosen: candidates[index], scores, weights };
        process.stdout.write(`${JSON.stringify(chosen)}\n`);
      });
      out.warn(`${sets.length} prompts; KL ${showNumber(kl)} from drawing one of the candidates at random`);
    });
}

interface CandidateSet {
  readonly promptId: string | number | null;
  readonly group: string | undefined;
  readonly candidates: readonly Readonly<Record<string, unknown>>[];
  readonly line: number;
}

async function goalsOf({ solution, lambda }: z.output<typeof schema>): Promise<readonly ServedGoal[]> {
  if ((solution === undefined) === (lambda === undefined)) {
    throw new InputError("align decode: give --solution FILE or --lambda value=number,…, and not both");
  }
  if (lambda !== undefined) return lambda.split(",").map(givenMultiplier);
  const parsed = solutionSchema.safeParse(parseJson(await readText(solution as string), solution as string));
  if (!parsed.success) {
    throw new InputError(`${solution}: this is not what align solve --json prints for a palette that can be reached`);
  }
  const { goals, lambda: multipliers } = parsed.data;
  return asInput(solution as string, () =>
    goals.map(({ label, value, group, target }) => ({
      value,
      group: group ?? undefined,
      target: parseTarget(target),
      lambda: multipliers[label] ?? 0,
    })),
  );
}

const solutionSchema = z.object({
  feasible: z.literal(true),
  lambda: z.record(z.string(), z.number().min(0)),
  goals: z.array(z.object({ label: z.string(), value: z.string(), group: z.string().nullable(), target: z.string() })),
});

function givenMultiplier(part: string): ServedGoal {
  const at = part.lastIndexOf("=");
  const number = at < 1 || part.slice(at + 1).trim() === "" ? Number.NaN : Number(part.slice(at + 1));
  if (!(number >= 0 && Number.isFinite(number))) {
    throw new InputError(
      `align decode --lambda: "${part}" is no multiplier; write value=number with a number of 0 or more`,
    );
  }
  return { value: part.slice(0, at).trim(), target: { kind: "mean" }, lambda: number };
}

/** Candidates by prompt, in the order in which the prompts appear. */
function readSets(text: string): readonly CandidateSet[] {
  const sets: CandidateSet[] = [];
  const open = new Map<string, Readonly<Record<string, unknown>>[]>();
  text.split("\n").forEach((row, i) => {
    if (row.trim() === "") return;
    const line = i + 1;
    const record = recordOf(parseJson(row, `line ${line}`), `line ${line}`);
    const promptId = idOf(record.prompt_id, line);
    const group = typeof record.group === "string" ? record.group : undefined;
    if (Array.isArray(record.candidates)) {
      const candidates = record.candidates.map((one: unknown, q) => recordOf(one, `line ${line}, candidate ${q + 1}`));
      if (candidates.length === 0) throw new InputError(`line ${line} has no candidates`);
      sets.push({ promptId, group, candidates, line });
      return;
    }
    if (promptId === null) throw new InputError(`line ${line} has neither "candidates" nor a "prompt_id"`);
    const known = open.get(String(promptId));
    if (known) {
      known.push(record);
      return;
    }
    const candidates = [record];
    open.set(String(promptId), candidates);
    sets.push({ promptId, group, candidates, line });
  });
  if (sets.length === 0) throw new InputError("there are no candidates: the input has no lines");
  return sets;
}

/** The `rewards` of a candidate, or its own numbers where it has no such field. */
function rewardsOf(candidate: Readonly<Record<string, unknown>>): Record<string, number> {
  const own = candidate.rewards ?? candidate;
  const entries = typeof own === "object" && own !== null ? Object.entries(own) : [];
  return Object.fromEntries(entries.filter((entry): entry is [string, number] => typeof entry[1] === "number"));
}

function idOf(id: unknown, line: number): string | number | null {
  if (id === undefined || id === null) return null;
  if (typeof id === "string" || typeof id === "number") return id;
  throw new InputError(`line ${line}: prompt_id must be a text or a number`);
}

function recordOf(value: unknown, where: string): Readonly<Record<string, unknown>> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new InputError(`${where} is no JSON object`);
}

function parseJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new InputError(`${what} is no JSON: ${error instanceof Error ? error.message : error}`);
  }
}
