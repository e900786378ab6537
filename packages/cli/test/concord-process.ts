import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { mkdtemp, readdir, readFile, readlink, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";

/** The `concord` command as a user runs it: the real binary in a process of its own, in an empty folder. */

const BINARY = fileURLToPath(new URL("../bin/concord.js", import.meta.url));
/** Many processes run the same files: what Node has compiled once is read from here. */
const COMPILE_CACHE = fileURLToPath(new URL("../../../.cache/compile", import.meta.url));

/** A line of `--json`. */
export type Line = Readonly<Record<string, unknown>> & { readonly type: string };

export interface Ended {
  /** Null if a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly pid: number;
  /** Resolves with the first line of `--json`, past or future, that satisfies the condition; rejects if it ends without. */
  line(is: (line: Line) => boolean): Promise<Line>;
  kill(signal: NodeJS.Signals): void;
  /** Closes the pipe that its output goes to. */
  stopReading(): void;
  readonly ended: Promise<Ended>;
}

/** An empty folder to run commands in. */
export interface Place {
  readonly folder: string;
  start(words: readonly string[], env?: Readonly<Record<string, string>>): Running;
  run(words: readonly string[], env?: Readonly<Record<string, string>>): Promise<Ended>;
  /** Process ids of Concord that work in this folder. */
  processes(): Promise<number[]>;
  /** Resolves when there is none left: children notice within a moment that their parent is gone. */
  gone(): Promise<void>;
  close(): Promise<void>;
}

export async function newPlace(): Promise<Place> {
  const folder = await mkdtemp(join(tmpdir(), "concord-cli-"));
  const cache = join(folder, ".cache");
  mkdirSync(cache);
  const alive = new Set<ChildProcess>();

  function start(words: readonly string[], env: Readonly<Record<string, string>> = {}): Running {
    const { CONCORD_DATA: _data, ...rest } = process.env;
    const child = spawn(process.execPath, [BINARY, ...words], {
      cwd: folder,
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...rest, CONCORD_CACHE: cache, NODE_COMPILE_CACHE: COMPILE_CACHE, ...env },
    });
    alive.add(child);
    return watch(child, () => alive.delete(child));
  }

  return {
    folder,
    start,
    run: (words, env) => start(words, env).ended,
    processes: () => processesIn(folder),
    gone: () => expect.poll(() => processesIn(folder)).toEqual([]),
    async close() {
      for (const child of alive) child.kill("SIGKILL");
      for (const pid of await processesIn(folder)) process.kill(pid, "SIGKILL");
      await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    },
  };
}

/** The lines of `--json`; throws for one that is none. */
export function linesOf({ stdout }: Ended): Line[] {
  return stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Line);
}

/** The last line of `--json`, with what the process said on standard error where there is none. */
export function lastLine(ended: Ended): Line {
  const last = linesOf(ended).at(-1);
  if (last === undefined) throw new Error(`ended with ${ended.code} and said nothing but: ${ended.stderr}`);
  return last;
}

function watch(child: ChildProcess, onEnd: () => void): Running {
  const lines: Line[] = [];
  let stdout = "";
  let stderr = "";
  let over = false;
  let ring = Promise.withResolvers<void>();
  const wake = () => {
    ring.resolve();
    ring = Promise.withResolvers();
  };
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  if (child.stdout !== null) {
    createInterface({ input: child.stdout }).on("line", (text) => {
      stdout += `${text}\n`;
      if (text.startsWith("{")) lines.push(JSON.parse(text) as Line);
      wake();
    });
  }
  const ended = once(child, "close").then(([code, signal]) => {
    over = true;
    onEnd();
    wake();
    return { code, signal, stdout, stderr } as Ended;
  });
  return {
    pid: child.pid ?? Number.NaN,
    ended,
    kill: (signal) => child.kill(signal),
    stopReading: () => child.stdout?.destroy(),
    async line(is) {
      for (;;) {
        const found = lines.find(is);
        if (found !== undefined) return found;
        if (over) throw new Error(`it ended without that line: ${stdout}${stderr}`);
        await ring.promise;
      }
    },
  };
}

/** Every process whose working directory is the folder, from the process table. */
async function processesIn(folder: string): Promise<number[]> {
  const found: number[] = [];
  for (const name of await readdir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      if ((await readlink(`/proc/${name}/cwd`)) !== folder) continue;
      // A process that has ended but was not waited for has no command line.
      if ((await readFile(`/proc/${name}/cmdline`)).length > 0) found.push(Number(name));
    } catch {
      // It ended in the meantime, or is another user's.
    }
  }
  return found;
}
