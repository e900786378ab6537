/**
 * Runs the comparisons of DynamicFL, one process for each run, and keeps every finished one at once:
 *
 *     CONCORD_DATA=… node experiments/dynamicfl/main.ts --only headline,grid,balanced [--data fashion-mnist-k1] [--seeds 1]
 *
 * What has a result is skipped; what was interrupted, even by kill -9, goes on from its checkpoint. `--workers` runs go side
 * by side, one thread each. `--list` says what there is and what is done; `--write-full` writes the files of the 800-round
 * configurations. `node experiments/dynamicfl/report.ts` makes tables and plots of the results.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { chosen, laneCount, optionsOf } from "../command-line.ts";
import { inLanes } from "../lanes.ts";
import { CELLS, experimentOf, placeOf, runsOf, type SetName } from "./cells.ts";
import { isDone } from "./results.ts";
import { type Job, run, stopOrphan } from "./run.ts";

const values = optionsOf({
  only: { type: "string", default: "headline,grid,balanced" },
  data: { type: "string" },
  seeds: { type: "string" },
  runs: { type: "string" },
  workers: { type: "string", default: "2" },
  list: { type: "boolean", default: false },
  "write-full": { type: "boolean", default: false },
});
/** FedNova is FedAvg where all make as many steps, and FedSGD takes twice as long as the others: they wait for everything else. */
const LAST = ["fednova", "fedsgd"];

const all = CELLS.flatMap((cell) => runsOf(cell).map((name): Job => ({ cell, name })));
const jobs = all
  .filter(chosen("only", values.only, all, ({ cell }) => cell.set))
  .filter(chosen("data", values.data, all, ({ cell }) => cell.data))
  .filter(chosen("seeds", values.seeds, all, ({ cell }) => `${cell.seed}`))
  .filter(chosen("runs", values.runs, all, ({ name }) => name))
  .sort((a, b) => LAST.indexOf(a.name) - LAST.indexOf(b.name));
const workers = laneCount("workers", values.workers);

if (values["write-full"]) {
  for (const cell of CELLS.filter(({ set }) => set === ("full" satisfies SetName))) {
    const folder = join(import.meta.dirname, "full");
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, `${cell.data}-${cell.id}.yaml`), stringify(experimentOf(cell), { lineWidth: 120 }));
  }
} else if (values.list) {
  for (const job of jobs) console.log(`${isDone(job) ? "done" : "open"}  ${placeOf(job.cell)}  ${job.name}`);
} else {
  const open = jobs.filter((job) => !isDone(job));
  console.log(`${jobs.length} runs, ${jobs.length - open.length} of them done`);
  for (const job of open) stopOrphan(job);
  await inLanes(workers, open, run);
}
