import { drawDigit } from "@concord/learning";
import { personalWriter } from "@concord/party/browser";

export const SIDE = 28;

/**
 * The first digits that a tab's writer of this seed writes: the very examples it would train on, in order, 28 × 28 bytes
 * each, 0 paper … 255 ink.
 */
export function previewDigits(seed: string, count: number): Uint8Array<ArrayBuffer>[] {
  const { key, index } = personalWriter(seed);
  return Array.from({ length: count }, (_, sample) => drawDigit(key, index, (index + sample) % 10, sample));
}
