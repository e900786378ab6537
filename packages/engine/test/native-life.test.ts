import { Worker } from "node:worker_threads";
import * as jax from "@jax-js/jax";
import { afterEach, describe, expect, it, vi } from "vitest";
import { engineFor, nativeEngine } from "../src/index.node.ts";
import type { Definition, StepDefinition, Tensor } from "../src/index.ts";
import { float32, matmul, NDArray, tanh } from "../src/index.ts";
import { chunkLength } from "../src/native/chunk.ts";
import { sessionCache } from "../src/native/session-cache.ts";
import { threadsFor } from "../src/native/threads.node.ts";

// What a native engine does over its life: fall back, stop, share sessions, give memory back.

const N = 64;
const W = float32(
  [N, N],
  Float32Array.from({ length: N * N }, (_, i) => Math.sin(i)),
);

/** Enough work that a few hundred steps are several chunks. */
const STEP: StepDefinition = {
  name: "product after product",
  carry: { w: { dtype: "float32", shape: [N, N] } },
  input: { x: { dtype: "float32", shape: [N, N] } },
  apply: (carry, input) => {
    const w = carry.w as NDArray;
    return { carry: { w: tanh(matmul(w, input.x as NDArray)) }, output: { first: w } };
  },
};

const SORT: Definition = {
  name: "a sort",
  inputs: { x: { dtype: "float32", shape: [4] } },
  apply: ({ x }) => ({ y: new NDArray(jax.numpy.sort((x as NDArray).ref)) }),
};

afterEach(() => vi.unstubAllEnvs());

describe("a program that cannot be lowered", () => {
  it("runs on the portable back end, and the engine says so once, by name", async () => {
    const warnings: string[] = [];
    const engine = await nativeEngine({ warn: (message) => warnings.push(message) });
    for (let i = 0; i < 2; i++) {
      const program = await engine.compile(SORT);
      const { y } = await program.run({ x: float32([4], [3, 1, 2, 0]) });
      expect([...(y as Tensor).data]).toEqual([0, 1, 2, 3]);
    }
    expect(warnings).toEqual(["a sort: sort cannot be lowered, so this program runs on the portable back end"]);
  });

  it("fails where native is forced", async () => {
    vi.stubEnv("CONCORD_ENGINE", "native");
    await expect((await engineFor()).compile(SORT)).rejects.toThrow("no ONNX lowering for sort");
  });
});

describe("the choice of an engine", () => {
  it("is native, unless CONCORD_ENGINE says otherwise", async () => {
    expect((await engineFor()).kind).toBe("native");
    vi.stubEnv("CONCORD_ENGINE", "portable");
    expect((await engineFor()).kind).toBe("portable");
    vi.stubEnv("CONCORD_ENGINE", "fast");
    await expect(engineFor()).rejects.toThrow('CONCORD_ENGINE is "fast", expected native or portable');
  });
});

describe("a platform without a native runtime", () => {
  const load = () =>
    Promise.reject(new Error("Cannot find module 'onnxruntime_binding.node'\nRequire stack:\n- index.js"));

  it("computes on the portable engine, and says so in one clear line", async () => {
    const warnings: string[] = [];
    const engine = await engineFor({ load, warn: (message) => warnings.push(message) });
    expect(warnings).toEqual([
      `no native runtime for ${process.platform} ${process.arch} (Cannot find module 'onnxruntime_binding.node'): ` +
        "the portable engine computes",
    ]);
    const { y } = await (await engine.compile(SORT)).run({ x: float32([4], [3, 1, 2, 0]) });
    expect({ kind: engine.kind, y: [...(y as Tensor).data] }).toEqual({ kind: "portable", y: [0, 1, 2, 3] });
  });

  it("fails where native is forced, and says nothing where portable is", async () => {
    vi.stubEnv("CONCORD_ENGINE", "native");
    await expect(engineFor({ load })).rejects.toThrow("Cannot find module");
    vi.stubEnv("CONCORD_ENGINE", "portable");
    const warnings: string[] = [];
    expect((await engineFor({ load, warn: (message) => warnings.push(message) })).kind).toBe("portable");
    expect(warnings).toEqual([]);
  });
});

describe("a step program", () => {
  it("reports its compile time, stops between chunks, and lets timers have their turn", async () => {
    const engine = await nativeEngine();
    const program = await engine.compileStep({ ...STEP, name: "long" });
    expect(program.compileMilliseconds).toBeGreaterThan(0);
    let beats = 0;
    const heart = setInterval(() => beats++, 1);
    const abort = new AbortController();
    const steps = function* () {
      for (let i = 0; ; i++) {
        if (i === 1000) abort.abort(new Error("enough"));
        yield { x: W };
      }
    };
    await expect(program.run({ w: W }, steps(), abort.signal)).rejects.toThrow("enough");
    clearInterval(heart);
    expect(beats).toBeGreaterThan(2);
    program.dispose();
  });

  it("gives the same bits whatever was asked in one run", async () => {
    const program = await (await nativeEngine()).compileStep(STEP);
    const inputs = Array.from({ length: 70 }, () => ({ x: W }));
    const whole = await program.run({ w: W }, inputs);
    const half = await program.run({ w: W }, inputs.slice(0, 35));
    const rest = await program.run(half.carry, inputs.slice(35));
    expect(rest.carry).toEqual(whole.carry);
    program.dispose();
  });

  it("puts as many steps into a chunk as work and memory allow", () => {
    const input = (size: number) => [["x", { dtype: "float32", shape: [size] }] as const];
    expect(chunkLength(1e3, input(10))).toBe(64);
    expect(chunkLength(3e8, input(10))).toBe(5);
    // Large steps go four together, unless that took more than about a second.
    expect(chunkLength(6e9, input(10))).toBe(4);
    expect(chunkLength(1.2e10, input(10))).toBe(2);
    expect(chunkLength(1e12, input(10))).toBe(1);
    expect(chunkLength(1e3, input(1024 * 1024))).toBe(4);
  });
});

describe("the number of threads", () => {
  it("is one, unless a training is alone on its machine and its steps are large", () => {
    expect(threadsFor(1e10, false, 8)).toBe(1);
    expect(threadsFor(1e8, true, 8)).toBe(1);
    expect(threadsFor(1e10, true, 1)).toBe(1);
    expect(threadsFor(1e10, true, 2)).toBe(2);
    expect(threadsFor(1e10, true, 64)).toBe(4);
  });

  it("gives the same bits every time, and those of another number to rounding", async () => {
    const run = async (intraOpThreads: number) => {
      const program = await (await nativeEngine({ intraOpThreads, idleSessions: 0 })).compileStep(STEP);
      const { carry } = await program.run(
        { w: W },
        Array.from({ length: 20 }, () => ({ x: W })),
      );
      program.dispose();
      return carry.w as Tensor;
    };
    const [one, two, again] = [await run(1), await run(2), await run(2)];
    expect(again).toEqual(two);
    for (const [i, value] of one.data.entries()) expect(two.data[i]).toBeCloseTo(value, 5);
  });
});

describe("sessions", () => {
  it("are shared by equal programs, kept up to a bound, and released", async () => {
    const log: string[] = [];
    const cache = sessionCache(async (bytes) => {
      log.push(`open ${bytes[0]}`);
      return { run: async () => new Map(), release: async () => void log.push(`release ${bytes[0]}`) };
    }, 1);
    const [a, again, b] = [
      await cache.acquire(key(1), 1),
      await cache.acquire(key(1), 1),
      await cache.acquire(key(2), 1),
    ];
    expect(log).toEqual(["open 1", "open 2"]);
    a.release();
    a.release();
    b.release();
    await settled();
    expect(log).toEqual(["open 1", "open 2"]);
    again.release();
    await expect.poll(() => log).toEqual(["open 1", "open 2", "release 2"]);
    expect(cache.size).toBe(1);
    (await cache.acquire(key(1), 1)).release();
    await cache.clear();
    await expect.poll(() => log).toEqual(["open 1", "open 2", "release 2", "release 1"]);
  });
});

it("runs two programs on two worker threads at once", async () => {
  const source = `
    import { parentPort } from "node:worker_threads";
    const { nativeEngine } = await import(${JSON.stringify(new URL("../src/index.node.ts", import.meta.url).href)});
    const { float32, matmul } = await import(${JSON.stringify(new URL("../src/index.ts", import.meta.url).href)});
    const engine = await nativeEngine();
    const spec = { dtype: "float32", shape: [8, 8] };
    const program = await engine.compile({ name: "square", inputs: { x: spec }, apply: ({ x }) => ({ y: matmul(x, x) }) });
    let sum = 0;
    for (let i = 0; i < 200; i++) {
      const { y } = await program.run({ x: float32([8, 8], new Float32Array(64).fill(i % 3)) });
      sum += y.data[0];
    }
    parentPort.postMessage(sum);`;
  const url = new URL(`data:text/javascript,${encodeURIComponent(source)}`);
  const sums = await Promise.all(
    [1, 2].map(
      () =>
        new Promise((resolve, reject) => {
          const worker = new Worker(url);
          worker.once("message", (sum) => worker.terminate().then(() => resolve(sum), reject));
          worker.once("error", reject);
        }),
    ),
  );
  // 8 (i mod 3)² over 200 runs
  expect(sums).toEqual([8 * (67 + 4 * 66), 8 * (67 + 4 * 66)]);
});

function key(byte: number): Uint8Array {
  return Uint8Array.of(byte);
}

function settled(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 5));
}
