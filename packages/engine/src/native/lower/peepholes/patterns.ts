import { difference } from "./difference.ts";
import { inputGradient } from "./input-gradient.ts";
import type { Peephole } from "./names.ts";
import type { Pattern } from "./pattern.ts";
import { quotient } from "./quotient.ts";
import { selection } from "./selection.ts";
import { softmax } from "./softmax.ts";

/** Tried in this order on every equation; the first that applies wins. */
export const PATTERNS: readonly (readonly [Peephole, Pattern])[] = [
  ["softmax", softmax],
  ["difference", difference],
  ["quotient", quotient],
  ["selection", selection],
  ["input-gradient", inputGradient],
];
