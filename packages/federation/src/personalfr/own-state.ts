import type { Tensor, TensorOf, Tree } from "@concord/engine";
import { float32, int32, zipTrees } from "@concord/engine";
import type { RatingsDataset } from "@concord/learning";
import { activeItems, decoderSpecs, zeroState } from "@concord/learning";
import type { PrivateTree } from "../private-tree.ts";
import { keepPrivate, openPrivate } from "../private-tree.ts";
import type { Bench } from "./bench.ts";
import type { WorkSize } from "./private-part.ts";
import { bucketOf, firstRows, gatherRows, hasItemRows, mapItemRows, scatterRows } from "./rows.ts";

/**
 * A party's own state, opened for work: all that never leaves it. Tensors with item rows are padded to the program's size; on the
 * party's disk they hold the rows of its active items alone.
 */
export interface OwnState {
  readonly size: WorkSize;
  /** A, ascending: the items of the rows before the padding. */
  readonly active: Int32Array<ArrayBuffer>;
  /** The encoder, or the codes. */
  readonly own: Tree<Tensor>;
  readonly ownOptimizer: Tree<Tensor>;
  readonly decoderOptimizer: Tree<Tensor>;
  /** [users]: what is subtracted from a user's ratings before the model sees them. */
  readonly biases: Float32Array<ArrayBuffer>;
  /** False for a party that has not trained yet. */
  readonly trained: boolean;
}

/** Opens what a party has kept, or begins afresh. Items that it has rated since get fresh rows. */
export function openOwn(bench: Bench, kept: PrivateTree | undefined, ratings: RatingsDataset): OwnState {
  const active = activeItems(ratings.known);
  const rows = bucketOf(active.length, bench.shape.items);
  const size = { rows, batch: Math.min(bench.task.batchSize, ratings.size), users: ratings.size };
  const before = kept && openPrivate(kept);
  const biases = (before?.biases as TensorOf<"float32"> | undefined)?.data;
  // Who gives its ratings to other users than before has to begin anew.
  if (before === undefined || biases?.length !== ratings.size) return freshOwn(bench, size, active);
  const branch = (name: string) => (before[name] ?? {}) as Tree<Tensor>;
  const items = (before.items as TensorOf<"int32">).data;
  const same = items.length === active.length && items.every((item, i) => item === active[i]);
  const take = same ? padded : moved(items, active);
  // Drawing a fresh encoder costs more than a round of training, so it is done for new items only.
  const fresh = same ? undefined : freshOwn(bench, size, active);
  return {
    size,
    active,
    own: take(branch("own"), size.rows, fresh?.own),
    ownOptimizer: take(branch("ownOptimizer"), size.rows, fresh?.ownOptimizer),
    decoderOptimizer:
      before.decoderOptimizer === undefined
        ? decoderZeros(bench, size)
        : take(branch("decoderOptimizer"), size.rows, fresh?.decoderOptimizer),
    biases,
    trained: true,
  };
}

/** What a party keeps on its own disk; `momentum` says whether that of the decoder stays. */
export function closeOwn(state: OwnState, momentum: "kept" | "fresh"): PrivateTree {
  const { active, own, ownOptimizer, decoderOptimizer, biases } = state;
  const places = firstRows(active.length);
  const cut = (tree: Tree<Tensor>) => mapItemRows(tree, (leaf) => gatherRows(leaf, places));
  return keepPrivate({
    own: cut(own),
    ownOptimizer: cut(ownOptimizer),
    ...(momentum === "kept" && { decoderOptimizer: cut(decoderOptimizer) }),
    items: int32([active.length], active),
    biases: float32([biases.length], biases),
  });
}

function freshOwn(bench: Bench, size: WorkSize, active: Int32Array<ArrayBuffer>): OwnState {
  const { part, ownOptimizer } = bench;
  return {
    size,
    active,
    own: padded(part.init(size.users, active), size.rows),
    ownOptimizer: zeroState(ownOptimizer.state(part.specs(size))),
    decoderOptimizer: decoderZeros(bench, size),
    biases: new Float32Array(size.users),
    trained: false,
  };
}

function decoderZeros({ shape, decoderOptimizer }: Bench, { rows }: WorkSize): Tree<Tensor> {
  return zeroState(decoderOptimizer.state(decoderSpecs({ ...shape, items: rows })));
}

/** The tensors of the party's disk with zeros below their item rows. */
function padded(tree: Tree<Tensor>, rows: number): Tree<Tensor> {
  return mapItemRows(tree, (leaf) => gatherRows(leaf, firstRows(leaf.shape[0] ?? 0), rows));
}

/** The same for other items: rows of items that stayed go to their new places, new items have those of `fresh`. */
function moved(items: Int32Array, active: Int32Array) {
  const places = new Map(Array.from(items, (item, at) => [item, at]));
  const stayed = firstRows(active.length).filter((i) => places.has(active[i] as number));
  const from = stayed.map((i) => places.get(active[i] as number) as number);
  return (tree: Tree<Tensor>, _rows: number, fresh: Tree<Tensor> = {}) =>
    zipTrees(fresh, tree, (leaf, old, path) =>
      hasItemRows(path) ? scatterRows(leaf, stayed, gatherRows(old, from)) : old,
    );
}
