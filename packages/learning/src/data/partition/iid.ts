import type { Key } from "@concord/engine";
import { permutation, rng } from "@concord/engine";

/** Rows of one party, ascending. */
export type Rows = Int32Array<ArrayBuffer>;

/** Deals `examples` rows at random to parties of equal size (sizes differ by one where they must). */
export function iidPartition(examples: number, parties: number, key: Key): readonly Rows[] {
  if (!(parties >= 1 && parties <= examples)) {
    throw new RangeError(`${examples} examples cannot be dealt to ${parties} parties with at least one for each`);
  }
  return cutEvenly(permutation(rng(key), examples), parties).map((rows) => rows.sort());
}

/** Cuts a list into consecutive pieces whose sizes differ by at most one; the longer pieces come first. */
export function cutEvenly(rows: Rows, pieces: number): Rows[] {
  const size = Math.floor(rows.length / pieces);
  const longer = rows.length % pieces;
  return Array.from({ length: pieces }, (_, i) => {
    const start = i * size + Math.min(i, longer);
    return rows.slice(start, start + size + (i < longer ? 1 : 0));
  });
}
