import type { Key } from "@concord/engine";
import { z } from "zod";
import type { Dataset } from "./dataset.ts";
import { classesPartition } from "./partition/classes.ts";
import { dirichletPartition } from "./partition/dirichlet.ts";
import type { Rows } from "./partition/iid.ts";
import { iidPartition } from "./partition/iid.ts";
import { naturalPartition } from "./partition/natural.ts";

/** How the examples of one data set are shared among simulated parties. */
export const partitionSpecSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("iid") }),
  z.strictObject({ kind: z.literal("classes"), classes: z.int().min(1) }),
  z.strictObject({
    kind: z.literal("dirichlet"),
    beta: z.number().positive(),
    minimum: z.int().min(1).optional(),
  }),
  z.strictObject({ kind: z.literal("natural") }),
]);
export type PartitionSpec = z.infer<typeof partitionSpecSchema>;

/**
 * The rows of each party, a function of (data set, parties, spec, key) alone; every row goes to one party.
 * Throws RangeError where the data cannot be shared that way and TypeError for a data set that lacks the labels or
 * groups that the spec needs.
 */
export function partition(of: Dataset, parties: number, spec: PartitionSpec, key: Key): readonly Rows[] {
  if (!Number.isSafeInteger(parties) || parties < 1) {
    throw new RangeError(`the number of parties must be a whole number ≥ 1, got ${parties}`);
  }
  switch (spec.kind) {
    case "iid":
      return iidPartition(of.size, parties, key);
    case "classes":
      return classesPartition(labelsOf(of, spec.kind), of.classes, parties, spec.classes, key);
    case "dirichlet":
      return dirichletPartition(labelsOf(of, spec.kind), of.classes, parties, spec, key);
    case "natural":
      if (!of.groups) throw new TypeError(`data set "${of.name}" has no natural groups; use another partition`);
      return naturalPartition(of.groups, parties, key);
  }
}

export interface PartitionSummary {
  /** Examples of each party. */
  readonly sizes: readonly number[];
  /** Examples of each class for each party: [parties][classes]. */
  readonly histograms: readonly (readonly number[])[];
}

/** Sizes and label counts of the parts. Throws RangeError for a row without a label. */
export function describePartition(
  labels: ArrayLike<number>,
  classes: number,
  parts: readonly Rows[],
): PartitionSummary {
  const histograms = parts.map((rows) => {
    const counts = new Array<number>(classes).fill(0);
    for (const row of rows) {
      const label = labels[row];
      if (label === undefined) throw new RangeError(`row ${row} has no label; there are ${labels.length}`);
      counts[label] = (counts[label] ?? 0) + 1;
    }
    return counts;
  });
  return { sizes: parts.map((rows) => rows.length), histograms };
}

function labelsOf(of: Dataset, kind: string): ArrayLike<number> {
  if (of.classes === 0)
    throw new TypeError(`data set "${of.name}" has no class labels, which partition "${kind}" needs`);
  return of.y.data;
}
