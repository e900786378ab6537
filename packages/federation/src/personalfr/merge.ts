import type { Tensor, Tree } from "@concord/engine";
import { flatten, tensor, unflatten } from "@concord/engine";
import { hasItemRows } from "./rows.ts";
import type { DecoderUpdate } from "./update.ts";
import { rowIndex } from "./update.ts";

/**
 * The mean of what the members S sent, in float64 and in the order given (section on partial compression of Le et al. 2022;
 * their code wrote the rule down and then left it out):
 *
 *     "all":     D_i ← D_i + (1/|S|) Σ_{k: i ∈ A_k} (D_{k,i} − D_i), that is, a member without item i counts with the old row
 *     "active":  the mean over those members only who have item i; a row that nobody has stays
 *
 * for row i of the last layer, and the plain mean for all other tensors. A member has an item if it sent another row than the
 * one that went down, so it makes no difference whether it sent its rows or the whole decoder.
 */
export function mergeDecoders(
  before: Tree<Tensor>,
  updates: readonly DecoderUpdate[],
  rule: "all" | "active",
): Tree<Tensor> {
  const sent = updates.map((update) => ({ leaves: new Map(flatten(update)), index: rowIndex(update) }));
  const weight = new Map(flatten(before)).get("items.weight") as Tensor;
  const bias = new Map(flatten(before)).get("items.bias") as Tensor;
  const rows = sent.map((one) => changedRows(one, weight, bias));
  const members = membersOf(rows, bias.data.length);
  return unflatten(
    flatten(before).map(([path, old]) => {
      const [current, change] = [floatsOf(old), new Float64Array(old.data.length)];
      const byRow = hasItemRows(path);
      const width = byRow ? old.data.length / bias.data.length : old.data.length;
      for (const [k, { leaves }] of sent.entries()) {
        const own = floatsOf(leaves.get(path) as Tensor);
        addChange(change, current, own, byRow ? (rows[k] as readonly Place[]) : EVERYTHING, width);
      }
      const shared = byRow && rule === "active";
      const next = new Float32Array(change.length);
      for (let e = 0; e < next.length; e++) {
        const counted = shared ? Math.max(1, members[Math.floor(e / width)] as number) : sent.length;
        next[e] = (current[e] as number) + (change[e] as number) / counted;
      }
      return [path, tensor("float32", old.shape, next)] as const;
    }),
  );
}

/** A tensor without item rows is one row. */
const EVERYTHING: readonly Place[] = [{ row: 0, at: 0 }];

/** Adds D_k − D on the given rows of so many elements. */
function addChange(
  change: Float64Array,
  current: Float32Array,
  own: Float32Array,
  places: readonly Place[],
  width: number,
): void {
  for (const { row, at } of places) {
    const [to, from] = [row * width, at * width];
    for (let j = 0; j < width; j++) {
      change[to + j] = (change[to + j] as number) + (own[from + j] as number) - (current[to + j] as number);
    }
  }
}

/** Decoders are float32, which `checkUpdate` has seen to. */
function floatsOf(leaf: Tensor): Float32Array {
  return leaf.data as Float32Array;
}

/** A row of the catalogue and its place in an update. */
interface Place {
  readonly row: number;
  readonly at: number;
}

function changedRows(
  { leaves, index }: { readonly leaves: ReadonlyMap<string, Tensor>; readonly index: Int32Array | undefined },
  weight: Tensor,
  bias: Tensor,
): Place[] {
  if (index !== undefined) return Array.from(index, (row, at) => ({ row, at }));
  const width = weight.shape[1] ?? 1;
  const [sentWeight, sentBias] = [leaves.get("items.weight") as Tensor, leaves.get("items.bias") as Tensor];
  const [now, then] = [floatsOf(sentWeight), floatsOf(weight)];
  const differs = (row: number) => {
    if (sentBias.data[row] !== bias.data[row]) return true;
    for (let e = row * width; e < (row + 1) * width; e++) if (now[e] !== then[e]) return true;
    return false;
  };
  return Array.from({ length: bias.data.length }, (_, row) => ({ row, at: row })).filter(({ row }) => differs(row));
}

/** How many members have each item. */
function membersOf(rows: readonly (readonly Place[])[], items: number): Int32Array {
  const count = new Int32Array(items);
  for (const own of rows) for (const { row } of own) count[row] = (count[row] ?? 0) + 1;
  return count;
}
