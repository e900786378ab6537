import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { commit, outcome, REPOSITORY, startConcord } from "../concord-process.ts";
import { type Cell, experimentOf, placeOf } from "./cells.ts";
import { keep } from "./results.ts";

/** One algorithm of a cell. */
export interface Job {
  readonly cell: Cell;
  /** "main" is the cell's own one. */
  readonly name: string;
}

const WORK = join(REPOSITORY, ".concord", "experiments", "dynamicfl");

/** Runs a job to its end and keeps its result; one that fails is told and left for the next time. */
export async function run(job: Job): Promise<void> {
  const folder = join(WORK, placeOf(job.cell));
  const file = join(folder, "experiment.yaml");
  mkdirSync(folder, { recursive: true });
  writeFileSync(file, stringify(experimentOf(job.cell)));
  const what = `${placeOf(job.cell)} ${job.name}`;
  console.log(`${new Date().toISOString()} ${what} …`);
  const words = ["run", file, "--only", job.name, "--out", folder, "--workers", "1", "--json"];
  const child = startConcord(words, ["ignore", "pipe", "inherit"]);
  writeFileSync(pidFile(job), String(child.pid));
  const { code, lines } = await outcome(child);
  if (code !== 0) return console.log(`${new Date().toISOString()} ${what} FAILED with ${code}`);
  const result = JSON.parse(lines.at(-1) ?? "{}");
  keep(job, job.name === "main" ? folder : join(folder, job.name), { commit: commit(), cpuSeconds: result.cpuSeconds });
  console.log(
    `${new Date().toISOString()} ${what} ${result.diverged ?? `accuracy ${result.accuracy}`} at ${result.costRatio}, ${result.cpuSeconds} CPU s`,
  );
}

/** Ends a run that outlived a process like this one: two must not write one checkpoint. */
export function stopOrphan(job: Job): void {
  if (!existsSync(pidFile(job))) return;
  const pid = Number(readFileSync(pidFile(job), "utf8"));
  try {
    const command = execFileSync("ps", ["-o", "args=", "-p", String(pid)], { encoding: "utf8" });
    if (command.includes(join(WORK, placeOf(job.cell))) && command.includes(`--only ${job.name} `))
      process.kill(pid, "SIGKILL");
  } catch {
    // It has ended.
  }
}

function pidFile({ cell, name }: Job): string {
  return join(WORK, placeOf(cell), `${name}.pid`);
}
