import type { Rng } from "@concord/engine";
import type { Canvas } from "./canvas.ts";
import { drawLine, SIDE, soften } from "./canvas.ts";

/** What happens to a digit between pen and scanner: a stray stroke, a dry spot, soft focus; then grain, always. */
export function addFlaws(image: Canvas, r: Rng): Uint8Array<ArrayBuffer> {
  if (r.uniform() < 0.05) strayStroke(image, r);
  if (r.uniform() < 0.05) drySpot(image, r);
  const focused = r.uniform() < 0.4 ? soften(image, r.uniform()) : image;
  return grain(focused, r);
}

function strayStroke(image: Canvas, r: Rng): void {
  const [x, y] = [SIDE * r.uniform(), SIDE * r.uniform()];
  const [turn, length] = [2 * Math.PI * r.uniform(), 3 + 6 * r.uniform()];
  drawLine(image, x, y, x + length * Math.cos(turn), y + length * Math.sin(turn), 0.5, 0.4 + 0.5 * r.uniform());
}

/** A round spot of 2 to 3 pixels' radius where the pen left little ink. */
function drySpot(image: Canvas, r: Rng): void {
  const [x, y] = [6 + 16 * r.uniform(), 6 + 16 * r.uniform()];
  const radius = 2 + r.uniform();
  for (let i = 0; i < image.length; i++) {
    const [dx, dy] = [(i % SIDE) + 0.5 - x, Math.floor(i / SIDE) + 0.5 - y];
    if (dx * dx + dy * dy < radius * radius) image[i] = (image[i] as number) * 0.2;
  }
}

/** Bytes 0 … 255 with triangular noise of a deviation that differs from sheet to sheet. */
function grain(image: Canvas, r: Rng): Uint8Array<ArrayBuffer> {
  const amplitude = 255 * (0.02 + 0.08 * r.uniform());
  const bytes = new Uint8Array(image.length);
  for (let i = 0; i < image.length; i++) {
    // Two uniform numbers from one draw: their difference is triangular on −1 … 1.
    const bits = r.uint32();
    const noise = ((bits >>> 16) - (bits & 0xffff)) / 65536;
    const value = 255 * (image[i] as number) + amplitude * noise + 0.5;
    bytes[i] = Math.min(255, Math.max(0, value));
  }
  return bytes;
}
