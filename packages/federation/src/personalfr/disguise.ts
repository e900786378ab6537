import type { Key, Tensor, Tree } from "@concord/engine";
import { allocate, flatten, mapTree, permutation, rng, split, tensor } from "@concord/engine";
import { gatherRows, hasItemRows, mapItemRows } from "./rows.ts";
import type { PersonalfrSpec } from "./spec.ts";

/** A decoder as a party has trained it, with rows for some items only. */
export interface TrainedRows {
  /** Ascending. */
  readonly items: Int32Array<ArrayBuffer>;
  /** Row i of the last layer is that of `items[i]`. */
  readonly decoder: Tree<Tensor>;
}

/**
 * What a party makes of its update before it goes up, so that it tells less. Noise and masks for sums that cancel out have their
 * place here, too.
 *
 * @param model what came down
 * @param secret known to the party alone and always the same (`TrainContext.secret`), so that repetitions add nothing to what the first
 * update told
 */
export type Disguise = (trained: TrainedRows, model: Tree<Tensor>, secret: Key) => TrainedRows;

/** The disguise that a specification states: first the norm is clipped, then decoys are added. */
export function disguiseOf({ disguise }: PersonalfrSpec): Disguise {
  return (trained, model, secret) => {
    const clipped = disguise?.clipNorm === undefined ? trained : clipUpdate(trained, model, disguise.clipNorm);
    return disguise === undefined || disguise.decoys === 0
      ? clipped
      : addDecoys(clipped, model, secret, disguise.decoys);
  };
}

/**
 * Scales the change of the whole decoder down to the given norm where it is longer. By itself this hides nothing, because it keeps
 * which rows have changed and in what proportion; it bounds what one party can do, which noise needs.
 */
export function clipUpdate({ items, decoder }: TrainedRows, model: Tree<Tensor>, clipNorm: number): TrainedRows {
  const down = new Map(flatten(mapItemRows(model, (leaf) => gatherRows(leaf, items))));
  const trained = mapItemRows(decoder, (leaf) => gatherRows(leaf, firstOf(items)));
  let squares = 0;
  for (const [path, { data }] of flatten(trained)) {
    const before = (down.get(path) as Tensor).data;
    for (let e = 0; e < data.length; e++) squares += ((data[e] as number) - (before[e] as number)) ** 2;
  }
  const scale = Math.min(1, clipNorm / Math.sqrt(squares || 1));
  const clipped = mapTree(trained, (leaf, path) => {
    const before = (down.get(path) as Tensor).data;
    const data = new Float32Array(leaf.data.length);
    for (let e = 0; e < data.length; e++) {
      data[e] = (before[e] as number) * (1 - scale) + scale * (leaf.data[e] as number);
    }
    return tensor("float32", leaf.shape, data) as Tensor;
  });
  return { items, decoder: clipped };
}

/**
 * Adds rows of items that the party has not rated: `perRow` for each of its own, as far as there are so many. Every decoy imitates one
 * own row, each own row being imitated equally often, with its change or the opposite of it; so in the update alone nothing tells
 * the row that is imitated from those that imitate it. Items, matches and signs are drawn once from the secret.
 *
 * What it does not hide: items without a row are surely not rated; popular items are likelier to be true than decoys; and of an item
 * known to be rated the update still tells whether it was liked. Over many parties the opposite changes cancel out.
 */
export function addDecoys(
  { items, decoder }: TrainedRows,
  model: Tree<Tensor>,
  secret: Key,
  perRow: number,
): TrainedRows {
  const catalogue = (new Map(flatten(model)).get("items.bias") as Tensor).data.length;
  const own = new Map(Array.from(items, (item, row) => [item, row]));
  const strangers = permutation(rng(split(secret, "decoys")), catalogue).filter((item) => !own.has(item));
  const decoys = strangers.subarray(0, perRow * items.length);
  const sources = new Map<number, { readonly row: number; readonly sign: number }>();
  for (const [item, row] of own) sources.set(item, { row, sign: 1 });
  for (let first = 0; first < decoys.length; first += items.length) {
    const random = rng(split(secret, "matches", first));
    const matches = permutation(random, items.length);
    for (const [at, item] of decoys.subarray(first, first + items.length).entries()) {
      sources.set(item, { row: matches[at] as number, sign: random.below(2) === 0 ? 1 : -1 });
    }
  }
  const all = Int32Array.from(sources.keys()).sort();
  const down = new Map(flatten(model));
  const rows = mapTree(decoder, (leaf, path) => {
    if (!hasItemRows(path)) return leaf;
    const before = (down.get(path) as Tensor).data;
    const width = leaf.shape.slice(1).reduce((product, axis) => product * axis, 1);
    const data = allocate("float32", all.length * width);
    for (const [at, item] of all.entries()) {
      const { row, sign } = sources.get(item) as { row: number; sign: number };
      const imitated = items[row] as number;
      const isOwn = imitated === item;
      for (let j = 0; j < width; j++) {
        const value = leaf.data[row * width + j] as number;
        const change = sign * (value - (before[imitated * width + j] as number));
        data[at * width + j] = isOwn ? value : (before[item * width + j] as number) + change;
      }
    }
    return tensor("float32", [all.length, ...leaf.shape.slice(1)], data) as Tensor;
  });
  return { items: all, decoder: rows };
}

function firstOf(items: Int32Array): Int32Array {
  return Int32Array.from(items.keys());
}
