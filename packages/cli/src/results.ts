import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Tensor, Tree } from "@concord/engine";
import { encodeSafetensors } from "@concord/engine";
import { writeDurably } from "@concord/engine/node";

export interface Results {
  /** Everything that was chosen: task, algorithm, data, seed. */
  readonly config: unknown;
  /** Where and when it ran. */
  readonly machine: unknown;
  /** A record for each round; all have the same fields. */
  readonly rounds: readonly Readonly<Record<string, number | string | null>>[];
  readonly result: unknown;
  readonly model: Tree<Tensor>;
}

/** Writes a run: config.json, metrics.csv, metrics.json, model.safetensors. */
export async function writeResults(folder: string, { config, machine, rounds, result, model }: Results): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeDurably(join(folder, "config.json"), `${JSON.stringify({ config, machine }, null, 2)}\n`);
  await writeDurably(join(folder, "metrics.csv"), toCsv(rounds));
  await writeDurably(join(folder, "metrics.json"), `${JSON.stringify({ rounds, result, machine }, null, 2)}\n`);
  await writeDurably(join(folder, "model.safetensors"), encodeSafetensors(model, { format: "concord" }));
}

function toCsv(rows: Results["rounds"]): string {
  const names = Object.keys(rows[0] ?? {});
  const line = (cells: readonly unknown[]) => `${cells.map((cell) => (cell === null ? "" : String(cell))).join(",")}\n`;
  return line(names) + rows.map((row) => line(names.map((name) => row[name]))).join("");
}
