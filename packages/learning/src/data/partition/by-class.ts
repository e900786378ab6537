import type { Key } from "@concord/engine";
import { permutation, rng, split } from "@concord/engine";
import type { Rows } from "./iid.ts";

/** The rows of each class in random order. Throws RangeError for a label outside 0 … classes − 1. */
export function shuffledByClass(labels: ArrayLike<number>, classes: number, key: Key): readonly Rows[] {
  const rows: number[][] = Array.from({ length: classes }, () => []);
  for (let i = 0; i < labels.length; i++) {
    const own = rows[labels[i] as number];
    if (own === undefined) throw new RangeError(`label ${labels[i]} of example ${i} is none of 0 … ${classes - 1}`);
    own.push(i);
  }
  return rows.map((own, c) => permutation(rng(split(key, "class", c)), own.length).map((i) => own[i] as number));
}

/** Sorted rows from the pieces that a party was dealt. */
export function joinRows(pieces: readonly Rows[]): Rows {
  const rows = new Int32Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    rows.set(piece, at);
    at += piece.length;
  }
  return rows.sort();
}
