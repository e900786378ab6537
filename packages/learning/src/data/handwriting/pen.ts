import type { Rng } from "@concord/engine";
import type { Canvas } from "./canvas.ts";
import { drawLine } from "./canvas.ts";
import type { Curve, Point } from "./glyphs.ts";
import { GLYPHS } from "./glyphs.ts";
import type { Writer } from "./writer.ts";

/** Straight pieces in which a curve is drawn between two of its points. */
const PIECES = 5;

/** How often a writer takes another than the preferred glyph. */
const UNUSUAL = 0.06;

/** Writes a digit once: the writer's hand, varied by what `r` draws for this sample. */
export function writeDigit(on: Canvas, writer: Writer, digit: number, r: Rng): void {
  const glyphs = GLYPHS[digit];
  if (!glyphs) throw new RangeError(`digits are 0 … 9, not ${digit}`);
  const variant = r.uniform() < UNUSUAL ? r.below(glyphs.length) : (writer.variants[digit] as number);
  const shape = writer.shape[digit]?.[variant] as Float64Array;
  const place = placement(writer, r);
  const pen = writer.pen * Math.exp(0.08 * r.normal());
  const ink = Math.min(1, writer.pressure * Math.exp(0.06 * r.normal()));
  const warp = drawWarp(r);

  let k = 0;
  for (const curve of glyphs[variant] as readonly Curve[]) {
    const points = curve.map(([x, y]): Point => {
      const dx = (shape[k++] as number) + writer.carelessness * r.normal();
      const dy = (shape[k++] as number) + writer.carelessness * r.normal();
      return warp(place(x + dx, y + dy));
    });
    drawCurve(on, points, writer, pen, ink, 2 * Math.PI * r.uniform());
  }
}

/** Maps the digit's box to the image: size, slant and turn about the middle, then the offset. */
function placement(writer: Writer, r: Rng): (x: number, y: number) => Point {
  const height = writer.height * Math.exp(0.05 * r.normal());
  const width = height * writer.aspect * Math.exp(0.06 * r.normal());
  const slant = writer.slant + 0.05 * r.normal();
  const turn = writer.rotation + 0.05 * r.normal();
  const [cos, sin] = [Math.cos(turn), Math.sin(turn)];
  const cx = 14 + writer.offset[0] + 0.8 * r.normal();
  const cy = 14 + writer.offset[1] + 0.8 * r.normal();
  return (x, y) => {
    const v = (y - 0.5) * height;
    const u = (x - 0.5) * width - slant * v;
    return [cx + cos * u - sin * v, cy + sin * u + cos * v];
  };
}

/** One sample in eight is bent as on a crumpled sheet: a smooth displacement of up to about two pixels. */
function drawWarp(r: Rng): (point: Point) => Point {
  if (r.uniform() >= 1 / 8) return (point) => point;
  const amplitude = 1 + r.uniform();
  const [phaseX, phaseY] = [2 * Math.PI * r.uniform(), 2 * Math.PI * r.uniform()];
  return ([x, y]) => [x + amplitude * Math.sin(y / 4 + phaseX), y + amplitude * Math.sin(x / 4 + phaseY)];
}

/** A cardinal spline through the points, with the writer's tremor across it and the ink running out along it. */
function drawCurve(
  on: Canvas,
  points: readonly Point[],
  writer: Writer,
  pen: number,
  ink: number,
  phase: number,
): void {
  const steps = (points.length - 1) * PIECES;
  let [fromX, fromY] = points[0] as Point;
  for (let step = 1; step <= steps; step++) {
    const t = step / steps;
    let [x, y] = splinePoint(points, step / PIECES, writer.roundness);
    const tremor = writer.wobble * Math.sin(2 * Math.PI * writer.wobbleWaves * t + phase);
    x += tremor;
    y += tremor * 0.7;
    // A pen that runs fast through the middle of a curve leaves a thinner line.
    const halfWidth = pen * (1 - 0.15 * Math.sin(Math.PI * t));
    drawLine(on, fromX, fromY, x, y, halfWidth, ink * (1 - writer.fade * t));
    fromX = x;
    fromY = y;
  }
}

/** The point at parameter `at` (0 at the first point, 1 at the second, …); tangents are half the chord times `roundness`. */
function splinePoint(points: readonly Point[], at: number, roundness: number): [x: number, y: number] {
  const i = Math.min(points.length - 2, Math.floor(at));
  const t = at - i;
  const p1 = points[i] as Point;
  const p2 = points[i + 1] as Point;
  const p0 = points[i - 1] ?? p1;
  const p3 = points[i + 2] ?? p2;
  const half = roundness / 2;
  const [t2, t3] = [t * t, t * t * t];
  const [h1, h2, g1, g2] = [2 * t3 - 3 * t2 + 1, 3 * t2 - 2 * t3, t3 - 2 * t2 + t, t3 - t2];
  return [
    h1 * p1[0] + h2 * p2[0] + half * (g1 * (p2[0] - p0[0]) + g2 * (p3[0] - p1[0])),
    h1 * p1[1] + h2 * p2[1] + half * (g1 * (p2[1] - p0[1]) + g2 * (p3[1] - p1[1])),
  ];
}
