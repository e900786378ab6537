import type { Tensor, Tree } from "@concord/engine";
import { float32, int32, key, mapTree } from "@concord/engine";
import { autoencoder, decoderInit } from "@concord/learning";
import { describe, expect, it } from "vitest";
import { treeBytes } from "../communication.ts";
import { gatherRows, mapItemRows } from "./rows.ts";
import { checkDecoderUpdate, modelPayload, rowsUpdate, uploadPayload, wholeUpdate } from "./update.ts";

const shape = { items: 6, hidden: 4, code: 3 };
const down = decoderInit(shape, key(1));
const active = Int32Array.of(1, 4);
const trained = mapTree(
  mapItemRows(down, (leaf) => gatherRows(leaf, active, 3)),
  (leaf) =>
    float32(
      leaf.shape,
      Array.from(leaf.data, (value) => value + 1),
    ),
);
const update = rowsUpdate(trained, active);

/** The update with another tensor in `items`. */
function changed(name: string, leaf: Tensor): Tree<Tensor> {
  return { ...update, items: { ...(update.items as Tree<Tensor>), [name]: leaf } };
}

describe("the update of a decoder", () => {
  it("with bare rows has the bytes of the formula, and says apart what its row numbers take", () => {
    expect(treeBytes(update)).toEqual({ payload: uploadPayload(shape, 2), index: 8 });
    expect(uploadPayload(shape, 2)).toBe(4 * (3 * 4 + 3 * 4 + 2 * (4 + 1)));
    expect(treeBytes(wholeUpdate(down, trained, active))).toEqual({ payload: uploadPayload(shape, 6), index: 0 });
  });

  it("takes at most 290 KB for MovieLens 1M with one user a party, 27 times less than the whole autoencoder", () => {
    const films = { items: 3706, hidden: 256, code: 128 };
    const [own, whole] = [uploadPayload(films, 149), modelPayload(autoencoder(films).parameters)];
    expect(own).toBe(287_316);
    expect(whole).toBe(7_874_536);
    expect(whole / own).toBeGreaterThan(27);
  });

  it("puts rows into the decoder that came down, if all of it is sent", () => {
    const { weight, bias } = wholeUpdate(down, trained, active).items as Record<"weight" | "bias", Tensor>;
    const before = (down.items as Tree<Tensor>).weight as Tensor;
    expect([...bias.data]).toEqual([0, 1, 0, 0, 1, 0]);
    expect([...weight.data.slice(0, 4)]).toEqual([...before.data.slice(0, 4)]);
    expect(weight.data[4]).toBeCloseTo((before.data[4] as number) + 1, 6);
  });

  it("is accepted with bare rows and whole", () => {
    expect(() => checkDecoderUpdate(update, shape)).not.toThrow();
    expect(() => checkDecoderUpdate(wholeUpdate(down, trained, active), shape)).not.toThrow();
  });

  it.each<[string, Tree<Tensor>, string]>([
    ["rows that are not sorted", changed("index", int32([2], [4, 1])), "row 1 comes after row 4"],
    ["a row twice", changed("index", int32([2], [4, 4])), "row 4 comes after row 4"],
    ["a row that there is not", changed("index", int32([2], [4, 6])), "there is no row 6; rows are 0 … 5"],
    ["a negative row", changed("index", int32([2], [-1, 4])), "there is no row -1"],
    ["row numbers that are floats", changed("index", float32([2], [1, 4])), "must be int32 [rows], got float32 [2]"],
    ["no row", changed("index", int32([0], [])), "names no row"],
    [
      "fewer rows than numbers",
      changed("index", int32([3], [0, 1, 4])),
      '"items.bias" is float32[2], expected float32[3]',
    ],
    ["NaN", changed("bias", float32([2], [0, Number.NaN])), '"items.bias" holds NaN at element 1'],
    ["an infinity", changed("bias", float32([2], [Infinity, 0])), "holds Infinity at element 0"],
    ["a tensor of the encoder", { ...update, encoder: float32([1], [0]) }, 'no tensor "encoder" is expected'],
  ])("is refused with %s", (_what, wrong, message) => {
    expect(() => checkDecoderUpdate(wrong, shape)).toThrow(message);
  });
});
