import { constants } from "node:fs";
import { access, mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { availableParallelism, cpus, tmpdir, totalmem } from "node:os";
import { join, resolve } from "node:path";
import type { Engine, NDArray } from "@concord/engine";
import { float32, matmul } from "@concord/engine";
import { engineFor } from "@concord/engine/node";
import { Command } from "commander";
import { isHere } from "../datasets.ts";
import { output, showBytes } from "../output.ts";

type Check = { readonly name: string; readonly ok: boolean; readonly detail: string };

export function doctorCommand(): Command {
  return new Command("doctor")
    .description("Say what works on this machine.")
    .addHelpText("after", "\nExample:\n  $ concord doctor")
    .action(async ({ json = false }: { json?: boolean }) => doctor(json));
}

async function doctor(json: boolean): Promise<void> {
  const out = output(json);
  let failed = 0;
  for (const check of CHECKS) {
    const { name, ok, detail } = await check().catch((error: unknown) => ({
      name: check.name,
      ok: false,
      detail: error instanceof Error ? error.message : String(error),
    }));
    if (!ok) failed++;
    out.record({ type: "check", name, ok, detail });
    out.say(`${ok ? "ok     " : "failed "} ${name.padEnd(18)} ${detail}`);
  }
  out.say(failed === 0 ? "Everything works." : `${failed} of ${CHECKS.length} checks failed.`);
  out.record({ type: "result", checks: CHECKS.length, failed });
  if (failed > 0) process.exitCode = 1;
}

const CHECKS: readonly (() => Promise<Check>)[] = [node, machine, engine, speed, store, port, dataSets];

async function node(): Promise<Check> {
  return {
    name: "node",
    ok: Number(process.versions.node.split(".")[0]) >= 24,
    detail: `${process.version} (24 or later is needed)`,
  };
}

async function machine(): Promise<Check> {
  const model = cpus()[0]?.model ?? "unknown processor";
  return {
    name: "machine",
    ok: true,
    detail: `${model}, ${availableParallelism()} cores, ${showBytes(totalmem())} of memory`,
  };
}

async function engine(): Promise<Check> {
  const chosen = await engineFor();
  const [element] = await multiply(chosen, 2);
  return { name: "engine", ok: element === 2, detail: `${chosen.kind}: ${chosen.description}` };
}

/** Times a product of two 512 × 512 matrices, the best of five. */
async function speed(): Promise<Check> {
  const n = 512;
  const ones = float32([n, n], new Float32Array(n * n).fill(1));
  const chosen = await engineFor();
  const program = await chosen.compile({
    name: "matmul",
    inputs: { a: ones, b: ones },
    apply: ({ a, b }) => ({ c: matmul(a as NDArray, b as NDArray) }),
  });
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 5; i++) {
    const started = performance.now();
    await program.run({ a: ones, b: ones });
    best = Math.min(best, performance.now() - started);
  }
  program.dispose();
  return {
    name: "speed",
    ok: true,
    detail: `${((2 * n ** 3) / best / 1e6).toFixed(1)} GFLOP/s on one thread (512 × 512 product, ${chosen.kind} engine)`,
  };
}

async function multiply(on: Engine, n: number): Promise<Float32Array> {
  const ones = float32([n, n], new Float32Array(n * n).fill(1));
  const program = await on.compile({
    name: "check",
    inputs: { a: ones, b: ones },
    apply: ({ a, b }) => ({ c: matmul(a as NDArray, b as NDArray) }),
  });
  const { c } = await program.run({ a: ones, b: ones });
  program.dispose();
  return (c as typeof ones).data;
}

async function store(): Promise<Check> {
  const folder = await mkdtemp(join(tmpdir(), "concord-doctor-"));
  try {
    const { DatabaseSync } = await import("node:sqlite");
    const database = new DatabaseSync(join(folder, "check.sqlite"));
    const version = database.prepare("select sqlite_version() as version").get() as { version: string };
    database.close();
    await access(resolve("."), constants.W_OK);
    return { name: "store", ok: true, detail: `SQLite ${version.version}; ${resolve(".concord")} can be written` };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function port(): Promise<Check> {
  const free = await new Promise<boolean>((answer) => {
    const server = createServer();
    server.once("error", () => answer(false));
    server.listen(7700, "127.0.0.1", () => server.close(() => answer(true)));
  });
  return { name: "port", ok: true, detail: free ? "7700 is free" : "7700 is in use; give --port to start and serve" };
}

async function dataSets(): Promise<Check> {
  const fashion = await isHere("fashion-mnist");
  return {
    name: "data",
    ok: true,
    detail: fashion
      ? "Fashion-MNIST is here; start will train on it"
      : "no Fashion-MNIST; start will train on generated handwriting (concord data pull fashion-mnist)",
  };
}
