import type { Key, Rng } from "@concord/engine";
import { rng, split } from "@concord/engine";
import { GLYPHS } from "./glyphs.ts";

/** What is always the same in one person's hand. Lengths are in pixels of the 28 × 28 image, angles in radians. */
export interface Writer {
  /** Height of a digit. */
  readonly height: number;
  /** Width over height. */
  readonly aspect: number;
  /** Shear: how far the top leans to the right, as a share of the height. */
  readonly slant: number;
  readonly rotation: number;
  readonly offset: readonly [x: number, y: number];
  /** Half of the pen's width. */
  readonly pen: number;
  /** Ink of a full stroke, 0 … 1. */
  readonly pressure: number;
  /** Share of the ink that is gone at the end of a curve. */
  readonly fade: number;
  /** Length of the tangents: below 1 the hand is angular, above 1 it is round. */
  readonly roundness: number;
  /** Amplitude of the tremor, and its waves in a curve. */
  readonly wobble: number;
  readonly wobbleWaves: number;
  /** How much two digits of this hand differ: deviation of a point of the skeleton, in the digit's box. */
  readonly carelessness: number;
  /** The glyph that this hand prefers for each digit. */
  readonly variants: readonly number[];
  /** The own shape of each glyph: shifts of its points in the digit's box, x and y in turn; [digit][variant]. */
  readonly shape: readonly (readonly Float64Array[])[];
}

/** Deviation of a writer's own shape from the skeleton, in the digit's box. */
const SHAPE_DEVIATION = 0.03;

/** The hand of writer `index`, a function of (key, index) alone. */
export function drawWriter(key: Key, index: number): Writer {
  const r = rng(split(key, "writer", index));
  return {
    height: clamp(19 + 2 * r.normal(), 14, 23),
    aspect: clamp(0.7 + 0.12 * r.normal(), 0.42, 1),
    slant: clamp(0.12 + 0.2 * r.normal(), -0.4, 0.65),
    rotation: 0.08 * r.normal(),
    offset: [0.8 * r.normal(), 0.8 * r.normal()],
    pen: clamp(1.35 * Math.exp(0.22 * r.normal()), 0.75, 2.2),
    pressure: clamp(0.92 + 0.1 * r.normal(), 0.6, 1),
    fade: 0.35 * r.uniform() ** 2,
    roundness: clamp(1 + 0.22 * r.normal(), 0.4, 1.5),
    wobble: 0.3 * r.uniform() ** 2,
    wobbleWaves: 1 + 2 * r.uniform(),
    carelessness: 0.012 + 0.018 * r.uniform(),
    variants: GLYPHS.map((glyphs) => r.below(glyphs.length)),
    shape: GLYPHS.map((glyphs) =>
      glyphs.map((glyph) => normals(r, 2 * glyph.reduce((sum, curve) => sum + curve.length, 0), SHAPE_DEVIATION)),
    ),
  };
}

function normals(r: Rng, count: number, deviation: number): Float64Array {
  return Float64Array.from({ length: count }, () => deviation * r.normal());
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value));
}
