import { type ChildProcess, execFileSync, type StdioOptions, spawn } from "node:child_process";
import { join } from "node:path";

export const REPOSITORY = join(import.meta.dirname, "..");
const CONCORD = join(REPOSITORY, "packages", "cli", "bin", "concord.js");
const running = new Set<ChildProcess>();

// The runs end with this process; what they have done is in their checkpoints.
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    for (const child of running) child.kill("SIGKILL");
    process.exit(130);
  });
}

/** Starts `concord` with the given words, as a process that does not outlive this one. */
export function startConcord(words: readonly string[], stdio: StdioOptions): ChildProcess {
  const child = spawn(process.execPath, [CONCORD, ...words], { stdio });
  running.add(child);
  child.once("exit", () => running.delete(child));
  return child;
}

/** Waits for the end of a process: its exit code or signal, and its last lines. */
export async function outcome(
  child: ChildProcess,
): Promise<{ readonly code: number | string | null; readonly lines: readonly string[] }> {
  let text = "";
  for await (const part of child.stdout?.setEncoding("utf8") ?? []) text = `${text}${part}`.slice(-50_000);
  if (child.exitCode === null && child.signalCode === null) await new Promise((resolve) => child.once("exit", resolve));
  return { code: child.exitCode ?? child.signalCode, lines: text.trimEnd().split("\n") };
}

/** The commit of the code that ran, with a mark if it was changed since. */
export function commit(): string {
  return execFileSync("git", ["describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"], {
    cwd: REPOSITORY,
    encoding: "utf8",
  }).trim();
}
