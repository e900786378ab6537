/**
 * Runs the comparison of the command line, `quick.yaml`, and keeps what it tells with the machine and the time it took:
 *
 *     CONCORD_DATA=… node experiments/dynamicfl/quick.ts
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { commit, outcome, startConcord } from "../concord-process.ts";
import { RESULTS } from "./results.ts";

const folder = mkdtempSync(join(tmpdir(), "concord-quick-"));
const load = loadavg();
const began = performance.now();
const child = startConcord(
  ["run", join(import.meta.dirname, "quick.yaml"), "--json", "--workers", "2", "--out", folder],
  ["ignore", "pipe", "inherit"],
);
const { code, lines } = await outcome(child);
const seconds = Number(((performance.now() - began) / 1000).toFixed(1));
if (code !== 0) throw new Error(`concord run ended with ${code}`);
const { config } = JSON.parse(readFileSync(join(folder, "config.json"), "utf8"));
const { machine } = JSON.parse(readFileSync(join(folder, "metrics.json"), "utf8"));
const { folder: _folder, ...result } = JSON.parse(lines.at(-1) ?? "{}");
rmSync(folder, { recursive: true });
const kept = {
  command: "concord run experiments/dynamicfl/quick.yaml --json --workers 2",
  commit: commit(),
  machine: { ...machine, loadBefore: load },
  wholeSeconds: seconds,
  config,
  result,
};
writeFileSync(join(RESULTS, "quick-command.json"), `${JSON.stringify(kept, null, 2)}\n`);
console.log(`${seconds} s`, JSON.stringify(result));
