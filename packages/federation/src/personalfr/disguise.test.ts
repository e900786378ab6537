import type { Tensor, Tree } from "@concord/engine";
import { flatten, key, mapTree, rng, tensor } from "@concord/engine";
import { decoderInit } from "@concord/learning";
import { describe, expect, it } from "vitest";
import { addDecoys, clipUpdate, disguiseOf, type TrainedRows } from "./disguise.ts";
import { rowChanges } from "./leakage/observation.ts";
import { gatherRows, mapItemRows } from "./rows.ts";
import { personalfrSpecSchema } from "./spec.ts";
import { rowsUpdate, wholeUpdate } from "./update.ts";

const SHAPE = { items: 30, hidden: 3, code: 2 };
const MODEL = decoderInit(SHAPE, key("model"));
const OWN = Int32Array.from([2, 5, 11, 28]);
const SECRET = key("secret");

/** The party's rows, followed by padding as local work leaves it, each value moved at random. */
function trainedRows(seed: number): TrainedRows {
  const random = rng(key(seed));
  const rows = mapItemRows(MODEL, (leaf) => gatherRows(leaf, OWN, 8));
  const moved = mapTree(
    rows,
    ({ shape, data }) =>
      tensor(
        "float32",
        shape,
        Float32Array.from(data, (value) => value + random.normal()),
      ) as Tensor,
  );
  return { items: OWN, decoder: moved };
}

const changesOf = ({ items, decoder }: TrainedRows) =>
  rowChanges({ round: 1, model: MODEL, update: rowsUpdate(decoder, items) });
const leaf = (tree: Tree<Tensor>, path: string) => new Map(flatten(tree)).get(path) as Tensor;

describe("decoys", () => {
  it("are rows of other items that imitate each own row equally often, and leave the own rows alone", () => {
    const trained = trainedRows(1);
    const disguised = addDecoys(trained, MODEL, SECRET, 3);
    expect(disguised.items).toHaveLength(4 * OWN.length);
    expect([...disguised.items]).toEqual([...new Set(disguised.items)].sort((a, b) => a - b));
    const [before, after] = [changesOf(trained), changesOf(disguised)];
    for (const item of OWN) expect(after.norm[item]).toBe(before.norm[item]);
    // Changes are exact to float32, so equal ones are counted after rounding.
    const round = (norm: number) => norm.toFixed(4);
    const counts = new Map<string, number>();
    for (const item of disguised.items) {
      const norm = round(after.norm[item] ?? 0);
      counts.set(norm, (counts.get(norm) ?? 0) + 1);
    }
    expect([...counts.values()]).toEqual([4, 4, 4, 4]);
    for (const item of disguised.items) {
      const twin = OWN.find((own) => round(before.norm[own] ?? 0) === round(after.norm[item] ?? 0)) ?? -1;
      expect(Math.abs(after.bias[item] ?? 0)).toBeCloseTo(Math.abs(before.bias[twin] ?? 0), 5);
    }
  });

  it("are the same in every round, so that an intersection removes none", () => {
    const [first, second] = [1, 2].map((seed) => addDecoys(trainedRows(seed), MODEL, SECRET, 2));
    expect(second?.items).toEqual(first?.items);
    expect(addDecoys(trainedRows(1), MODEL, key("another"), 2).items).not.toEqual(first?.items);
  });

  it("end where the catalogue does", () => {
    expect([...addDecoys(trainedRows(1), MODEL, SECRET, 50).items]).toEqual(Array.from({ length: 30 }, (_, i) => i));
  });
});

describe("clipping", () => {
  it("scales the change of the whole decoder to the norm", () => {
    const clipped = clipUpdate(trainedRows(1), MODEL, 0.5);
    let squares = 0;
    const full = wholeUpdate(MODEL, clipped.decoder, clipped.items);
    for (const [path, { data }] of flatten(full)) {
      for (const [e, value] of data.entries())
        squares += ((value as number) - (leaf(MODEL, path).data[e] as number)) ** 2;
    }
    expect(Math.sqrt(squares)).toBeCloseTo(0.5, 5);
    // The direction stays.
    const [before, after] = [changesOf(trainedRows(1)), changesOf(clipped)];
    const ratio = (after.norm[2] ?? 0) / (before.norm[2] ?? 0);
    for (const item of OWN) expect((after.norm[item] ?? 0) / (before.norm[item] ?? 0)).toBeCloseTo(ratio, 4);
  });

  it("leaves a shorter change alone", () => {
    const trained = trainedRows(1);
    const same = clipUpdate(trained, MODEL, 1e6);
    expect(rowsUpdate(same.decoder, same.items)).toEqual(rowsUpdate(trained.decoder, OWN));
  });
});

it("a specification states both, or none", () => {
  const spec = (disguise?: object) => personalfrSpecSchema.parse({ kind: "personalfr", localSteps: 1, disguise });
  const trained = trainedRows(1);
  expect(disguiseOf(spec())(trained, MODEL, SECRET)).toBe(trained);
  const both = disguiseOf(spec({ decoys: 1, clipNorm: 0.5 }))(trained, MODEL, SECRET);
  expect(both).toEqual(addDecoys(clipUpdate(trained, MODEL, 0.5), MODEL, SECRET, 1));
});
