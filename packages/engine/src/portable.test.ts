import { beforeAll, describe, expect, it } from "vitest";
import type { ArrayTree, NDArray } from "./ndarray.ts";
import * as nd from "./ndarray.ts";
import { portableEngine } from "./portable.ts";
import type { Engine, StepDefinition } from "./program.ts";
import type { Tensor, TensorSpec } from "./tensor.ts";
import { float32, int32, scalar } from "./tensor.ts";
import type { Tree } from "./tree.ts";
import { flatten } from "./tree.ts";

let engine: Engine;
beforeAll(async () => {
  engine = await portableEngine();
});

const SCALAR: TensorSpec = { dtype: "float32", shape: [] };
const at = (tree: ArrayTree, name: string) => tree[name] as NDArray;

describe("an engine", () => {
  it("says what it is", () => {
    expect(engine.kind).toBe("portable");
    expect(engine.description).toBe("jax-js on WebAssembly");
  });

  it("says which device is missing", async () => {
    await expect(portableEngine("webgpu")).rejects.toThrow("this host has no webgpu; available: ");
  });
});

describe("a program", () => {
  const sum = () =>
    engine.compile({
      name: "sum",
      inputs: { b: { c: SCALAR }, a: { dtype: "float32", shape: [2] } },
      apply: (tree) => ({ total: nd.sum(at(tree, "a")).add(at(tree.b as ArrayTree, "c")), a: at(tree, "a") }),
    });

  it("runs as often as one likes, each time on its own inputs", async () => {
    const program = await sum();
    const runs = [1, 2, 3].map((n) => program.run({ a: float32([2], [n, 10]), b: { c: scalar(100) } }));
    expect((await Promise.all(runs)).map((outputs) => (outputs.total as Tensor).data[0])).toEqual([111, 112, 113]);
    expect(program.name).toBe("sum");
  });

  it("finds its inputs by path, not by order, and returns data of its own", async () => {
    const program = await sum();
    const a = float32([2], [1, 2]);
    const outputs = await program.run({ b: { c: scalar(3) }, a });
    expect(flatten(outputs)).toEqual([
      ["a", a],
      ["total", scalar(6)],
    ]);
    expect((outputs.a as Tensor).data).not.toBe(a.data);
  });

  it("says which input is wrong, and how", async () => {
    const program = await sum();
    const a = float32([2], [1, 2]);
    const c = scalar(0);
    await expect(program.run({ a })).rejects.toThrow('sum: inputs: tensor "b.c" is missing');
    await expect(program.run({ a, b: { c }, d: c })).rejects.toThrow('sum: inputs: no tensor "d" is expected');
    await expect(program.run({ a: float32([3], [1, 2, 3]), b: { c } })).rejects.toThrow(
      'sum: inputs: "a" is float32[3], expected float32[2]',
    );
    await expect(program.run({ a, b: { c: int32([], [1]) } })).rejects.toThrow(TypeError);
  });

  it("may have no inputs, no outputs, constants and empty branches", async () => {
    const constant = await engine.compile({
      name: "constant",
      inputs: { nothing: {} },
      apply: () => ({ y: nd.constant(int32([2], [4, 5])), empty: {} }),
    });
    expect(flatten(await constant.run({}))).toEqual([["y", int32([2], [4, 5])]]);
    const silent = await engine.compile({ name: "silent", inputs: { x: SCALAR }, apply: () => ({}) });
    expect(flatten(await silent.run({ x: scalar(1) }))).toEqual([]);
  });

  it("keeps prototype names and names of digits apart", async () => {
    const inputs = JSON.parse('{"__proto__":{"x":0},"constructor":0,"10":0,"9":0}') as Record<string, unknown>;
    const specs = withLeaves(inputs, () => SCALAR);
    const program = await engine.compile({ name: "names", inputs: specs, apply: (tree) => tree });
    let n = 0;
    const values = withLeaves(inputs, () => scalar(n++));
    expect(flatten(await program.run(values))).toEqual(flatten(values));
  });

  it("passes on what model code throws, run after run", async () => {
    const program = await engine.compile({
      name: "broken",
      inputs: { x: SCALAR },
      apply: () => {
        throw new RangeError("mine");
      },
    });
    await expect(program.run({ x: scalar(1) })).rejects.toThrow(new RangeError("mine"));
    await expect(program.run({ x: scalar(1) })).rejects.toThrow(new RangeError("mine"));
  });

  it("names an output of a dtype that no host tensor has", async () => {
    const program = await engine.compile({
      name: "unsigned",
      inputs: { x: SCALAR },
      apply: ({ x }) => ({ fine: x as NDArray, y: (x as NDArray).astype("uint32" as "int32") }),
    });
    await expect(program.run({ x: scalar(1) })).rejects.toThrow(
      'unsigned: output "y": a program may not return uint32',
    );
  });

  it("cannot run once it was disposed of; that may be done twice", async () => {
    const program = await sum();
    const inputs = { a: float32([2], [1, 2]), b: { c: scalar(0) } };
    await program.run(inputs);
    program.dispose();
    program.dispose();
    await expect(program.run(inputs)).rejects.toThrow("sum was disposed of and cannot run");
    const unused = await sum();
    unused.dispose();
    // Others are not touched.
    expect((await (await sum()).run(inputs)).total).toEqual(scalar(3));
  });
});

describe("a step program", () => {
  /** Adds the input to a running total, and counts. */
  const ADDER: StepDefinition = {
    name: "adder",
    carry: { total: SCALAR, count: { steps: { dtype: "int32", shape: [] } } },
    input: { x: SCALAR },
    apply(carry, input) {
      const total = at(carry, "total").add(at(input, "x"));
      const steps = at(carry.count as ArrayTree, "steps").add(1);
      return { carry: { total, count: { steps } }, output: { before: at(carry, "total"), x: at(input, "x") } };
    },
  };
  const start: Tree<Tensor> = { total: scalar(100), count: { steps: int32([], [0]) } };
  const inputs = (count: number) => Array.from({ length: count }, (_, i) => ({ x: scalar(i + 1) }));

  it("hands the carry from step to step and returns every output in order", async () => {
    const program = await engine.compileStep(ADDER);
    for (const steps of [1, 3, 4, 5, 11]) {
      const { carry, outputs } = await program.run(start, inputs(steps));
      const totals = Array.from({ length: steps + 1 }, (_, n) => 100 + (n * (n + 1)) / 2);
      expect(flatten(carry)).toEqual([
        ["count.steps", int32([], [steps])],
        ["total", scalar(totals.at(-1) ?? Number.NaN)],
      ]);
      expect(outputs.map((output) => (output.before as Tensor).data[0])).toEqual(totals.slice(0, -1));
      expect(outputs.map((output) => (output.x as Tensor).data[0])).toEqual(totals.slice(0, -1).map((_, i) => i + 1));
    }
  });

  it("returns the carry as it came where there are no steps", async () => {
    const program = await engine.compileStep(ADDER);
    const { carry, outputs } = await program.run(start, []);
    expect(flatten(carry)).toEqual(flatten(start));
    expect(outputs).toEqual([]);
  });

  it("goes on where it stopped to the same bits", async () => {
    const program = await engine.compileStep({
      name: "chaos",
      carry: { x: { dtype: "float32", shape: [8] } },
      input: {},
      apply: ({ x }) => ({
        carry: { x: (x as NDArray).mul(nd.constant(scalar(1)).sub(x as NDArray)).mul(3.9) },
        output: {},
      }),
    });
    const x = float32(
      [8],
      Array.from({ length: 8 }, (_, i) => 0.1 + i / 20),
    );
    const nothing = (n: number) => Array.from({ length: n }, () => ({}));
    const whole = await program.run({ x }, nothing(20));
    const half = await program.run({ x }, nothing(7));
    expect(await program.run(half.carry, nothing(13))).toMatchObject({ carry: whole.carry });
    expect(whole.outputs).toHaveLength(20);
  });

  it("may carry nothing at all, or have an empty branch in its carry", async () => {
    const square: StepDefinition = {
      name: "square",
      carry: {},
      input: { x: SCALAR },
      apply: (_, { x }) => ({ carry: {}, output: { y: nd.square(x as NDArray) } }),
    };
    const none = await (await engine.compileStep(square)).run({}, inputs(5));
    expect(none.outputs.map(({ y }) => (y as Tensor).data[0])).toEqual([1, 4, 9, 16, 25]);
    expect(flatten(none.carry)).toEqual([]);

    const branch = await engine.compileStep({
      name: "branch",
      carry: { p: SCALAR, optimizer: {} },
      input: { x: SCALAR },
      apply: ({ p }, { x }) => ({ carry: { p: (p as NDArray).add(x as NDArray), optimizer: {} }, output: {} }),
    });
    const once = await branch.run({ p: scalar(0), optimizer: {} }, inputs(2));
    const again = await branch.run(once.carry, inputs(1));
    expect(flatten(again.carry)).toEqual([["p", scalar(4)]]);
  });

  it("takes inputs one at a time, as it needs them", async () => {
    const program = await engine.compileStep(ADDER);
    let made = 0;
    let returned = false;
    function* lazily() {
      try {
        for (const input of inputs(100)) {
          made++;
          yield made === 10 ? { x: int32([], [1]) } : input;
        }
      } finally {
        returned = true;
      }
    }
    await expect(program.run(start, lazily())).rejects.toThrow('adder: input: "x" is int32[], expected float32[]');
    expect(made).toBe(10);
    expect(returned).toBe(true);
  });

  it("says which part of the carry is wrong", async () => {
    const program = await engine.compileStep(ADDER);
    await expect(program.run({ total: scalar(1) }, inputs(1))).rejects.toThrow(
      'adder: carry: tensor "count.steps" is missing',
    );
    await expect(program.run({ ...start, extra: scalar(1) }, inputs(1))).rejects.toThrow(
      'adder: carry: no tensor "extra" is expected',
    );
  });

  it("refuses a step that returns another carry than it was given", async () => {
    const returning = async (carry: (x: NDArray) => ArrayTree) => {
      const program = await engine.compileStep({
        name: "odd",
        carry: { x: { dtype: "float32", shape: [2] } },
        input: {},
        apply: ({ x }) => ({ carry: carry(x as NDArray), output: {} }),
      });
      return program.run({ x: float32([2], [1, 2]) }, [{}, {}]);
    };
    await expect(returning((x) => ({ y: x }))).rejects.toThrow(
      "odd: a step must return the carry it was given (x), not (y)",
    );
    await expect(returning((x) => ({ x, y: x }))).rejects.toThrow("not (x, y)");
    await expect(returning(() => ({}))).rejects.toThrow(TypeError);
    await expect(returning((x) => ({ x: nd.sum(x) }))).rejects.toThrow(
      'odd: carry "x" comes back as float32[], expected float32[2]',
    );
    await expect(returning((x) => ({ x: x.astype("int32") }))).rejects.toThrow("int32[2], expected float32[2]");
  });

  it("stops between two steps when it is aborted, with the signal's reason", async () => {
    const program = await engine.compileStep(ADDER);
    const reason = new Error("enough");
    for (const last of [0, 1, 6]) {
      const controller = new AbortController();
      let made = 0;
      function* interrupted() {
        for (const input of inputs(50)) {
          if (made++ === last) controller.abort(reason);
          yield input;
        }
      }
      await expect(program.run(start, interrupted(), controller.signal)).rejects.toBe(reason);
      expect(made).toBe(last + 1);
    }
    // The program is none the worse for it.
    expect((await program.run(start, inputs(2))).carry.total).toEqual(scalar(103));
    await expect(program.run(start, inputs(1), AbortSignal.abort(reason))).rejects.toBe(reason);
  });

  it("lets timers have their turn, so that heartbeats go out during a long run", async () => {
    const program = await engine.compileStep(ADDER);
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    await program.run(start, inputs(400));
    clearInterval(timer);
    expect(ticks).toBeGreaterThan(2);
  });

  it("passes on what the inputs throw, and what model code throws", async () => {
    const program = await engine.compileStep(ADDER);
    const run = program.run(
      start,
      (function* () {
        yield* inputs(6);
        throw new RangeError("no more data");
      })(),
    );
    await expect(run).rejects.toThrow("no more data");
    const broken = await engine.compileStep({
      ...ADDER,
      apply: () => {
        throw new RangeError("mine");
      },
    });
    await expect(broken.run(start, inputs(3))).rejects.toThrow(new RangeError("mine"));
  });

  it("cannot run once it was disposed of", async () => {
    const program = await engine.compileStep(ADDER);
    await program.run(start, inputs(1));
    program.dispose();
    await expect(program.run(start, inputs(1))).rejects.toThrow("adder was disposed of and cannot run");
  });

  it("frees what it no longer needs", async () => {
    // 256 KiB for each carry, input and output: any of them kept over 1,200 steps would take 300 MiB.
    const size = 64 * 1024;
    const wide: TensorSpec = { dtype: "float32", shape: [size] };
    const program = await engine.compileStep({
      name: "wide",
      carry: { p: wide },
      input: { x: wide },
      apply: ({ p }, { x }) => ({
        carry: { p: (p as NDArray).mul(0.5).add(x as NDArray) },
        output: { all: (p as NDArray).mul(x as NDArray) },
      }),
    });
    const x = float32([size], new Float32Array(size).fill(1));
    const wrong = { x: float32([0], []) };
    const growth = await grownBy(async (rounds) => {
      for (let round = 0; round < rounds; round++) {
        await program.run({ p: x }, Array(6).fill({ x }) as Tree<Tensor>[]);
        await expect(program.run({ p: x }, [{ x }, wrong])).rejects.toThrow(TypeError);
      }
    }, 200);
    expect(growth).toBeLessThan(150);
  });

  it("frees what it was given where model code throws", async () => {
    const size = 512 * 1024;
    const program = await engine.compile({
      name: "broken",
      inputs: { x: { dtype: "float32", shape: [size] } },
      apply: () => {
        throw new RangeError("mine");
      },
    });
    const x = float32([size], new Float32Array(size).fill(1));
    const growth = await grownBy(async (runs) => {
      for (let run = 0; run < runs; run++) await expect(program.run({ x })).rejects.toThrow("mine");
    }, 150);
    expect(growth).toBeLessThan(150);
  });
});

/** By how many MiB the process grows while something is done so often, after a tenth of it to warm up. */
async function grownBy(work: (times: number) => Promise<void>, times: number): Promise<number> {
  await work(times / 10);
  const before = process.memoryUsage().rss;
  await work(times);
  return (process.memoryUsage().rss - before) / 2 ** 20;
}

/** A copy of nested records, own `__proto__` included, with new leaves. */
function withLeaves<T>(record: Record<string, unknown>, leaf: () => T): Tree<T> {
  return Object.fromEntries(
    Object.entries(record).map(([name, value]): [string, T | Tree<T>] => [
      name,
      typeof value === "object" && value !== null ? withLeaves(value as Record<string, unknown>, leaf) : leaf(),
    ]),
  );
}
