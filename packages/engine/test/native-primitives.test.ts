import * as jax from "@jax-js/jax";
import { beforeAll, describe, expect, it } from "vitest";
import { nativeEngine } from "../src/index.node.ts";
import type { NDArray as Array_, Engine, Tensor } from "../src/index.ts";
import { flatten, float32, int32, key, NDArray, portableEngine, rng, sizeOf, tensor } from "../src/index.ts";

// Every primitive natively against the portable back end, on numbers that a program meets and on those that it should not.

const { lax, numpy: np } = jax;

let native: Engine;
let portable: Engine;
beforeAll(async () => {
  native = await nativeEngine({ strict: true });
  portable = await portableEngine();
});

type Function_ = (...arrays: Array_[]) => Array_;

interface Case {
  readonly name: string;
  readonly f: Function_;
  readonly inputs: readonly Tensor[];
  /** Largest difference, relative to the largest element. */
  readonly tolerance?: number;
}

const of = (f: (...arrays: jax.Array[]) => jax.Array): Function_ => {
  return (...arrays) => new NDArray(f(...arrays.map((array) => array.ref)));
};

/** Standard normal numbers. */
function normal(shape: readonly number[], seed = 1): Tensor {
  const random = rng(key(seed));
  return float32(
    shape,
    Float32Array.from({ length: sizeOf(shape) }, () => random.normal()),
  );
}

function positive(shape: readonly number[], seed = 1): Tensor {
  const random = rng(key(seed));
  return float32(
    shape,
    Float32Array.from({ length: sizeOf(shape) }, () => random.uniform() + 0.05),
  );
}

function whole(shape: readonly number[], below: number, seed = 1): Tensor {
  const random = rng(key(seed));
  return int32(
    shape,
    Int32Array.from({ length: sizeOf(shape) }, () => Math.floor(random.uniform() * below)),
  );
}

function truths(shape: readonly number[], seed = 1): Tensor {
  const random = rng(key(seed));
  return tensor(
    "bool",
    shape,
    Uint8Array.from({ length: sizeOf(shape) }, () => (random.uniform() < 0.5 ? 1 : 0)),
  );
}

const SPECIAL = float32([8], [0, 1, -1, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e-30, 3.5]);
const OTHER = float32([8], [1, Number.NaN, -1, Number.NaN, 2, Number.NEGATIVE_INFINITY, -1e-30, 0]);

const SIGNED_INTEGERS = [int32([7], [7, -7, 7, -7, 5, -5, 0]), int32([7], [2, 2, -2, -2, 3, 3, -4])] as const;
const SIGNED_NUMBERS = [
  float32([14], [7, -7, 7, -7, 5.5, -5.5, 0, -0, Infinity, 3, Number.NaN, -Infinity, 5, -5]),
  float32([14], [2, 2, -2, -2, 0, -0, 4, 0, 2, Infinity, 2, 3, -Infinity, 0.5]),
] as const;

const SHAPES: readonly (readonly number[])[] = [[5], [2, 3], [1], [], [3, 1, 4], [2, 0, 3]];
const PAIRS: readonly (readonly [readonly number[], readonly number[]])[] = [
  [
    [2, 3],
    [2, 3],
  ],
  [[2, 3], [3]],
  [
    [2, 1],
    [1, 3],
  ],
  [[], [4]],
  [
    [4, 1, 2],
    [3, 1],
  ],
  [[1, 1], [1]],
  [[0, 2], [2]],
];

const unary = (name: string, f: Function_, make = normal, tolerance = 1e-5): Case[] =>
  SHAPES.map((shape) => ({ name: `${name} [${shape}]`, f, inputs: [make(shape)], tolerance }));
const binary = (name: string, f: Function_, make = normal, tolerance = 1e-6): Case[] =>
  PAIRS.map(([a, b]) => ({ name: `${name} [${a}] [${b}]`, f, inputs: [make(a, 1), make(b, 2)], tolerance }));
const special = (name: string, f: Function_): Case => ({ name: `${name} of NaN and ∞`, f, inputs: [SPECIAL, OTHER] });
const one = (name: string, f: Function_, ...inputs: Tensor[]): Case => ({ name, f, inputs });
const integers = (shape: readonly number[], seed = 1) => whole(shape, 9, seed);

/** A kernel's sides, the padding and the strides. */
const GRADIENTS_OF_INPUTS: readonly (readonly [string, [number, number], Padding, [number, number]])[] = [
  ["no padding", [3, 2], "VALID", [1, 1]],
  ["the same size out as in", [3, 5], "SAME", [1, 1]],
  ["other pads on each side", [3, 4], [[2, 0], [1, 3]], [1, 1]], // biome-ignore format: as the image lies
  ["more padding than the kernel reaches", [2, 2], [[2, 1], [0, 3]], [1, 1]], // biome-ignore format: as the image lies
  ["strides", [3, 2], "VALID", [2, 1]],
];
type Padding = "VALID" | "SAME" | [number, number][];

const CASES: readonly Case[] = [
  ...binary("add", (a, b) => a.add(b)),
  ...binary("sub", (a, b) => a.sub(b)),
  ...binary("mul", (a, b) => a.mul(b)),
  ...binary("div", (a, b) => a.div(b), positive),
  ...binary("max", of(np.maximum)),
  ...binary("min", of(np.minimum)),
  ...binary("mod", of(np.fmod), positive, 1e-4),
  ...binary("less", (a, b) => a.less(b)),
  ...binary(
    "less equal",
    of((a, b) => a.lessEqual(b)),
  ),
  ...binary("equal of integers", (a, b) => a.equal(b), integers),
  ...binary(
    "not equal of integers",
    of((a, b) => a.notEqual(b)),
    integers,
  ),
  ...binary("add of integers", (a, b) => a.add(b), integers),
  ...binary("mul of integers", (a, b) => a.mul(b), integers),
  ...binary("max of integers", of(np.maximum), integers),
  ...binary("equal of booleans", (a, b) => a.equal(b), truths),
  one("remainder of integers of either sign", of(np.remainder), ...SIGNED_INTEGERS),
  one("fmod of integers of either sign", of(np.fmod), ...SIGNED_INTEGERS),
  one("floor division of integers of either sign", of(np.floorDivide), ...SIGNED_INTEGERS),
  one("remainder of any numbers", of(np.remainder), ...SIGNED_NUMBERS),
  one("fmod of any numbers", of(np.fmod), ...SIGNED_NUMBERS),
  one("floor division of any numbers", of(np.floorDivide), ...SIGNED_NUMBERS),
  one("division of any numbers", (a, b) => a.div(b), ...SIGNED_NUMBERS),
  ...unary("neg", (x) => x.neg()),
  ...unary("reciprocal", of(np.reciprocal), positive),
  ...unary("floor", of(np.floor)),
  ...unary("ceil", of(np.ceil)),
  ...unary("sin", of(np.sin)),
  ...unary("cos", of(np.cos)),
  ...unary("asin", of(np.asin), (shape) => float32(shape, new Float32Array(sizeOf(shape)).fill(0.3))),
  ...unary("atan", of(np.atan)),
  ...unary("exp", of(np.exp)),
  ...unary("log", of(np.log), positive),
  // jax-js's logarithm is wrong by 2e-5 itself.
  ...unary("log1p", of(np.log1p), positive, 1e-4),
  ...unary("sqrt", of(np.sqrt), positive),
  ...unary("erf", of(lax.erf)),
  ...unary("tanh", of(np.tanh)),
  ...unary("sigmoid", of(jax.nn.sigmoid)),
  ...unary("absolute", of(np.absolute)),
  ...unary("relu", of(jax.nn.relu)),
  ...unary("cast to int", (x) => x.astype("int32")),
  ...unary("cast to bool", (x) => x.astype("bool")),
  ...unary("cast of booleans", (x) => x.astype("float32"), truths),
  ...unary("cast of integers", (x) => x.astype("float32"), integers),
  special("add", (a, b) => a.add(b)),
  special("mul", (a, b) => a.mul(b)),
  special("less", (a, b) => a.less(b)),
  special("equal", (a, b) => a.equal(b)),
  special(
    "not equal",
    of((a, b) => a.notEqual(b)),
  ),
  special(
    "where",
    of((a, b) => np.where(a.ref.less(b.ref), a, b)),
  ),
  special(
    "less equal",
    of((a, b) => a.lessEqual(b)),
  ),
  special("sub", (a, b) => a.sub(b)),
  special("div", (a, b) => a.div(b)),
  special("maximum", of(np.maximum)),
  special("minimum", of(np.minimum)),
  ...(["sum", "prod", "max", "min", "mean"] as const).flatMap((op) => [
    special(
      `${op} over`,
      of((a, b) => np[op](np.stack([a, b]), 0)),
    ),
    special(
      `${op} of everything`,
      of((a, b) => np[op](np.stack([a, b]))),
    ),
  ]),
  special(
    "product of matrices",
    of((a, b) => np.matmul(a.reshape([2, 4]), b.reshape([4, 2]))),
  ),
  special(
    "absolute",
    of((a) => np.absolute(a)),
  ),
  special(
    "sign of a difference",
    of((a, b) => np.sign(a.sub(b))),
  ),
  special(
    "relu",
    of((a) => jax.nn.relu(a)),
  ),
  special(
    "tanh",
    of((a) => np.tanh(a)),
  ),
  special(
    "erf",
    of((a) => lax.erf(a)),
  ),
  special(
    "floor",
    of((a) => np.floor(a)),
  ),
  special(
    "sqrt",
    of((a) => np.sqrt(a)),
  ),
  special(
    "reciprocal",
    of((a) => np.reciprocal(a)),
  ),
  special("cast to bool", (a) => a.astype("bool")),
  special(
    "softmax",
    of((a) => jax.nn.softmax(a)),
  ),
  special(
    "where not chosen",
    of((a, b) => np.where(b.ref.equal(b), 1, a)),
  ),
  one("exp of ∞", of(np.exp), float32([3], [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN])),
  one("sqrt of −1", of(np.sqrt), float32([3], [-1, 0, Number.POSITIVE_INFINITY])),
  one(
    "max over NaN",
    of((x) => np.max(x)),
    float32([2], [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY]),
  ),
  one(
    "sum with ∞",
    of((x) => np.sum(x, 1)),
    float32([2, 2], [1, Number.POSITIVE_INFINITY, Number.NaN, 1]),
  ),
  one(
    "where",
    of((c, a, b) => np.where(c, a, b)),
    truths([2, 3]),
    normal([2, 1]),
    normal([3], 2),
  ),
  one(
    "where of integers",
    of((c, a, b) => np.where(c, a, b)),
    truths([4]),
    integers([4]),
    integers([4], 2),
  ),
  one(
    "where of booleans",
    of((c, a, b) => np.where(c, a, b)),
    truths([4]),
    truths([4], 2),
    truths([4], 3),
  ),
  ...([0, 1, 2, [0, 2], [0, 1, 2], [1, 2]] as const).flatMap((axis) =>
    (["sum", "max", "min", "mean", "prod"] as const).map((op) =>
      one(
        `${op} over ${axis}`,
        of((x) => np[op](x, axis as number)),
        normal([3, 2, 4]),
      ),
    ),
  ),
  one(
    "sum of a transposed array",
    of((x) => np.sum(np.transpose(x, [2, 0, 1]), 1)),
    normal([3, 2, 4]),
  ),
  one(
    "sum of integers",
    of((x) => np.sum(x, 0)),
    integers([3, 4]),
  ),
  one(
    "sum over an empty axis",
    of((x) => np.sum(x, 1)),
    normal([2, 0]),
  ),
  one(
    "sum over repeats",
    of((x) => np.sum(np.broadcastTo(x, [3, 4]), 0)),
    normal([4]),
  ),
  one(
    "any",
    of((x) => np.any(x, 0)),
    truths([2, 5]),
  ),
  one(
    "all",
    of((x) => np.all(x, 0)),
    truths([2, 5]),
  ),
  one(
    "argmax",
    of((x) => np.argmax(x, 1)),
    normal([3, 7]),
  ),
  one(
    "max of blocks",
    of((x) => np.max(x.reshape([2, 3, 2, 4, 2]), [2, 4])),
    normal([2, 6, 8]),
  ),
  one(
    "sum of blocks",
    of((x) => np.sum(x.reshape([2, 3, 2, 4, 2]), [2, 4])),
    normal([2, 6, 8]),
  ),
  one(
    "count in blocks",
    of((x) => np.sum(np.astype(x.reshape([2, 3, 2, 4, 2]), jax.numpy.float32), [2, 4])),
    truths([2, 6, 8]),
  ),
  one(
    "blocks repeated",
    of((x, y) => x.reshape([2, 3, 1, 4, 1]).mul(y.reshape([2, 3, 2, 4, 2]))),
    normal([2, 3, 4]),
    normal([2, 6, 8]),
  ),
  one("product of matrices", of(np.matmul), normal([3, 4]), normal([4, 5], 2)),
  one("product with a vector", of(np.matmul), normal([3, 4]), normal([4], 2)),
  one("dot of vectors", of(np.dot), normal([6]), normal([6], 2)),
  one("batched product", of(np.matmul), normal([2, 3, 4]), normal([2, 4, 5], 2)),
  one("product with one matrix for all", of(np.matmul), normal([2, 3, 4]), normal([4, 5], 2)),
  one(
    "transposed on the left",
    of((a, b) => np.matmul(a.transpose(), b)),
    normal([4, 3]),
    normal([4, 5], 2),
  ),
  one(
    "transposed on the right",
    of((a, b) => np.matmul(a, b.transpose())),
    normal([3, 4]),
    normal([5, 4], 2),
  ),
  one(
    "transposed result",
    of((a, b) => np.matmul(a, b).transpose().mul(2)),
    normal([3, 4]),
    normal([4, 5], 2),
  ),
  one(
    "attention scores",
    of((q, k) => np.einsum("bthd,bshd->bhts", q, k)),
    normal([2, 3, 2, 4]),
    normal([2, 5, 2, 4], 2),
  ),
  one(
    "einsum with mixed axes",
    of((a, b) => np.einsum("iajb,jckb->acik", a, b)),
    normal([2, 3, 4, 5]),
    normal([4, 3, 2, 5], 2),
  ),
  one(
    "one-sided sum",
    of((a, b) => np.einsum("ij,k->k", a, b)),
    normal([2, 3]),
    normal([4], 2),
  ),
  one("outer product", of(np.outer), normal([3]), normal([4], 2)),
  one("product of integers", of(np.matmul), integers([2, 3]), integers([3, 2], 2)),
  one("product of an empty axis", of(np.matmul), normal([2, 0]), normal([0, 3])),
  one(
    "conv valid",
    of((x, k) => lax.conv(x, k, [1, 1], "VALID")),
    normal([2, 3, 6, 5]),
    normal([4, 3, 3, 2], 2),
  ),
  one(
    "conv same",
    of((x, k) => lax.conv(x, k, [1, 1], "SAME")),
    normal([2, 3, 6, 5]),
    normal([4, 3, 3, 3], 2),
  ),
  one(
    "conv stride",
    of((x, k) => lax.conv(x, k, [2, 3], "VALID")),
    normal([2, 3, 9, 8]),
    normal([4, 3, 3, 2], 2),
  ),
  one(
    "conv 1-D",
    of((x, k) => lax.conv(x, k, [1], "SAME")),
    normal([2, 3, 7]),
    normal([4, 3, 3], 2),
  ),
  one(
    "conv dilated, negative padding",
    of((x, k) =>
      lax.convGeneralDilated(
        x,
        k,
        [1, 2],
        [
          [-1, 2],
          [3, 0],
        ],
        { lhsDilation: [2, 1], rhsDilation: [1, 2] },
      ),
    ),
    normal([2, 3, 6, 5]),
    normal([4, 3, 2, 2], 2),
  ),
  ...GRADIENTS_OF_INPUTS.map(([name, kernel, padding, strides]) =>
    one(
      `gradient of a convolution's input, ${name}`,
      of((x, k) => inputGradient(x, k, strides, padding)),
      normal([2, 3, 6, 7]),
      normal([4, 3, ...kernel], 2),
    ),
  ),
  one(
    "kernel larger than the result",
    of((x, k) => lax.conv(x, k, [1, 1], "VALID")),
    normal([2, 3, 9, 9]),
    normal([4, 3, 8, 8], 2),
  ),
  one(
    "windows that overlap",
    of((x) => lax.reduceWindow(x, (w) => np.sum(w), [2, 3], [1, 2])),
    normal([5, 9]),
  ),
  one(
    "windows that do not",
    of((x) => lax.reduceWindow(x, (w) => np.max(w), [2, 2], [2, 3])),
    normal([5, 9]),
  ),
  one(
    "reshape across axes",
    of((x) => x.reshape([4, 3]).transpose().reshape([2, 6])),
    normal([2, 6]),
  ),
  one(
    "reshape of a transposed array",
    of((x) => x.transpose().reshape([4, 3])),
    normal([2, 6]),
  ),
  one(
    "axes cut differently",
    of((a, b) =>
      a
        .reshape([2, 3])
        .transpose()
        .reshape([6])
        .add(b.reshape([3, 2]).transpose().reshape([6])),
    ),
    normal([6]),
    normal([6], 2),
  ),
  one(
    "flip",
    of((x) => np.flip(x, [0, 2])),
    normal([2, 3, 4]),
  ),
  one(
    "flip of a transposed array",
    of((x) => np.flip(x.transpose(), 0)),
    normal([2, 3]),
  ),
  one(
    "slice",
    of((x) => x.slice([1, 3], [], [0, 2])),
    normal([4, 2, 3]),
  ),
  one(
    "pad",
    of((x) =>
      np.pad(x, [
        [1, 0],
        [2, 3],
      ]),
    ),
    normal([2, 3]),
  ),
  one(
    "pad of booleans",
    of((x) =>
      np.pad(x, [
        [1, 0],
        [2, 3],
      ]),
    ),
    truths([2, 3]),
  ),
  one(
    "concatenate",
    of((a, b) => np.concatenate([a, b], 1)),
    normal([2, 3]),
    normal([2, 1], 2),
  ),
  one(
    "concatenate with nothing",
    of((a, b) => np.concatenate([a, b], 1)),
    normal([2, 3]),
    normal([2, 0], 2),
  ),
  one(
    "split",
    of((x) => np.concatenate(np.split(x, [1, 4], 1).reverse(), 1)),
    normal([2, 6]),
  ),
  one(
    "take rows",
    of((x, i) => np.take(x, i, 0)),
    normal([5, 3]),
    whole([2, 4], 5),
  ),
  one(
    "take columns",
    of((x, i) => np.take(x, i, 1)),
    normal([5, 3]),
    whole([4], 3),
  ),
  one(
    "index two axes",
    of((x, i, j) => x.slice(i, j)),
    normal([5, 3, 2]),
    whole([4], 5),
    whole([4], 3, 2),
  ),
  one(
    "broadcast",
    of((x) => np.broadcastTo(x, [2, 3, 4])),
    normal([3, 1]),
  ),
];

describe("a primitive gives natively what it gives portably", () => {
  it.each(CASES)("$name", async ({ f, inputs, tolerance }) => {
    await agree(f, inputs, tolerance);
  });

  it("adds up what is scattered to one place", async () => {
    // jax-js compiles a scatter only where its inputs are in memory; the gradient of a take is computed by hand here.
    const definition = gradientOfTake();
    const program = await native.compile(definition);
    const { g } = await program.run({ x: normal([4, 2]), i: int32([5], [1, 3, 1, 0, 1]) });
    expect([...(g as Tensor).data]).toEqual([1, 1, 3, 3, 0, 0, 1, 1]);
  });
});

describe("vmap", () => {
  const mapped = (f: (...arrays: jax.Array[]) => jax.Array) => of(jax.vmap(f as never) as never);

  it.each([
    one(
      "of a product",
      mapped((a, b) => np.matmul(a, b)),
      normal([3, 2, 4]),
      normal([3, 4, 5], 2),
    ),
    one(
      "of a convolution",
      mapped((x, k) => lax.conv(x, k, [1, 1], "SAME")),
      normal([2, 3, 2, 5, 5]),
      normal([2, 4, 2, 3, 3], 2),
    ),
    one(
      "of a gather",
      mapped((x, i) => np.take(x, i, 0)),
      normal([3, 5, 2]),
      whole([3, 4], 5),
    ),
    one("of a gradient", mapped(jax.grad((x: jax.Array) => np.sum(np.tanh(x))) as never), normal([3, 4])),
  ])("$name", async ({ f, inputs }) => {
    await agree(f, inputs);
  });
});

it("a maximum over blocks hides no NaN, and makes NaN at most a stretch around it", async () => {
  // 3 × 200 blocks of 2 × 2: rows too long to go together.
  const x = float32(
    [6, 400],
    Float32Array.from({ length: 2400 }, (_, i) => (i === 801 ? Number.NaN : i === 2000 ? Number.POSITIVE_INFINITY : i)),
  );
  const definition = {
    name: "max of blocks",
    inputs: { x },
    apply: (given: Record<string, unknown>) => {
      return { y: new NDArray(np.max((given.x as Array_).ref.reshape([3, 2, 200, 2]), [1, 3])) };
    },
  };
  const [a, b] = [await native.compile(definition), await portable.compile(definition)];
  const [actual, exact] = [(await a.run({ x })).y as Tensor, (await b.run({ x })).y as Tensor];
  expect(exact.data[200]).toBeNaN();
  expect(exact.data[400]).toBe(Number.POSITIVE_INFINITY);
  for (const [i, value] of exact.data.entries()) {
    expect(actual.data[i]).toBe(i >= 200 && i < 400 ? Number.NaN : value);
  }
});

describe("a quotient of integers", () => {
  const quotient = (a: Tensor, b: Tensor) => ({
    name: "quotient",
    inputs: { a, b },
    apply: (given: Record<string, unknown>) => {
      const [x, y] = [given.a as Array_, given.b as Array_];
      return { y: new NDArray(np.fmod(x.ref, y.ref)) };
    },
  });

  it("by zero fails on both back ends, in words, and ends no process", async () => {
    const [a, b] = [int32([2], [1, 0]), int32([2], [1, 0])];
    for (const engine of [native, portable]) {
      const program = await engine.compile(quotient(a, b));
      await expect(program.run({ a, b })).rejects.toThrow(/zero/i);
    }
  });

  it("by −1 wraps around natively, where the portable back end fails", async () => {
    const [a, b] = [int32([3], [-(2 ** 31), 7, -7]), int32([3], [-1, -1, -1])];
    const program = await native.compile(quotient(a, b));
    expect([...((await program.run({ a, b })).y as Tensor).data].map((v) => v + 0)).toEqual([0, 0, 0]);
  });
});

async function agree(f: Function_, inputs: readonly Tensor[], tolerance = 1e-5): Promise<void> {
  const named = Object.fromEntries(inputs.map((input, i) => [`x${i}`, input]));
  const definition = {
    name: "case",
    inputs: named,
    apply: (given: Record<string, unknown>) => ({ y: f(...inputs.map((_, i) => given[`x${i}`] as Array_)) }),
  };
  const [a, b] = await Promise.all([native.compile(definition), portable.compile(definition)]);
  const [[, actual], [, expected]] = [
    flatten(await a.run(named))[0] ?? [],
    flatten(await b.run(named))[0] ?? [],
  ] as unknown as [[string, Tensor], [string, Tensor]];
  a.dispose();
  b.dispose();
  expect(actual.shape).toEqual(expected.shape);
  expect(actual.dtype).toBe(expected.dtype);
  const finite = [...expected.data].filter((value) => Number.isFinite(value)).map(Math.abs);
  const scale = Math.max(1e-6, ...finite);
  for (const [i, value] of expected.data.entries()) {
    const other = actual.data[i] ?? Number.NaN;
    if (Number.isFinite(value)) expect(Math.abs(other - value) / scale).toBeLessThanOrEqual(tolerance);
    else expect(other).toBe(value);
  }
}

/** Of Σ y³, where y is the convolution of x. */
function inputGradient(x: jax.Array, k: jax.Array, strides: [number, number], padding: Padding): jax.Array {
  const cubes = (image: jax.Array) => {
    const y = lax.convGeneralDilated(image, k, strides, padding);
    return np.sum(y.ref.mul(y.ref).mul(y));
  };
  return jax.grad(cubes)(x);
}

function gradientOfTake() {
  return {
    name: "gradient of take",
    inputs: { x: normal([4, 2]), i: int32([5], [0, 0, 0, 0, 0]) },
    apply: (given: Record<string, unknown>) => {
      const { x, i } = given as Record<string, Array_>;
      const gradient = jax.grad((table: jax.Array) => np.sum(np.take(table, (i as Array_).ref, 0)));
      return { g: new NDArray(gradient((x as Array_).ref)) };
    },
  };
}
