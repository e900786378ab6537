import type { Tensor, TensorOf, TensorSpec, Tree } from "@concord/engine";
import { checkTree, firstNonFinite, flatten, int32, payloadBytes } from "@concord/engine";
import type { AutoencoderShape } from "@concord/learning";
import { decoderSpecs } from "@concord/learning";
import { gatherRows, mapItemRows, scatterRows } from "./rows.ts";

/**
 * What a party sends: the dense layers of the decoder, and of the last layer the rows of some items. `items.index` says which,
 * ascending; without it there is a row for every item.
 */
export type DecoderUpdate = Tree<Tensor>;

/** The update of a party with bare rows: `decoder` holds the rows of `active` first, whatever follows. */
export function rowsUpdate(decoder: Tree<Tensor>, active: Int32Array<ArrayBuffer>): DecoderUpdate {
  const places = Int32Array.from(active.keys());
  const cut = mapItemRows(decoder, (leaf) => gatherRows(leaf, places));
  return { ...cut, items: { ...(cut.items as Tree<Tensor>), index: int32([active.length], active) } };
}

/** The update of a party that sends the whole decoder: its rows in the place of those that came down. */
export function wholeUpdate(down: Tree<Tensor>, decoder: Tree<Tensor>, active: Int32Array<ArrayBuffer>): DecoderUpdate {
  const [before, own] = [down.items as Tree<Tensor>, decoder.items as Tree<Tensor>];
  const put = (name: "weight" | "bias") => scatterRows(before[name] as Tensor, active, own[name] as Tensor);
  return { ...decoder, items: { weight: put("weight"), bias: put("bias") } };
}

/** Bytes of float32 tensors in an update with so many rows: 4 (c h + 3 h + rows (h + 1)). */
export function uploadPayload(shape: AutoencoderShape, rows: number): number {
  return bytesOf(decoderSpecs({ ...shape, items: rows }));
}

/** Bytes of the whole autoencoder, which federated averaging sends. */
export function modelPayload(model: Tree<TensorSpec>): number {
  return bytesOf(model);
}

/** The rows that an update holds; undefined for all. */
export function rowIndex(update: DecoderUpdate): Int32Array<ArrayBuffer> | undefined {
  const index = (update.items as Tree<Tensor> | undefined)?.index as Tensor | undefined;
  return index?.dtype === "int32" ? index.data : undefined;
}

/**
 * Throws TypeError, saying which tensor or row is at fault, unless the update has the tensors of the decoder with finite values,
 * and rows in ascending order, each once, of items that there are.
 */
export function checkDecoderUpdate(update: Tree<Tensor>, shape: AutoencoderShape): void {
  const given = (update.items as Tree<Tensor> | undefined)?.index as Tensor | undefined;
  const index = given === undefined ? undefined : checkIndex(given, shape.items);
  const rows = index?.data.length ?? shape.items;
  const specs = decoderSpecs({ ...shape, items: rows });
  const expected: Tree<TensorSpec> =
    index === undefined ? specs : { ...specs, items: { ...(specs.items as Tree<TensorSpec>), index } };
  checkTree("update", update, expected);
  for (const [path, leaf] of flatten(update)) {
    const at = firstNonFinite(leaf);
    if (at >= 0)
      throw new TypeError(`update: "${path}" holds ${leaf.data[at]} at element ${at}; values must be finite`);
  }
}

function checkIndex(index: Tensor, items: number): TensorOf<"int32"> {
  if (index.dtype !== "int32" || index.shape.length !== 1) {
    throw new TypeError(`update: "items.index" must be int32 [rows], got ${index.dtype} [${index.shape.join(", ")}]`);
  }
  if (index.data.length === 0) throw new TypeError('update: "items.index" names no row');
  for (const [i, row] of index.data.entries()) {
    if (row < 0 || row >= items) throw new TypeError(`update: there is no row ${row}; rows are 0 … ${items - 1}`);
    const before = index.data[i - 1];
    if (before !== undefined && row <= before) {
      throw new TypeError(`update: row ${row} comes after row ${before}; rows must be ascending, each once`);
    }
  }
  return index;
}

function bytesOf(specs: Tree<TensorSpec>): number {
  return flatten(specs).reduce((bytes, [, spec]) => bytes + payloadBytes(spec), 0);
}

/** N, h and c of a decoder. */
export function shapeOfDecoder(decoder: Tree<Tensor>): AutoencoderShape {
  const weight = (decoder.items as Tree<Tensor>).weight as Tensor;
  const first = (decoder.first as Tree<Tensor>).weight as Tensor;
  return { items: weight.shape[0] ?? 0, hidden: weight.shape[1] ?? 0, code: first.shape[0] ?? 0 };
}
