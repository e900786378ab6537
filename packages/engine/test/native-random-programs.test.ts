import fc from "fast-check";
import { beforeAll, expect, it } from "vitest";
import { nativeEngine } from "../src/index.node.ts";
import type { Definition, Engine, NDArray, Tensor } from "../src/index.ts";
import {
  arange,
  concatenate,
  conv2d,
  exp,
  flatten,
  float32,
  int32,
  key,
  matmul,
  max,
  maximum,
  mean,
  portableEngine,
  relu,
  rng,
  sigmoid,
  sizeOf,
  square,
  sum,
  take,
  tanh,
  valueAndGrad,
  vmap,
  where,
} from "../src/index.ts";

// Random small programs, their gradients and their vmapped forms: both back ends must say the same.

let native: Engine;
let portable: Engine;
beforeAll(async () => {
  native = await nativeEngine({ strict: true });
  portable = await portableEngine();
});

/** A choice of the generator: which operation, on which of the values so far, with what detail. */
interface Move {
  readonly operation: number;
  readonly first: number;
  readonly second: number;
  readonly detail: number;
}

const moves = fc.array(
  fc.record({ operation: fc.nat(99), first: fc.nat(99), second: fc.nat(99), detail: fc.nat(99) }),
  { minLength: 2, maxLength: 9 },
);

it("random programs agree", async () => {
  await fc.assert(
    fc.asyncProperty(moves, fc.nat(2), fc.integer(), async (steps, kind, seed) => {
      await agree(kind === 2 ? mapped(steps, seed) : kind === 1 ? gradient(steps, seed) : plain(steps, seed));
    }),
    { numRuns: 120 },
  );
});

interface Prepared {
  readonly definition: Definition;
  readonly inputs: Record<string, Tensor>;
}

function plain(steps: readonly Move[], seed: number): Prepared {
  const inputs = given(seed, []);
  return {
    inputs,
    definition: { name: "plain", inputs, apply: (named) => ({ y: last(run(steps, arrays(named))) }) },
  };
}

function gradient(steps: readonly Move[], seed: number): Prepared {
  const inputs = given(seed, []);
  return {
    inputs,
    definition: {
      name: "gradient",
      inputs,
      apply({ index, ...parameters }) {
        const objective = valueAndGrad((p) => ({
          loss: mean(square(last(run(steps, arrays({ ...p, index } as never))))),
          aux: {},
        }));
        const { loss, gradient: g } = objective(parameters);
        return { loss, g };
      },
    },
  };
}

function mapped(steps: readonly Move[], seed: number): Prepared {
  const inputs = given(seed, [3]);
  return {
    inputs,
    definition: {
      name: "mapped",
      inputs,
      apply: vmap((named) => ({ y: last(run(steps, arrays(named as never))) })) as Definition["apply"],
    },
  };
}

function given(seed: number, lead: readonly number[]): Record<string, Tensor> {
  const random = rng(key(seed));
  const normal = (shape: readonly number[]) =>
    float32(
      [...lead, ...shape],
      Float32Array.from({ length: sizeOf([...lead, ...shape]) }, () => random.normal()),
    );
  const count = sizeOf([...lead, 4]);
  return {
    a: normal([4, 6]),
    b: normal([6]),
    c: normal([2, 2, 4, 6]),
    d: normal([3, 2, 3, 3]),
    index: int32(
      [...lead, 4],
      Int32Array.from({ length: count }, () => Math.floor(random.uniform() * 2)),
    ),
  };
}

function arrays(named: object): readonly NDArray[] {
  const { a, b, c, d, index } = named as Record<string, NDArray>;
  return [a, b, c, d, index] as NDArray[];
}

/** Every move that fits its operands adds a value. */
function run(steps: readonly Move[], [a, b, c, d, index]: readonly NDArray[]): NDArray[] {
  const values = [a, b, c] as NDArray[];
  for (const { operation, first, second, detail } of steps) {
    const x = values[first % values.length] as NDArray;
    const y = values[second % values.length] as NDArray;
    const next = OPERATIONS[operation % OPERATIONS.length]?.(x, y, detail, {
      d: d as NDArray,
      index: index as NDArray,
    });
    if (next !== undefined && next.size <= 3000) values.push(next);
  }
  return values;
}

type Operation = (x: NDArray, y: NDArray, detail: number, more: { d: NDArray; index: NDArray }) => NDArray | undefined;

const OPERATIONS: readonly Operation[] = [
  (x) => tanh(x),
  (x) => sigmoid(x),
  (x) => relu(x),
  (x) => exp(x.mul(0.3)),
  (x, _, detail) => x.mul(detail / 30 - 1).add(0.5),
  (x, y) => (fit(x, y) ? x.add(y) : undefined),
  (x, y) => (fit(x, y) ? x.mul(y) : undefined),
  (x, y) => (fit(x, y) ? x.sub(y) : undefined),
  (x, y) => (fit(x, y) ? maximum(x, y) : undefined),
  (x, y) => (fit(x, y) ? where(x.less(y), x.mul(2), y) : undefined),
  (x) => x.greater(0).astype("float32"),
  (x) => x.mul(3).astype("int32").astype("float32"),
  (x, _, detail) => x.transpose(rotated(x.shape.length, detail)),
  (x, _, detail) => x.reshape(regrouped(x.shape, detail)),
  (x, _, detail) => (x.shape.length > 0 ? sum(x, { axis: detail % x.shape.length }).mul(0.3) : undefined),
  (x, _, detail) => (x.shape.length > 0 ? max(x, { axis: detail % x.shape.length, keepdims: true }) : undefined),
  (x, y) =>
    x.shape.length === 2 && y.shape.length === 2 && x.shape[1] === y.shape[0] ? matmul(x, y).mul(0.4) : undefined,
  (x) => (x.shape.length >= 2 ? matmul(x, x.transpose(swapped(x.shape.length))).mul(0.2) : undefined),
  (x, y) => (same(x, y) && x.shape.length > 0 ? concatenate([x, y], 0) : undefined),
  (x, _, __, { index }) => (x.shape.length > 0 && (x.shape[0] ?? 0) >= 2 ? forwardOnlyTake(x, index) : undefined),
  (x, _, __, { d }) =>
    x.shape.length === 4 && x.shape[1] === 2 && (x.shape[2] ?? 0) >= 3 && (x.shape[3] ?? 0) >= 3
      ? conv2d(x, d, "same").mul(0.3)
      : undefined,
  (x) => {
    const [n = 0, k = 0, h = 1, w = 1] = x.shape;
    if (x.shape.length !== 4 || h % 2 === 1 || w % 2 === 1) return undefined;
    return max(x.reshape([n, k, h / 2, 2, w / 2, 2]), { axis: [3, 5] });
  },
  (x) => (x.shape.length === 1 ? x.mul(arange(x.size).astype("float32")) : undefined),
];

/** The portable back end compiles no scatter, so that nothing is differentiated through a take here. */
function forwardOnlyTake(x: NDArray, index: NDArray): NDArray {
  return take(x.greater(0).astype("float32"), index);
}

function fit(x: NDArray, y: NDArray): boolean {
  const rank = Math.max(x.shape.length, y.shape.length);
  return Array.from({ length: rank }, (_, i) => [x.shape.at(-1 - i) ?? 1, y.shape.at(-1 - i) ?? 1]).every(
    ([p, q]) => p === q || p === 1 || q === 1,
  );
}

function same(x: NDArray, y: NDArray): boolean {
  return x.shape.length === y.shape.length && x.shape.every((size, i) => size === y.shape[i]);
}

function rotated(rank: number, by: number): number[] {
  return Array.from({ length: rank }, (_, i) => (i + by) % Math.max(rank, 1));
}

function swapped(rank: number): number[] {
  const order = Array.from({ length: rank }, (_, i) => i);
  return [...order.slice(0, -2), rank - 1, rank - 2];
}

/** The same elements in another shape: factors moved between two axes, or everything in one or two axes. */
function regrouped(shape: readonly number[], detail: number): number[] {
  const size = shape.reduce((n, axis) => n * axis, 1);
  const divisors = [1, 2, 3, 4, 6].filter((n) => size % n === 0);
  const first = divisors[detail % divisors.length] ?? 1;
  const rest = size / first;
  const second = [1, 2, 3].filter((n) => rest % n === 0)[detail % 2] ?? 1;
  return [[size], [first, rest], [first, second, rest / second]][detail % 3] ?? [size];
}

function last(values: readonly NDArray[]): NDArray {
  return values.at(-1) as NDArray;
}

async function agree({ definition, inputs }: Prepared): Promise<void> {
  const b = await portable.compile(definition);
  const expected = flatten(await b.run(inputs));
  b.dispose();
  const a = await native.compile(definition);
  const actual = new Map(flatten(await a.run(inputs)));
  a.dispose();
  for (const [path, tensor] of expected) {
    const other = actual.get(path);
    expect(other?.shape).toEqual(tensor.shape);
    const finite = [...tensor.data].filter(Number.isFinite).map(Math.abs);
    const scale = Math.max(1e-3, ...finite);
    for (const [i, value] of tensor.data.entries()) {
      if (!Number.isFinite(value)) continue;
      expect(Math.abs((other?.data[i] ?? Number.NaN) - value) / scale).toBeLessThanOrEqual(3e-5);
    }
  }
}
