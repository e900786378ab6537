import type { Key } from "@concord/engine";
import { permutation, rng } from "@concord/engine";
import type { Rows } from "./iid.ts";

/**
 * Parties along the natural groups of the data (hospitals, writers); a group is never torn apart.
 *
 * As many parties as groups: party i is group i. Fewer: whole groups in random order, each to the party that has fewest
 * examples so far. Throws RangeError if there are more parties than groups.
 */
export function naturalPartition(groups: ArrayLike<number>, parties: number, key: Key): readonly Rows[] {
  const byGroup = rowsOfGroups(groups);
  if (!(parties >= 1 && parties <= byGroup.length)) {
    throw new RangeError(`${byGroup.length} natural groups cannot make ${parties} parties`);
  }
  if (parties === byGroup.length) return byGroup.map((rows) => Int32Array.from(rows));

  const hands: number[][] = Array.from({ length: parties }, () => []);
  for (const g of permutation(rng(key), byGroup.length)) {
    const smallest = hands.reduce((a, b) => (b.length < a.length ? b : a));
    for (const row of byGroup[g] ?? []) smallest.push(row);
  }
  return hands.map((rows) => Int32Array.from(rows).sort());
}

/** Rows of each group that has any, in the order of the group numbers. */
function rowsOfGroups(groups: ArrayLike<number>): readonly (readonly number[])[] {
  const rows = new Map<number, number[]>();
  for (let i = 0; i < groups.length; i++) {
    const group = groups[i] as number;
    const own = rows.get(group);
    if (own) own.push(i);
    else rows.set(group, [i]);
  }
  return [...rows].sort(([a], [b]) => a - b).map(([, own]) => own);
}
