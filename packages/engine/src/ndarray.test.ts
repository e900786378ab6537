import { beforeAll, describe, expect, it } from "vitest";
import type { ArrayTree, NDArray } from "./ndarray.ts";
import * as nd from "./ndarray.ts";
import { portableEngine } from "./portable.ts";
import type { Engine } from "./program.ts";
import { key, rng } from "./random.ts";
import type { Tensor } from "./tensor.ts";
import { float32, int32, sizeOf, specOf, tensor } from "./tensor.ts";
import type { Tree } from "./tree.ts";
import { flatten, mapTree, unflatten } from "./tree.ts";

const { POSITIVE_INFINITY: INF, NaN: NAN } = Number;

let engine: Engine;
beforeAll(async () => {
  engine = await portableEngine();
});

/** Runs model code once. */
async function run(inputs: Tree<Tensor>, apply: (inputs: Arrays) => ArrayTree): Promise<Record<string, Tensor>> {
  const program = await engine.compile({
    name: "test",
    inputs: mapTree(inputs, specOf),
    apply: (tree) => apply(tree as Arrays),
  });
  try {
    return Object.fromEntries(flatten(await program.run(inputs)));
  } finally {
    program.dispose();
  }
}

/** Inputs by name; a test knows which ones it gave. */
type Arrays = Readonly<Record<"a" | "b" | "x" | "y" | "i" | "k", NDArray>>;

const vector = (...values: number[]) => float32([values.length], values);
const values = (t: Tensor | undefined) => [...(t?.data ?? [])];

/** A tensor of normal numbers. */
function random(seed: string, shape: readonly number[]): Tensor {
  const r = rng(key(seed));
  return float32(
    shape,
    Array.from({ length: sizeOf(shape) }, () => r.normal()),
  );
}

function expectClose(found: Tensor | undefined, expected: readonly number[], tolerance = 1e-5): void {
  expect(found?.data.length).toBe(expected.length);
  for (const [i, value] of expected.entries()) {
    const error = Math.abs((found?.data[i] ?? NAN) - value);
    expect(error, `element ${i}: ${found?.data[i]}, expected ${value}`).toBeLessThan(
      tolerance * Math.max(1, Math.abs(value)),
    );
  }
}

describe("arithmetic", () => {
  it("is that of JavaScript, rounded to float32", async () => {
    const [a, b] = [random("a", [50]), random("b", [50])];
    const found = await run({ a, b }, ({ a, b }) => ({
      add: a.add(b),
      sub: a.sub(b),
      mul: a.mul(b),
      div: a.div(b),
      neg: a.neg(),
      three: a.add(3),
      half: a.div(2),
      square: nd.square(a),
      abs: nd.abs(a),
      max: nd.maximum(a, b),
      min: nd.minimum(a, 0.5),
    }));
    const each = (f: (x: number, y: number) => number) => Float32Array.from(a.data, (x, i) => f(x, b.data[i] ?? NAN));
    expect(found.add?.data).toEqual(each((x, y) => x + y));
    expect(found.sub?.data).toEqual(each((x, y) => x - y));
    expect(found.mul?.data).toEqual(each((x, y) => x * y));
    expectClose(found.div, [...each((x, y) => x / y)], 2.4e-7);
    expect(found.neg?.data).toEqual(each((x) => -x));
    expect(found.three?.data).toEqual(each((x) => x + 3));
    expect(found.half?.data).toEqual(each((x) => x / 2));
    expect(found.square?.data).toEqual(each((x) => x * x));
    expect(found.abs?.data).toEqual(each((x) => Math.abs(x)));
    expect(found.max?.data).toEqual(each((x, y) => Math.max(x, y)));
    expect(found.min?.data).toEqual(each((x) => Math.min(x, 0.5)));
  });

  it("keeps to IEEE 754 where something is infinite or not a number", async () => {
    const found = await run({ a: vector(INF, INF, 0, 1, -1, 0, NAN), b: vector(INF, -INF, INF, 0, 0, 0, 1) }, (t) => ({
      add: t.a.add(t.b),
      sub: t.a.sub(t.b),
      mul: t.a.mul(t.b),
      div: t.a.div(t.b),
      less: t.a.less(t.b),
      greater: t.a.greater(t.b),
      equal: t.a.equal(t.b),
      max: nd.maximum(t.a, t.b),
      min: nd.minimum(t.b, t.a),
      total: nd.max(t.a),
    }));
    expect(values(found.add)).toEqual([INF, NAN, INF, 1, -1, 0, NAN]);
    expect(values(found.sub)).toEqual([NAN, INF, -INF, 1, -1, 0, NAN]);
    expect(values(found.mul)).toEqual([INF, -INF, NAN, 0, -0, 0, NAN]);
    expect(values(found.div)).toEqual([NAN, NAN, 0, INF, -INF, NAN, NAN]);
    expect(values(found.less)).toEqual([0, 0, 1, 0, 1, 0, 0]);
    expect(values(found.greater)).toEqual([0, 1, 0, 1, 0, 0, 0]);
    expect(values(found.equal)).toEqual([1, 0, 0, 0, 0, 1, 0]);
    // As NumPy does: what is not a number stays visible.
    expect(values(found.max)).toEqual([INF, INF, INF, 1, 0, 0, NAN]);
    expect(values(found.min)).toEqual([INF, -INF, 0, 0, -1, 0, NAN]);
    expect(values(found.total)).toEqual([NAN]);
  });

  it("of whole numbers wraps at 32 bits, and divides toward zero", async () => {
    const found = await run({ i: int32([3], [7, -7, 2 ** 31 - 1]) }, ({ i }) => ({ half: i.div(2), next: i.add(1) }));
    expect(found.half).toEqual(int32([3], [3, -3, 2 ** 30 - 1]));
    expect(found.next).toEqual(int32([3], [8, -6, -(2 ** 31)]));
  });

  it("of float64 is exact to float64", async () => {
    const x = tensor("float64", [2], Float64Array.of(Math.PI, 1 / 3));
    const found = await run({ x }, ({ x }) => ({ y: x.mul(x).add(x) }));
    expect(found.y?.data).toEqual(x.data.map((value) => value * value + value));
  });
});

describe("functions", () => {
  it("agree with JavaScript's", async () => {
    const x = random("functions", [500]);
    const found = await run({ x }, ({ x }) => ({
      exp: nd.exp(x),
      log: nd.log(nd.abs(x)),
      log1p: nd.log1p(nd.abs(x)),
      sqrt: nd.sqrt(nd.abs(x)),
      tanh: nd.tanh(x),
      sigmoid: nd.sigmoid(x),
      relu: nd.relu(x),
    }));
    const expected: Record<string, [(value: number) => number, tolerance: number]> = {
      exp: [Math.exp, 2e-6],
      log: [(value) => Math.log(Math.abs(value)), 2e-5],
      log1p: [(value) => Math.log1p(Math.abs(value)), 2e-5],
      sqrt: [(value) => Math.sqrt(Math.abs(value)), 6e-8],
      tanh: [Math.tanh, 2e-7],
      sigmoid: [(value) => 1 / (1 + Math.exp(-value)), 2e-7],
      relu: [(value) => Math.max(value, 0), 1e-12],
    };
    for (const [name, [f, tolerance]] of Object.entries(expected)) {
      expectClose(found[name], [...x.data].map(f), tolerance);
    }
  });

  it("have the right limits", async () => {
    const found = await run({ x: vector(INF, -INF, NAN, 0, -1, 100, -200) }, ({ x }) => ({
      exp: nd.exp(x),
      log: nd.log(x),
      log1p: nd.log1p(x),
      sqrt: nd.sqrt(x),
      tanh: nd.tanh(x),
      sigmoid: nd.sigmoid(x),
      relu: nd.relu(x),
    }));
    const limits = (t: Tensor | undefined) => values(t).map((value) => (value === 0 ? 0 : value));
    expect(limits(found.exp).with(4, 0)).toEqual([INF, 0, NAN, 1, 0, INF, 0]);
    expect(limits(found.log).slice(0, 5)).toEqual([INF, NAN, NAN, -INF, NAN]);
    expect(limits(found.log1p).slice(0, 5)).toEqual([INF, NAN, NAN, 0, -INF]);
    expect(limits(found.sqrt)).toEqual([INF, NAN, NAN, 0, NAN, 10, NAN]);
    expect(limits(found.tanh).with(4, 0)).toEqual([1, -1, NAN, 0, 0, 1, -1]);
    expect(limits(found.sigmoid).with(4, 0)).toEqual([1, 0, NAN, 0.5, 0, 1, 0]);
    expect(limits(found.relu)).toEqual([INF, 0, NAN, 0, 0, 100, 0]);
  });
});

describe("shapes", () => {
  it("broadcast as NumPy has it", async () => {
    const shapes: [number[], number[], number[]][] = [
      [[2, 3], [3], [2, 3]],
      [
        [2, 1],
        [1, 3],
        [2, 3],
      ],
      [
        [4, 1, 3],
        [2, 1],
        [4, 2, 3],
      ],
      [[1], [1], [1]],
      [[1, 1], [], [1, 1]],
      [[], [2, 2], [2, 2]],
      [
        [2, 0],
        [1, 1],
        [2, 0],
      ],
    ];
    for (const [left, right, shape] of shapes) {
      const [a, b] = [random(`l${left}`, left), random(`r${right}`, right)];
      const { y } = await run({ a, b }, ({ a, b }) => ({ y: a.sub(b) }));
      expect(y?.shape).toEqual(shape);
      expect(y?.data).toEqual(
        Float32Array.from(positions(shape), (at) => elementAt(a, at, left) - elementAt(b, at, right)),
      );
    }
    await expect(run({ a: vector(1, 2), b: vector(1, 2, 3) }, ({ a, b }) => ({ y: a.add(b) }))).rejects.toThrow();
  });

  it("change by reshape, transpose, broadcast and concatenation", async () => {
    const x = float32([2, 3], [1, 2, 3, 4, 5, 6]);
    const found = await run({ x }, ({ x }) => ({
      flat: x.reshape([6]),
      column: x.reshape([6, 1]),
      turned: x.transpose(),
      cube: nd.broadcastTo(x, [2, 2, 3]).transpose([2, 0, 1]),
      rows: nd.concatenate([x, x]),
      columns: nd.concatenate([x, x.reshape([2, 3]), x], 1),
    }));
    expect(found.flat).toEqual(float32([6], x.data));
    expect(found.column).toEqual(float32([6, 1], x.data));
    expect(found.turned).toEqual(float32([3, 2], [1, 4, 2, 5, 3, 6]));
    expect(found.cube).toEqual(float32([3, 2, 2], [1, 4, 1, 4, 2, 5, 2, 5, 3, 6, 3, 6]));
    expect(found.rows).toEqual(float32([4, 3], [...x.data, ...x.data]));
    expect(found.columns?.shape).toEqual([2, 9]);
    expect(values(found.columns)).toEqual([1, 2, 3, 1, 2, 3, 1, 2, 3, 4, 5, 6, 4, 5, 6, 4, 5, 6]);
  });

  it("shrink by sums, means and maxima over some axes or all", async () => {
    const x = float32([2, 1, 3], [1, 2, 3, 4, 5, 9]);
    const found = await run({ x }, ({ x }) => ({
      all: nd.sum(x),
      rows: nd.sum(x, { axis: 2 }),
      kept: nd.mean(x, { axis: 0, keepdims: true }),
      two: nd.max(x, { axis: [0, 1] }),
      one: nd.sum(x, { axis: 1 }),
      mean: nd.mean(x),
      argmax: nd.argmax(x, 2),
    }));
    expect(found.all).toEqual(float32([], [24]));
    expect(found.rows).toEqual(float32([2, 1], [6, 18]));
    expect(found.kept).toEqual(float32([1, 1, 3], [2.5, 3.5, 6]));
    expect(found.two).toEqual(float32([3], [4, 5, 9]));
    expect(found.one).toEqual(float32([2, 3], x.data));
    expect(found.mean).toEqual(float32([], [4]));
    expect(found.argmax).toEqual(int32([2, 1], [2, 2]));
  });

  it("may be empty", async () => {
    const found = await run({ x: float32([0, 3], []) }, ({ x }) => ({
      same: x.add(1),
      rows: nd.sum(x, { axis: 1 }),
      columns: nd.sum(x, { axis: 0 }),
      product: nd.matmul(x, nd.constant(float32([3, 2], [1, 2, 3, 4, 5, 6]))),
    }));
    expect(found.same).toEqual(float32([0, 3], []));
    expect(found.rows).toEqual(float32([0], []));
    expect(found.columns).toEqual(float32([3], [0, 0, 0]));
    expect(found.product).toEqual(float32([0, 2], []));
  });
});

describe("selection", () => {
  it("takes rows and slices", async () => {
    const found = await run({ x: float32([3, 2], [1, 2, 3, 4, 5, 6]), i: int32([4], [2, 0, 0, 1]) }, ({ x, i }) => ({
      rows: nd.take(x, i),
      columns: nd.take(x, nd.constant(int32([1], [1])), 1),
    }));
    expect(found.rows).toEqual(float32([4, 2], [5, 6, 1, 2, 1, 2, 3, 4]));
    expect(found.columns).toEqual(float32([3, 1], [2, 4, 6]));
  });

  it("chooses where a condition holds, without letting through the other side's NaN", async () => {
    const found = await run({ x: vector(-1, 0, 4) }, ({ x }) => ({
      y: nd.where(x.greater(0), nd.sqrt(x), -7),
      mask: x.greater(0),
      number: x.greater(0).astype("float32"),
    }));
    expect(values(found.y)).toEqual([-7, -7, 2]);
    expect(found.mask).toEqual(tensor("bool", [3], Uint8Array.of(0, 0, 1)));
    expect(found.number).toEqual(vector(0, 0, 1));
  });

  it("takes booleans as inputs and cuts numbers to whole ones", async () => {
    const b = tensor("bool", [3], Uint8Array.of(1, 0, 1));
    const found = await run({ b, x: vector(1.9, -1.9, 0) }, ({ b, x }) => ({
      same: b,
      y: nd.where(b, x, 5),
      whole: x.astype("int32"),
      truth: x.astype("bool"),
    }));
    expect(found.same).toEqual(b);
    expect(found.y).toEqual(vector(1.9, 5, 0));
    expect(found.whole).toEqual(int32([3], [1, -1, 0]));
    expect(found.truth).toEqual(tensor("bool", [3], Uint8Array.of(1, 1, 0)));
  });

  it("writes labels one-hot, and those out of range as zeros", async () => {
    const found = await run({ i: int32([2, 2], [0, 2, -1, 3]) }, ({ i }) => ({ y: nd.oneHot(i, 3), n: nd.arange(4) }));
    expect(found.y).toEqual(float32([2, 2, 3], [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0]));
    expect(found.n).toEqual(int32([4], [0, 1, 2, 3]));
  });

  it("names the first of equal maxima", async () => {
    const found = await run({ x: float32([2, 3], [1, 5, 5, -1, -2, -1]) }, ({ x }) => ({ i: nd.argmax(x, 1) }));
    expect(found.i).toEqual(int32([2], [1, 0]));
  });
});

describe("products", () => {
  it.each([
    [
      [3, 4],
      [4, 2],
    ],
    [
      [1, 4],
      [4, 1],
    ],
    [
      [5, 1],
      [1, 3],
    ],
    [
      [2, 3, 4],
      [4, 2],
    ],
  ])("matmul of %j by %j", async (left, right) => {
    const [a, b] = [random("ma", left), random("mb", right)];
    const { y } = await run({ a, b }, ({ a, b }) => ({ y: nd.matmul(a, b) }));
    const inner = left.at(-1) ?? 0;
    const columns = right.at(-1) ?? 0;
    const rows = sizeOf(left) / inner;
    const expected: number[] = [];
    for (let r = 0; r < rows; r++) {
      for (let c = 0; c < columns; c++) {
        let total = 0;
        for (let k = 0; k < inner; k++) total += (a.data[r * inner + k] ?? NAN) * (b.data[k * columns + c] ?? NAN);
        expected.push(total);
      }
    }
    expect(y?.shape).toEqual([...left.slice(0, -1), columns]);
    expectClose(y, expected);
  });

  it.each([
    { x: [1, 1, 3, 3], kernel: [1, 1, 1, 1] },
    { x: [2, 3, 5, 6], kernel: [4, 3, 3, 2] },
    { x: [1, 2, 4, 4], kernel: [2, 2, 4, 4] },
  ])("conv2d of $x by $kernel is the sum over the window", async ({ x: xShape, kernel: kernelShape }) => {
    const [x, k] = [random("cx", xShape), random("ck", kernelShape)];
    const { y } = await run({ x, k }, ({ x, k }) => ({ y: nd.conv2d(x, k) }));
    const [n, c, height, width] = four(xShape);
    const [out, , kh, kw] = four(kernelShape);
    const shape = [n, out, height - kh + 1, width - kw + 1];
    expect(y?.shape).toEqual(shape);
    const expected = positions(shape).map((at) => {
      const [b, o, row, column] = four(at);
      let total = 0;
      for (let channel = 0; channel < c; channel++) {
        for (let i = 0; i < kh; i++) {
          for (let j = 0; j < kw; j++) {
            const pixel = elementAt(x, [b, channel, row + i, column + j], xShape);
            total += pixel * elementAt(k, [o, channel, i, j], kernelShape);
          }
        }
      }
      return total;
    });
    expectClose(y, expected);
  });
});

describe("maxPool2d", () => {
  it("takes the maximum of every window", async () => {
    const x = float32([1, 2, 2, 4], [1, 2, 3, 4, 5, 0, -1, 4, -4, -3, -2, -1, -8, -7, -6, -5]);
    const { y } = await run({ x }, ({ x }) => ({ y: nd.maxPool2d(x, 2) }));
    expect(y).toEqual(float32([1, 2, 1, 2], [5, 4, -3, -1]));
    await expect(
      run({ x: float32([1, 1, 3, 2], Array(6).fill(0)) }, ({ x }) => ({ y: nd.maxPool2d(x, 2) })),
    ).rejects.toThrow("pooling by 2 does not divide 3×2");
  });

  it("shares the gradient of a tie evenly", async () => {
    const x = float32([1, 1, 2, 4], [1, 1, 2, 3, 1, 0, 3, 3]);
    const weights = float32([1, 1, 1, 2], [6, 12]);
    const loss = ({ x }: Arrays) => nd.sum(nd.maxPool2d(x, 2).mul(nd.constant(weights)));
    const { gradient } = await gradientOf({ x }, loss);
    expect(gradient.x).toEqual(float32([1, 1, 2, 4], [2, 2, 0, 4, 2, 0, 4, 4]));
  });
});

describe("valueAndGrad", () => {
  it("gives loss, gradient and what comes along", async () => {
    const found = await run({ a: vector(1, 2), b: vector(3, 4) }, (tree) => {
      const { loss, aux, gradient } = nd.valueAndGrad((p) => {
        const { a, b } = p as Arrays;
        return { loss: nd.sum(nd.square(a).mul(b)), aux: { deep: { twice: a.mul(2) } } };
      })(tree as unknown as ArrayTree);
      return { loss, aux, gradient };
    });
    expect(found.loss).toEqual(float32([], [19]));
    expect(found["aux.deep.twice"]).toEqual(vector(2, 4));
    expect(found["gradient.a"]).toEqual(vector(6, 16));
    expect(found["gradient.b"]).toEqual(vector(1, 4));
  });

  it("is zero for what the loss does not use, and where the gradient is stopped", async () => {
    const { gradient } = await gradientOf({ a: vector(1, 2), b: vector(3, 4) }, ({ a }) =>
      nd.sum(a.mul(nd.stopGradient(a))),
    );
    expect(gradient.a).toEqual(vector(1, 2));
    expect(gradient.b).toEqual(vector(0, 0));
  });

  const x = random("gradient", [2, 3]);
  const positive = float32([2, 3], [0.5, 1, 2, 3, 0.25, 1.5]);
  const losses: Record<string, [Tree<Tensor>, (p: Arrays) => NDArray]> = {
    "add, sub, mul, div with broadcasts": [
      { a: x, b: vector(1, -2, 3), y: float32([2, 1], [2, 5]) },
      ({ a, b, y }) =>
        nd.sum(
          a
            .add(b)
            .mul(a.sub(y))
            .div(y.add(b.mul(b))),
        ),
    ],
    "a division by itself": [{ a: positive }, ({ a }) => nd.sum(a.div(nd.sum(a)).mul(a))],
    "exp and log": [{ a: positive }, ({ a }) => nd.sum(nd.log(nd.sum(nd.exp(a), { axis: 1 })))],
    "log1p and sqrt": [{ a: positive }, ({ a }) => nd.sum(nd.log1p(a).mul(nd.sqrt(a)))],
    "tanh, sigmoid, relu, abs": [
      { a: x },
      ({ a }) =>
        nd.sum(
          nd
            .tanh(a)
            .add(nd.sigmoid(a).mul(nd.relu(a)))
            .add(nd.abs(a)),
        ),
    ],
    "matmul and transpose": [
      { a: x, b: random("right", [3, 2]) },
      ({ a, b }) => nd.sum(nd.square(nd.matmul(a, b).add(nd.matmul(b.transpose(), a.transpose())))),
    ],
    "mean and max over axes": [{ a: x }, ({ a }) => nd.sum(nd.max(a, { axis: 1 }).mul(nd.mean(a, { axis: 1 })))],
    "maximum, minimum and where": [
      { a: x, b: positive },
      ({ a, b }) =>
        nd.sum(
          nd
            .maximum(a, b)
            .mul(nd.minimum(a, 0.1))
            .add(nd.where(a.greater(b), a, nd.square(b))),
        ),
    ],
    "take, concatenate and broadcastTo": [
      { a: x },
      ({ a }) => {
        const rows = nd.take(a, nd.constant(int32([3], [1, 1, 0])));
        const all = nd.concatenate([rows, nd.square(a)]);
        return nd.sum(nd.broadcastTo(all, [2, 5, 3]).mul(all));
      },
    ],
    "conv2d and maxPool2d": [
      { x: random("image", [2, 2, 5, 5]), k: random("kernel", [3, 2, 2, 2]) },
      ({ x, k }) => nd.sum(nd.square(nd.maxPool2d(nd.conv2d(x, k), 2))),
    ],
  };

  it.each(Object.keys(losses))("agrees with finite differences: %s", async (name) => {
    const [inputs, loss] = losses[name] as (typeof losses)[string];
    const { gradient, valueAt, dispose } = await gradientOf(inputs, loss);
    const r = rng(key(name));
    for (let direction = 0; direction < 4; direction++) {
      // Along a random direction v: (f(p + h v) − f(p − h v)) / 2h against ⟨∇f, v⟩, with h where float32 loses least.
      const v = mapTree(inputs, (leaf) => Float64Array.from(leaf.data, () => r.normal()));
      const h = 2e-3;
      const moved = (by: number) =>
        unflatten(
          flatten(inputs).map(([path, leaf]) => {
            const step = (v as Record<string, Float64Array>)[path];
            return [
              path,
              float32(
                leaf.shape,
                [...leaf.data].map((value, i) => value + by * (step?.[i] ?? NAN)),
              ),
            ] as const;
          }),
        );
      const difference = ((await valueAt(moved(h))) - (await valueAt(moved(-h)))) / (2 * h);
      let product = 0;
      for (const [path] of flatten(inputs)) {
        const step = (v as Record<string, Float64Array>)[path];
        for (const [i, slope] of values(gradient[path]).entries()) product += slope * (step?.[i] ?? NAN);
      }
      expect(Math.abs(difference - product)).toBeLessThan(0.01 * Math.max(1, Math.abs(product)));
    }
    dispose();
  });
});

describe("vmap", () => {
  it("runs a function over the first axis, gradients included", async () => {
    const x = float32([3, 2], [1, 2, 3, 4, 5, 6]);
    const y = vector(1, 2, 3);
    const found = await run({ x, y }, (tree) =>
      nd.vmap((one) => {
        const { gradient } = nd.valueAndGrad((p) => {
          const { x, y } = p as Arrays;
          return { loss: nd.sum(nd.square(x)).mul(y), aux: {} };
        })(one);
        return { gradient, total: nd.sum((one as Arrays).x) };
      })(tree as unknown as ArrayTree),
    );
    expect(found.total).toEqual(vector(3, 7, 11));
    expect(found["gradient.x"]).toEqual(float32([3, 2], [2, 4, 12, 16, 30, 36]));
    expect(found["gradient.y"]).toEqual(vector(5, 25, 61));
  });
});

/** The gradient of a loss by name of the input, and the loss elsewhere. */
async function gradientOf(inputs: Tree<Tensor>, loss: (p: Arrays) => NDArray) {
  const program = await engine.compile({
    name: "gradient",
    inputs: mapTree(inputs, specOf),
    apply: (tree) => {
      const result = nd.valueAndGrad((p) => ({ loss: loss(p as Arrays), aux: {} }))(tree);
      return { loss: result.loss, gradient: result.gradient };
    },
  });
  const found = await program.run(inputs);
  return {
    gradient: Object.fromEntries(flatten(found.gradient as Tree<Tensor>)),
    valueAt: async (at: Tree<Tensor>) => ((await program.run(at)).loss as Tensor).data[0] ?? NAN,
    dispose: () => program.dispose(),
  };
}

/** All positions in an array of this shape, in row-major order. */
function positions(shape: readonly number[]): number[][] {
  return shape.reduce<number[][]>(
    (before, axis) => before.flatMap((at) => Array.from({ length: axis }, (_, i) => [...at, i])),
    [[]],
  );
}

/** The element at a position of an array to which `of` is broadcast. */
function elementAt(of: Tensor, at: readonly number[], shape: readonly number[]): number {
  let offset = 0;
  for (const [axis, size] of shape.entries()) {
    const i = at[at.length - shape.length + axis] ?? NAN;
    offset = offset * size + (size === 1 ? 0 : i);
  }
  return of.data[offset] ?? NAN;
}

function four(shape: readonly number[]): [number, number, number, number] {
  const [a = 0, b = 0, c = 0, d = 0] = shape;
  return [a, b, c, d];
}
