/** Width and height of an image in pixels. */
export const SIDE = 28;

/** Ink of each pixel, 0 (paper) … 1, row by row from the top left; the centre of pixel (0, 0) is the point (0.5, 0.5). */
export type Canvas = Float32Array<ArrayBuffer>;

export function blankCanvas(): Canvas {
  return new Float32Array(SIDE * SIDE);
}

/**
 * Draws one line from a to b with a round pen, antialiased: a pixel is inked by how far its centre lies inside the line.
 * Where strokes cross, the darker one shows.
 */
export function drawLine(
  on: Canvas,
  ax: number,
  ay: number,
  bx: number,
  by: number,
  halfWidth: number,
  ink: number,
): void {
  const reach = halfWidth + 0.5;
  const left = Math.max(0, Math.floor(Math.min(ax, bx) - reach));
  const right = Math.min(SIDE - 1, Math.floor(Math.max(ax, bx) + reach));
  const top = Math.max(0, Math.floor(Math.min(ay, by) - reach));
  const bottom = Math.min(SIDE - 1, Math.floor(Math.max(ay, by) + reach));
  const dx = bx - ax;
  const dy = by - ay;
  const length2 = dx * dx + dy * dy;
  const perLength2 = length2 > 0 ? 1 / length2 : 0;

  for (let row = top; row <= bottom; row++) {
    const py = row + 0.5 - ay;
    for (let column = left; column <= right; column++) {
      const px = column + 0.5 - ax;
      const along = (px * dx + py * dy) * perLength2;
      const t = Math.min(1, Math.max(0, along));
      const ex = px - t * dx;
      const ey = py - t * dy;
      const d2 = ex * ex + ey * ey;
      if (d2 >= reach * reach) continue;
      const cover = reach - Math.sqrt(d2);
      const value = ink * Math.min(1, cover);
      const at = row * SIDE + column;
      if (value > (on[at] as number)) on[at] = value;
    }
  }
}

/** Softens an image: each pixel becomes the mean of itself and its four neighbours, mixed in with the given share. */
export function soften(image: Canvas, share: number): Canvas {
  const soft = blankCanvas();
  const own = 1 - 0.8 * share;
  const other = 0.2 * share;
  for (let row = 0; row < SIDE; row++) {
    for (let column = 0; column < SIDE; column++) {
      const at = row * SIDE + column;
      let around = 0;
      if (row > 0) around += image[at - SIDE] as number;
      if (row < SIDE - 1) around += image[at + SIDE] as number;
      if (column > 0) around += image[at - 1] as number;
      if (column < SIDE - 1) around += image[at + 1] as number;
      soft[at] = own * (image[at] as number) + other * around;
    }
  }
  return soft;
}
