import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Cell, placeOf } from "./cells.ts";

/** What a recommender was measured at on the test ratings. */
export interface Measured {
  readonly rmse: number | null;
  readonly mae: number | null;
  readonly ndcg10: number | null;
  readonly recall10: number | null;
  readonly heldOutNdcg10: number | null;
}

/** A finished run: what was chosen, where and by which code it ran, and what came out. */
export interface Kept {
  readonly set: string;
  readonly cell: string;
  readonly seed: number;
  readonly commit: string;
  readonly config: unknown;
  readonly machine: unknown;
  /** The rounds that were evaluated. */
  readonly course: readonly Point[];
  readonly result: Measured & {
    readonly rounds: number;
    readonly payloadBytesUpPerParty: number;
    readonly payloadBytesDownPerParty: number;
    readonly compressionRatio: number;
    readonly cpuSeconds?: number;
    readonly baselines?: Readonly<Record<string, Measured>>;
  };
}

/** Mean loss over the held-out ratings after a round, and the payload of all parties until then. */
interface Point {
  readonly round: number;
  readonly loss: number;
  readonly payloadBytesUp: number;
  readonly payloadBytesDown: number;
}

const RESULTS = join(import.meta.dirname, "results");

export function isDone(cell: Cell): boolean {
  return existsSync(fileOf(cell));
}

/** Keeps what `concord run` has written to `folder`, and its last line. */
export function keep(cell: Cell, folder: string, commit: string, line: Kept["result"]): void {
  const { config } = JSON.parse(readFileSync(join(folder, "config.json"), "utf8"));
  const { machine, rounds } = JSON.parse(readFileSync(join(folder, "metrics.json"), "utf8"));
  const { folder: _folder, type: _type, ...told } = line as Kept["result"] & { folder?: string; type?: string };
  const course = (rounds as Point[])
    .filter(({ loss }) => loss !== null)
    .map(({ round, loss, payloadBytesUp, payloadBytesDown }) => ({ round, loss, payloadBytesUp, payloadBytesDown }));
  const kept = { set: cell.set, cell: cell.id, seed: cell.seed, commit, config, machine, course, result: told };
  mkdirSync(join(RESULTS, cell.set), { recursive: true });
  writeFileSync(`${fileOf(cell)}.new`, `${JSON.stringify(kept, null, 2)}\n`);
  renameSync(`${fileOf(cell)}.new`, fileOf(cell));
}

/** Every run that is kept, in the order of their places. */
export function allKept(): Kept[] {
  if (!existsSync(RESULTS)) return [];
  return readdirSync(RESULTS, { recursive: true, encoding: "utf8" })
    .filter((name) => name.includes("/") && name.endsWith(".json"))
    .sort()
    .map((name) => JSON.parse(readFileSync(join(RESULTS, name), "utf8")) as Kept);
}

function fileOf(cell: Cell): string {
  return join(RESULTS, `${placeOf(cell)}.json`);
}
