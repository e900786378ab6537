import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { type Cell, experimentOf, placeOf } from "./cells.ts";
import { keep } from "./results.ts";

const REPOSITORY = join(import.meta.dirname, "..", "..");
const WORK = join(REPOSITORY, ".concord", "experiments", "personalfr");
const running = new Set<ChildProcess>();

// The runs end with this process; what they have done is in their checkpoints.
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    for (const child of running) child.kill("SIGKILL");
    process.exit(130);
  });
}

/** Runs a cell to its end and keeps its result; one that fails is told and left for the next time. */
export async function run(cell: Cell): Promise<void> {
  const folder = join(WORK, placeOf(cell));
  const file = join(folder, "experiment.yaml");
  mkdirSync(folder, { recursive: true });
  writeFileSync(file, stringify(experimentOf(cell)));
  console.log(`${new Date().toISOString()} ${placeOf(cell)} …`);
  const concord = join(REPOSITORY, "packages", "cli", "bin", "concord.js");
  const child = spawn(process.execPath, [concord, "run", file, "--out", folder, "--workers", "1", "--json"], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  running.add(child);
  await new Promise((resolve) => child.once("exit", resolve));
  running.delete(child);
  const done = child.exitCode === 0;
  if (done) keep(cell, folder, commit());
  console.log(
    `${new Date().toISOString()} ${placeOf(cell)} ${done ? "done" : `FAILED with ${child.exitCode ?? child.signalCode}`}`,
  );
}

/** The commit of the code that ran, with a mark if it was changed since. */
function commit(): string {
  return execFileSync("git", ["describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"], {
    cwd: REPOSITORY,
    encoding: "utf8",
  }).trim();
}
