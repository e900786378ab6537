import type { ChildProcess } from "node:child_process";
import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Instructions, Report } from "./built-in-party.ts";

/** A process for each built-in party, brought back if it dies. */
export interface BuiltInParties {
  /** Process ids by party, of those that run now. */
  pids(): ReadonlyMap<string, number>;
  /** Resolves when every party has ended by itself, with what each one said last. */
  readonly done: Promise<readonly Report[]>;
  stop(): void;
}

/** A party that dies comes back after so long, longer each time it dies again at once. */
const RESTART_MS = 500;
const LONGEST_RESTART_MS = 10_000;
const SETTLED_MS = 10_000;

/** Starts a process for each party. `onTrouble` hears of one that died or failed. */
export function startBuiltInParties(
  parties: readonly Instructions[],
  onTrouble: (party: string, reason: string) => void,
): BuiltInParties {
  const children = new Map<string, ChildProcess>();
  const timers = new Set<NodeJS.Timeout>();
  let stopped = false;
  const done = Promise.all(parties.map((party) => keepRunning(party)));
  return {
    pids: () => new Map([...children].flatMap(([name, { pid }]) => (pid === undefined ? [] : [[name, pid] as const]))),
    done,
    stop() {
      stopped = true;
      for (const timer of timers) clearTimeout(timer);
      for (const child of children.values()) child.kill("SIGKILL");
    },
  };

  function keepRunning(party: Instructions): Promise<Report> {
    return new Promise((resolve) => {
      let deaths = 0;
      const launch = () => {
        const started = performance.now();
        const child = fork(fileURLToPath(new URL("./built-in-party.ts", import.meta.url)), {
          serialization: "advanced",
          stdio: ["ignore", "inherit", "inherit", "ipc"],
        });
        let last: Report | undefined;
        children.set(party.name, child);
        child.on("message", (report: Report) => {
          last = report;
          if (report.kind === "failed") onTrouble(party.name, report.reason);
        });
        child.on("error", () => {});
        child.on("exit", (code, signal) => {
          children.delete(party.name);
          if (stopped) return resolve({ kind: "ended", reason: "stopped" });
          if (last !== undefined) return resolve(last);
          onTrouble(party.name, `its process ended (${signal ?? `code ${code}`}); it is started again`);
          if (performance.now() - started > SETTLED_MS) deaths = 0;
          const wait = Math.min(RESTART_MS * 2 ** deaths++, LONGEST_RESTART_MS);
          const timer = setTimeout(() => {
            timers.delete(timer);
            launch();
          }, wait);
          timers.add(timer);
        });
        child.send(party, () => {});
      };
      launch();
    });
  }
}
