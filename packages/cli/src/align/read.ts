import { createReadStream } from "node:fs";
import { extname } from "node:path";
import { AlignmentError, type Palette, paletteFrom, parsePalette, type Rewards, readRewards } from "@concord/alignment";
import { z } from "zod";
import { InputError, type Output } from "../output.ts";

/** Options of every command that reads rewards. */
export const rewardsOptions = {
  json: z.boolean().default(false),
  rewards: z.string().default("-"),
  format: z.enum(["csv", "json", "jsonl"], "expected csv, json or jsonl").optional(),
  promptColumn: z.string().optional(),
  groupColumn: z.string().optional(),
};

/** Options of every command that takes a palette. */
export const paletteOptions = {
  ...rewardsOptions,
  target: z.array(z.string()).default([]),
  palette: z.string().optional(),
  dual: z.enum(["joint", "per-prompt"], "expected joint or per-prompt").default("joint"),
};

interface RewardsSource {
  readonly rewards: string;
  readonly format?: "csv" | "json" | "jsonl" | undefined;
  readonly promptColumn?: string | undefined;
  readonly groupColumn?: string | undefined;
}

/** The rewards that the options name, from a file or from standard input. What was left out goes to `out.warn`. */
export async function loadRewards(source: RewardsSource, out: Output): Promise<Rewards> {
  const { rewards: path, promptColumn, groupColumn } = source;
  const text = await readText(path);
  const format = source.format ?? formatOf(path);
  return asInput(path === "-" ? "standard input" : path, () => {
    const { rewards, notes } = readRewards(text, format, { promptColumn, groupColumn });
    for (const note of notes) out.warn(`note: ${note}`);
    return rewards;
  });
}

/** The palette of `--target` (any number of times) and `--palette FILE.json`, the first before the second. */
export async function loadPalette(target: readonly string[], file: string | undefined): Promise<Palette> {
  const fromFile = file === undefined ? [] : await readPaletteFile(file);
  const given = asInput("--target", () => target.flatMap((text) => parsePalette(text)));
  const palette = [...given, ...fromFile];
  if (palette.length === 0) {
    throw new InputError("name what you want: --target humor=2.46,helpful=mean (a level, mean, q70, +25% or p95>=1.2)");
  }
  return palette;
}

/** Text of a file, or of standard input for "-". */
export async function readText(path: string): Promise<string> {
  if (path === "-" && process.stdin.isTTY) {
    throw new InputError("give rewards with --rewards FILE, or pipe them in");
  }
  const stream = path === "-" ? process.stdin : createReadStream(path);
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of stream) chunks.push(chunk as Buffer);
  } catch (error) {
    throw new InputError(`cannot read ${path}: ${(error as NodeJS.ErrnoException).code ?? error}`);
  }
  const bytes = Buffer.concat(chunks);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new InputError(`${path === "-" ? "standard input" : path} is no UTF-8 text, or too long`);
  }
}

/** Runs the mathematics on what the user gave; its complaints are about that input. */
export function asInput<T>(what: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof AlignmentError) throw new InputError(`${what}: ${error.message}`, { cause: error });
    throw error;
  }
}

async function readPaletteFile(path: string): Promise<Palette> {
  const text = await readText(path);
  const target = z.union([z.number(), z.string()]);
  const schema = z.record(z.string(), z.union([target, z.array(target)]));
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new InputError(`${path} is no JSON: ${error instanceof Error ? error.message : error}`);
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) {
    throw new InputError(`${path}: a palette is an object of targets such as { "humor": 2.46, "helpful": "mean" }`);
  }
  return asInput(path, () => paletteFrom(parsed.data));
}

function formatOf(path: string): "csv" | "json" | "jsonl" | undefined {
  switch (extname(path).toLowerCase()) {
    case ".csv":
      return "csv";
    case ".json":
      return "json";
    case ".jsonl":
    case ".ndjson":
      return "jsonl";
    default:
      return undefined;
  }
}
