import type { BaseModel, Drawing } from "@concord/coordinator";
import { rng, key as rootKey, split } from "@concord/engine";
import { ConcordError } from "@concord/protocol";
import { Command } from "commander";
import { z } from "zod";
import { checkOptions, decimal, whole } from "../options.ts";
import { InputError, output } from "../output.ts";
import { type PromptLine, readPrompts } from "./answer-lines.ts";
import { readText } from "./read.ts";

const schema = z.object({
  json: z.boolean().default(false),
  gateway: z.string("expected the gateway's file"),
  base: z.string().optional(),
  prompts: z.string().default("-"),
  candidates: whole(1, 1_000).default(8),
  temperature: decimal("expected a number from 0 to 2", (t) => t <= 2).default(1),
  topP: decimal("expected a number above 0, up to 1", (p) => p > 0 && p <= 1).default(1),
  maxTokens: whole(1, 100_000).default(256),
  seed: whole(0, Number.MAX_SAFE_INTEGER).default(1),
  plain: z.boolean().default(false),
});

/** Prompts whose candidates are drawn at the same time. */
const AT_A_TIME = 4;

export function generateCommand(): Command {
  return new Command("generate")
    .description("Draw answers to prompts from a base model: several for each, as a palette will.")
    .requiredOption("--gateway <file.yaml>", "the gateway's file, which names the bases")
    .option("--base <name>", "one of its bases (default: the only one)")
    .option("--prompts <file>", "a prompt a line, as text or as { prompt_id, prompt } (default: standard input)")
    .option("--candidates <k>", "answers to each prompt (default: 8)")
    .option("--temperature <t>", "(default: 1)")
    .option("--top-p <p>", "draw among the tokens that together reach this probability (default: 1)")
    .option("--max-tokens <n>", "most tokens of an answer (default: 256)")
    .option("--seed <n>", "for bases that can be seeded (default: 1)")
    .option("--plain", "continue the prompts as text instead of answering them as a chat")
    .addHelpText(
      "after",
      `
Out comes a line for each answer, { "prompt_id": 7, "prompt": "…", "text": "…", "finish": "stop" }. Ends with 1 if some are missing.

Example:
  $ concord align generate --gateway gateway.yaml --prompts prompts.txt > answers.jsonl`,
    )
    .action(async (raw: unknown) => {
      const options = checkOptions("align generate", schema, raw);
      const out = output(options.json);
      const prompts = readPrompts(await readText(options.prompts));
      // The gateway is loaded only by the commands that need it.
      const { readGateway } = await import("../gateway-file.ts");
      const parts = await readGateway(options.gateway);
      const base = baseOf(parts.bases, options.base);
      let missing = 0;
      for (let from = 0; from < prompts.length; from += AT_A_TIME) {
        const some = prompts.slice(from, from + AT_A_TIME);
        const drawn = await Promise.all(some.map((prompt, i) => base.complete(drawing(options, prompt, from + i))));
        drawn.forEach(({ candidates, problems }, i) => {
          const { promptId, prompt } = some[i] as PromptLine;
          for (const { text, finish } of candidates) {
            process.stdout.write(`${JSON.stringify({ prompt_id: promptId, prompt, text, finish })}\n`);
          }
          missing += problems.length;
          for (const problem of new Set(problems)) out.warn(`prompt ${promptId}: ${problem}`);
        });
      }
      await Promise.all(parts.bases.map((one) => one.close()));
      const all = prompts.length * options.candidates;
      out.warn(`${all - missing} of ${all} answers to ${prompts.length} prompts`);
      if (missing === all) throw new ConcordError("unavailable", `the base "${base.name}" gave no answer`);
      if (missing > 0) process.exitCode = 1;
    });
}

function drawing(options: z.output<typeof schema>, { prompt }: PromptLine, place: number): Drawing {
  const { candidates, temperature, topP, maxTokens, seed, plain } = options;
  return {
    input: plain ? { kind: "text", prompt } : { kind: "chat", messages: [{ role: "user", content: prompt }] },
    count: candidates,
    sampling: { temperature, topP, maxTokens },
    seed: rng(split(rootKey(seed), place)).below(2 ** 31),
    signal: new AbortController().signal,
  };
}

function baseOf(bases: readonly BaseModel[], name: string | undefined): BaseModel {
  const base = name === undefined ? bases[0] : bases.find((one) => one.name === name);
  if (base !== undefined && (name !== undefined || bases.length === 1)) return base;
  const names = bases.map((one) => one.name).join(", ");
  throw new InputError(`align generate --base: expected one of ${names}${name === undefined ? "" : `, got "${name}"`}`);
}
