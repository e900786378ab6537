import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { commit, outcome, REPOSITORY, startConcord } from "../concord-process.ts";
import { type Cell, experimentOf, placeOf } from "./cells.ts";
import { keep } from "./results.ts";

const WORK = join(REPOSITORY, ".concord", "experiments", "personalfr");

/** Runs a cell to its end and keeps its result; one that fails is told and left for the next time. */
export async function run(cell: Cell): Promise<void> {
  const folder = join(WORK, placeOf(cell));
  const file = join(folder, "experiment.yaml");
  mkdirSync(folder, { recursive: true });
  writeFileSync(file, stringify(experimentOf(cell)));
  console.log(`${new Date().toISOString()} ${placeOf(cell)} …`);
  const words = ["run", file, "--out", folder, "--workers", "1", "--json"];
  const { code, lines } = await outcome(startConcord(words, ["ignore", "pipe", "inherit"]));
  const done = code === 0;
  // The baselines stand in the last line only.
  if (done) keep(cell, folder, commit(), JSON.parse(lines.at(-1) ?? "{}"));
  console.log(`${new Date().toISOString()} ${placeOf(cell)} ${done ? "done" : `FAILED with ${code}`}`);
}
