import type { Value } from "./graph.ts";
import type { Matrix } from "./rules/dot.ts";
import type { Piece } from "./view.ts";

/**
 * A matrix product whose layout is still open: [batch, m, n] or [batch, n, m] cost the same, and which of them saves a
 * transposition only its first reader knows. Views of it have the strides of [batch, m, n] until it is settled.
 */
export interface Product {
  readonly kind: "product";
  readonly m: number;
  readonly n: number;
  readonly operands: { readonly a: Matrix; readonly b: Matrix; readonly batch: number };
  /** Emits the product in one layout; the first call decides. */
  settle(swapped: boolean): Settled;
  readonly settled: () => Settled | undefined;
  /** Whether [batch, n, m] is the layout in which the program's outputs want the result, as far as one can see ahead. */
  readonly prefersSwapped: () => boolean;
}

export interface Settled {
  readonly value: Value;
  readonly swapped: boolean;
}

/** The pieces in the strides of [batch, n, m]; a piece that runs over a border of n or of m·n is cut there. */
export function swapPieces({ m, n }: Product, pieces: readonly Piece[]): Piece[] {
  const cut = pieces.flatMap((piece) => cutAt(piece, n)).flatMap((piece) => cutAt(piece, m * n));
  return cut.map(({ size, stride }) => {
    if (stride >= m * n || stride === 0) return { size, stride };
    return { size, stride: stride < n ? stride * m : stride / n };
  });
}

function cutAt({ size, stride }: Piece, border: number): Piece[] {
  if (stride === 0 || stride >= border || stride * size <= border) return [{ size, stride }];
  const inner = border / stride;
  return [
    { size: size / inner, stride: border },
    { size: inner, stride },
  ];
}
