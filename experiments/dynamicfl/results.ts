import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { placeOf } from "./cells.ts";
import type { Job } from "./run.ts";

/** A finished run: what was chosen, where and by which code it ran, and what came out. */
export interface Kept {
  readonly set: string;
  readonly data: string;
  readonly cell: string;
  readonly run: string;
  readonly seed: number;
  readonly commit: string;
  readonly cpuSeconds: number;
  readonly config: unknown;
  readonly machine: unknown;
  readonly result: {
    readonly rounds: number;
    /** The score; null if the run diverged. */
    readonly accuracy: number | null;
    readonly costRatio?: number;
    readonly meanGroupSize?: number;
    readonly meanDivergence?: number;
    readonly exchanges?: number;
    readonly diverged?: string;
    readonly seconds: number;
  };
}

/** A round that was evaluated. */
export interface Round {
  readonly round: number;
  readonly groupSize: number | null;
  readonly divergence: number | null;
  readonly trainLoss: number;
  readonly accuracy: number | null;
  readonly loss: number | null;
  readonly payloadBytesUp: number;
  readonly payloadBytesDown: number;
}

export const RESULTS = join(import.meta.dirname, "results");

export function isDone(job: Job): boolean {
  return existsSync(fileOf(job, "json"));
}

/** Keeps what `concord run` has written to `folder`: the rounds as CSV, everything else as JSON. */
export function keep(job: Job, folder: string, { commit, cpuSeconds }: { commit: string; cpuSeconds: number }): void {
  const { cell, name } = job;
  const { config } = JSON.parse(readFileSync(join(folder, "config.json"), "utf8"));
  const { rounds, result, machine } = JSON.parse(readFileSync(join(folder, "metrics.json"), "utf8"));
  const evaluated = (rounds as Round[]).filter(({ accuracy }) => accuracy !== null);
  const { folder: _folder, type: _type, ...told } = result;
  const head = { set: cell.set, data: cell.data, cell: cell.id, run: name, seed: cell.seed, commit, cpuSeconds };
  mkdirSync(join(RESULTS, placeOf(cell)), { recursive: true });
  write(fileOf(job, "csv"), toCsv(evaluated));
  write(fileOf(job, "json"), `${JSON.stringify({ ...head, config, machine, result: told }, null, 2)}\n`);
}

/** Every run that is kept, in the order of their places. */
export function allKept(): Kept[] {
  if (!existsSync(RESULTS)) return [];
  return readdirSync(RESULTS, { recursive: true, encoding: "utf8" })
    .filter((name) => name.includes("/") && name.endsWith(".json"))
    .sort()
    .map((name) => JSON.parse(readFileSync(join(RESULTS, name), "utf8")) as Kept);
}

/** Bytes so far, of all parties in both directions, and accuracy after each evaluated round of a kept run. */
export function courseOf({
  set,
  data,
  cell,
  run,
  seed,
}: Kept): { readonly bytes: number; readonly accuracy: number }[] {
  const text = readFileSync(join(RESULTS, set, data, `${cell}-seed${seed}`, `${run}.csv`), "utf8");
  const [head = "", ...lines] = text.trimEnd().split("\n");
  const columns = head.split(",");
  return lines.map((line) => {
    const cells = line.split(",").map(Number);
    const at = (name: keyof Round) => cells[columns.indexOf(name)] ?? Number.NaN;
    return { bytes: at("payloadBytesUp") + at("payloadBytesDown"), accuracy: at("accuracy") };
  });
}

/** A table whose rows have the same fields. */
export function toCsv(rows: readonly object[]): string {
  const names = Object.keys(rows[0] ?? {});
  const line = (cells: readonly unknown[]) => `${cells.map((cell) => cell ?? "").join(",")}\n`;
  return line(names) + rows.map((row) => line(names.map((name) => row[name as keyof typeof row]))).join("");
}

function fileOf({ cell, name }: Job, kind: "csv" | "json"): string {
  return join(RESULTS, placeOf(cell), `${name}.${kind}`);
}

/** A process that is killed leaves no half of a file. */
function write(path: string, text: string): void {
  writeFileSync(`${path}.tmp`, text);
  renameSync(`${path}.tmp`, path);
}
