import type { Key } from "@concord/engine";
import { permutation, rng, split } from "@concord/engine";

export interface BatchPlan {
  readonly key: Key;
  /** Examples that the party has, ≥ 1. */
  readonly examples: number;
  /** Rows in a batch, ≥ 1. */
  readonly batchSize: number;
}

/**
 * The rows of the batch of a local step, a function of (plan, step) alone.
 *
 * Batches are drawn without replacement: the shuffled epochs 0, 1, 2, … (epoch e in the order of the stream
 * split(key, "epoch", e)) are laid end to end, and step s takes the rows s · batchSize … (s + 1) · batchSize − 1 of that
 * line. A batch may therefore straddle two epochs, every batch is full, and a party with fewer examples than a batch
 * sees some of them more than once in it.
 * Throws RangeError for a size below 1 or a step below 0.
 */
export function batchIndices(plan: BatchPlan & { readonly step: number }): Int32Array<ArrayBuffer> {
  return batches(plan)(plan.step);
}

/** `batchIndices` for one plan after another step: it keeps the order of the latest epoch, so that going on costs no shuffle. */
export function batches({ key, examples, batchSize }: BatchPlan): (step: number) => Int32Array<ArrayBuffer> {
  requireWhole("examples", examples, 1);
  requireWhole("batchSize", batchSize, 1);
  let epoch = -1;
  let order = new Int32Array();

  return (step) => {
    requireWhole("step", step, 0);
    const rows = new Int32Array(batchSize);
    const first = step * batchSize;
    for (let i = 0; i < batchSize; i++) {
      const due = Math.floor((first + i) / examples);
      if (due !== epoch) {
        epoch = due;
        order = permutation(rng(split(key, "epoch", epoch)), examples);
      }
      rows[i] = order[(first + i) % examples] as number;
    }
    return rows;
  };
}

function requireWhole(name: string, value: number, least: number): void {
  if (!Number.isSafeInteger(value) || value < least) {
    throw new RangeError(`${name} must be a whole number ≥ ${least}, got ${value}`);
  }
}
