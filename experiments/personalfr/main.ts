/**
 * Runs the experiments of PersonalFR, one process for each cell, and keeps every finished one at once:
 *
 *     CONCORD_DATA=… node experiments/personalfr/main.ts [--only headline,grid] [--cells 100k-explicit-943] [--seeds 1,2,3]
 *
 * What has a result is skipped; what was interrupted, even by kill -9, goes on from its checkpoint. `--lanes` runs go side by side, one
 * worker thread each. `--list` says what there is and what is done; `--write` writes the experiment files of the first seed to
 * `configurations/`. `node experiments/personalfr/report.ts` makes the tables.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { chosen, laneCount, optionsOf } from "../command-line.ts";
import { inLanes } from "../lanes.ts";
import { CELLS, experimentOf, placeOf } from "./cells.ts";
import { isDone } from "./results.ts";
import { run } from "./run.ts";

const values = optionsOf({
  only: { type: "string", default: "headline,ml1m,grid,ablation" },
  cells: { type: "string" },
  seeds: { type: "string" },
  lanes: { type: "string", default: "2" },
  list: { type: "boolean", default: false },
  write: { type: "boolean", default: false },
});
const cells = CELLS.filter(chosen("only", values.only, CELLS, ({ set }) => set))
  .filter(chosen("cells", values.cells, CELLS, ({ id }) => id))
  .filter(chosen("seeds", values.seeds, CELLS, ({ seed }) => `${seed}`));
const lanes = laneCount("lanes", values.lanes);

if (values.write) {
  for (const cell of CELLS.filter(({ seed }) => seed === 1)) {
    const folder = join(import.meta.dirname, "configurations", cell.set);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, `${cell.id}.yaml`), stringify(experimentOf(cell), { lineWidth: 120 }));
  }
} else if (values.list) {
  for (const cell of cells) console.log(`${isDone(cell) ? "done" : "open"}  ${placeOf(cell)}`);
} else {
  const open = cells.filter((cell) => !isDone(cell));
  console.log(`${cells.length} cells, ${cells.length - open.length} of them done`);
  await inLanes(lanes, open, run);
}
