import type { Tensor, Tree } from "@concord/engine";
import { flatten, float32, key, portableEngine, rng, scalar, unflatten } from "@concord/engine";
import { autoencoder, buildTask } from "@concord/learning";
import { describe, expect, it } from "vitest";
import type { Reference } from "../../test/reference-autoencoder.ts";
import { lossAndGradient, sgdStep } from "../../test/reference-autoencoder.ts";
import { TINY_ITEMS, tinyRecommender } from "../../test/tiny-recommender.ts";
import { benches } from "./bench.ts";
import { personalfrSpecSchema } from "./spec.ts";

const N = TINY_ITEMS;
const ACTIVE = [3, 4, 9, 17, 30];
const STEPS = 3;
const HYPER = { rate: 0.1, mu: 0.9, clip: 1 };

/** A user who has rated the active items, and dropout masks. */
const x = Array.from({ length: N }, (_, item) => (ACTIVE.includes(item) ? 1 + (item % 5) : 0));
const observed = x.map((value) => (value > 0 ? 1 : 0));
const masks = Array.from({ length: STEPS }, (_, step) => [0, 1, 2, 3].map((i) => ((i + step) % 2 === 0 ? 2 : 0)));

/** The user on some items alone. */
const of = (values: readonly number[], items: readonly number[]) => items.map((item) => values[item] ?? 0);
const hasRows = (name: string) => /items\.weight$/.test(name);

describe("a local step on the active items", () => {
  const random = rng(key("reference"));
  const dense = reference(
    flatten(autoencoder({ items: N, hidden: 6, code: 4 }).init(key(4))).map(([path, leaf]) => [
      path,
      float32(
        leaf.shape,
        Array.from(leaf.data, (value) => value + 0.1 * random.normal()),
      ),
    ]),
  );
  const everything = Array.from({ length: N }, (_, item) => item);

  it("equals the dense step without weight decay in float64 to 1e-12, and inactive rows keep no momentum", () => {
    const whole = train(dense, everything);
    const compact = train(onItems(dense, ACTIVE), ACTIVE);
    for (const [name, matrix] of Object.entries(compact.p)) {
      const expected = onItems(whole.p, ACTIVE)[name] as number[][];
      expect(worst(matrix, expected)).toBeLessThan(1e-12);
    }
    expect(compact.loss).toBeCloseTo(whole.loss, 12);
    const rest = everything.filter((item) => !ACTIVE.includes(item));
    for (const name of ["encoder.items.weight", "decoder.items.weight"]) {
      const momenta = rest.map((item) => whole.momentum[name]?.[item] as number[]);
      expect(momenta.flat().every((value) => value === 0)).toBe(true);
    }
    expect(rest.map((item) => whole.p["decoder.items.weight"]?.[item])).toEqual(
      rest.map((item) => dense["decoder.items.weight"]?.[item]),
    );
  });

  it("does in float32, with padding, what the reference does, to 1e-5", async () => {
    const spec = personalfrSpecSchema.parse({ kind: "personalfr", localSteps: STEPS, encoder: "published" });
    const task = buildTask(tinyRecommender().task);
    const bench = benches(spec)(task);
    const size = { rows: 32, batch: 1, users: 1 };
    const definition = bench.localStep(size);
    expect(bench.localStep({ ...size })).toBe(definition);
    const program = await (await portableEngine()).compileStep(definition);
    const padded = (tree: Reference) =>
      mapRows(tree, (rows) => [...rows, ...zeroRows(32 - rows.length, rows[0]?.length)]);
    const parameters = asTrees(padded(onItems(dense, ACTIVE)), 32);
    const zeros = asTrees(
      mapAll(padded(onItems(dense, ACTIVE)), () => 0),
      32,
    );
    const input = (step: number) => ({
      own: { x: float32([1, 32], pad(of(x, ACTIVE))) },
      y: float32([1, 32], pad(of(x, ACTIVE))),
      weight: float32(
        [1, 32],
        pad(of(observed, ACTIVE)).map((o) => o / ACTIVE.length),
      ),
      dropout: float32([1, 4], masks[step] as number[]),
      ownRate: scalar(HYPER.rate),
      decoderRate: scalar(HYPER.rate),
    });
    const { carry, outputs } = await program.run(
      {
        own: parameters.encoder,
        decoder: parameters.decoder,
        ownOptimizer: { momentum: zeros.encoder },
        decoderOptimizer: { momentum: zeros.decoder },
      },
      masks.map((_, step) => input(step)),
    );
    const expected = train(onItems(dense, ACTIVE), ACTIVE);
    const { loss } = outputs.at(-1) ?? {};
    expect((loss as Tensor).data[0]).toBeCloseTo(expected.loss, 4);
    const actual = reference(flatten({ encoder: carry.own, decoder: carry.decoder } as Tree<Tensor>));
    for (const [name, matrix] of Object.entries(expected.p)) {
      const found = (actual[name] as number[][]).map((row) => row.slice(0, matrix[0]?.length));
      expect(worst(found.slice(0, matrix.length), matrix)).toBeLessThan(1e-5);
      // Padding has no gradient: it stays what it was.
      if (hasRows(name))
        expect(
          found
            .slice(matrix.length)
            .flat()
            .every((value) => value === 0),
        ).toBe(true);
    }
  });

  function train(start: Reference, items: readonly number[]) {
    let [p, momentum, loss] = [start, mapAll(start, () => 0), 0];
    for (const mask of masks) {
      const seen = of(x, items);
      const result = lossAndGradient(p, seen, seen, of(observed, items), mask);
      ({ p, momentum } = sgdStep(p, result.gradient, momentum, HYPER));
      loss = result.loss;
    }
    return { p, momentum, loss };
  }
});

/** Parameters by path, vectors as one row. */
function reference(leaves: Iterable<readonly [string, Tensor]>): Reference {
  return Object.fromEntries(
    Array.from(leaves, ([path, { shape, data }]) => {
      const width = shape.length === 2 ? (shape[1] as number) : data.length;
      const rows = data.length / width;
      return [path, Array.from({ length: rows }, (_, i) => [...data.slice(i * width, (i + 1) * width)] as number[])];
    }),
  );
}

function asTrees(p: Reference, rows: number): { encoder: Tree<Tensor>; decoder: Tree<Tensor> } {
  const leaves = Object.entries(p).map(([path, m]): [string, Tensor] => {
    const isMatrix = path.endsWith(".weight") && !path.includes("norm");
    const values = path === "decoder.items.bias" ? pad(m[0] as number[], rows) : m.flat();
    return [path, float32(isMatrix ? [m.length, (m[0] as number[]).length] : [values.length], values)];
  });
  return unflatten(leaves) as { encoder: Tree<Tensor>; decoder: Tree<Tensor> };
}

/** The parameters of some items, and all that belong to none. */
function onItems(p: Reference, items: readonly number[]): Reference {
  const pick = mapRows(p, (rows) => items.map((item) => rows[item] as number[]));
  return { ...pick, "decoder.items.bias": [of(p["decoder.items.bias"]?.[0] as number[], items)] };
}

function mapRows(p: Reference, f: (rows: number[][]) => number[][]): Reference {
  return Object.fromEntries(Object.entries(p).map(([name, m]) => [name, hasRows(name) ? f(m) : m]));
}

function mapAll(p: Reference, f: (value: number) => number): Reference {
  return Object.fromEntries(Object.entries(p).map(([name, m]) => [name, m.map((row) => row.map(f))]));
}

function zeroRows(count: number, width = 0): number[][] {
  return Array.from({ length: count }, () => new Array<number>(width).fill(0));
}

function pad(values: readonly number[], size = 32): number[] {
  return [...values, ...new Array<number>(size - values.length).fill(0)];
}

/** The largest difference, relative to the size of what is expected (at least 1). */
function worst(a: readonly (readonly number[])[], b: readonly (readonly number[])[]): number {
  return Math.max(
    ...b.flatMap((row, i) =>
      row.map((value, j) => Math.abs(value - (a[i]?.[j] as number)) / Math.max(1, Math.abs(value))),
    ),
  );
}
