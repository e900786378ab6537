import { key, rng, split } from "@concord/engine";
import { drawDigit } from "@concord/learning";

export const SIDE = 28;

/**
 * The first digits that a tab's writer of this seed writes: the very examples it would train on, in order, 28 × 28 bytes
 * each, 0 paper … 255 ink. (The party library derives the writer from the seed in the same way; a test holds them together.)
 */
export function previewDigits(seed: string, count: number): Uint8Array<ArrayBuffer>[] {
  const root = key(seed);
  const writer = rng(split(root, "index")).below(1_000_000);
  return Array.from({ length: count }, (_, sample) => drawDigit(root, writer, (writer + sample) % 10, sample));
}
