import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

/** Milliseconds a step. */
export interface Times {
  readonly ms: number;
  /** Of the processor's time, which other work on the machine disturbs less. */
  readonly processor: number;
}

/** PyTorch in a process of its own, which times a workload when asked. */
export interface Peer {
  readonly version: string;
  /** The library of its matrix products: Debian's reference BLAS is thirty times slower than OpenBLAS. */
  readonly blas: string;
  time(workload: string, steps: number): Promise<Times>;
  stop(): void;
}

/** Starts it; undefined where there is no Python that can import torch. */
export async function startPyTorch(threads: number): Promise<Peer | undefined> {
  const script = new URL("./pytorch.py", import.meta.url).pathname;
  const child = spawn("/usr/bin/python3", [script], {
    stdio: ["pipe", "pipe", "ignore"],
    env: { ...process.env, BENCHMARK_THREADS: String(threads) },
  });
  child.on("error", () => undefined);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const receive = async (): Promise<unknown> => {
    const { value, done } = await lines.next();
    if (done) throw new Error("PyTorch ended");
    return JSON.parse(value);
  };
  const hello = await receive().catch(() => undefined);
  if (hello === undefined) return undefined;
  const { version, blas } = hello as { version: string; blas: string };
  return {
    version,
    blas,
    async time(workload, steps) {
      child.stdin.write(`${JSON.stringify({ workload, steps })}\n`);
      return (await receive()) as Times;
    },
    stop: () => child.stdin.end(),
  };
}
