/**
 * The peepholes, by name. Each says in its own file what it replaces; what it gains is measured by leaving it out
 * (benchmarks/engine/peepholes.ts), and stands in docs/performance.md.
 */
export const PEEPHOLES = [
  "softmax",
  "difference",
  "quotient",
  "selection",
  "bias",
  "descent",
  "choices",
  "kernel-gradient",
  "input-gradient",
  "pooling",
  "tie-count",
  "repeat-pairs",
  "layout-wishes",
  "lanes",
] as const;

export type Peephole = (typeof PEEPHOLES)[number];
