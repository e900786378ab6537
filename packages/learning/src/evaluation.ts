import type { Program, Tensor, Tree } from "@concord/engine";
import { float32 } from "@concord/engine";
import type { Examples } from "./data/index.ts";
import { gather } from "./data/index.ts";

/**
 * What was measured on held-out examples: for each metric ("loss", "accuracy") the sum of its values over the examples and
 * their number. Sums of parties add up; a mean of means would not.
 */
export interface Evaluation {
  readonly [metric: string]: { readonly sum: number; readonly count: number };
}

/**
 * Runs a task's evaluation program over a data set and adds up in float64.
 *
 * The last batch is filled with repetitions of the last example, at weight 0: a repeated example cannot bring in an
 * infinity that the data do not hold. No examples give counts of 0. Rejects with the signal's reason when it is aborted.
 *
 * @param program the compiled `task.evaluation(batch)`
 * @param parameters the model's parameters
 * @param batch the size that the program was made for
 */
export async function evaluate(
  program: Program,
  parameters: Tree<Tensor>,
  data: Examples,
  batch: number,
  signal?: AbortSignal,
): Promise<Evaluation> {
  const sums = new Map<string, number>();
  for (let start = 0; start < data.size; start += batch) {
    signal?.throwIfAborted();
    const rows = Int32Array.from({ length: batch }, (_, i) => Math.min(start + i, data.size - 1));
    const weight = Float32Array.from({ length: batch }, (_, i) => (start + i < data.size ? 1 : 0));
    const outputs = await program.run({ parameters, ...gather(data, rows), weight: float32([batch], weight) });
    for (const [name, output] of Object.entries(outputs)) {
      sums.set(name, (sums.get(name) ?? 0) + scalarOf(name, output));
    }
  }
  const { count = 0, ...others } = Object.fromEntries(sums);
  return Object.fromEntries(
    Object.entries(others).map(([name, sum]) => [name === "correct" ? "accuracy" : name, { sum, count }]),
  );
}

/** The sum of two evaluations; a metric that only one of them has is kept as it is. */
export function addEvaluations(a: Evaluation, b: Evaluation): Evaluation {
  const total: Record<string, { sum: number; count: number }> = { ...a };
  for (const [metric, { sum, count }] of Object.entries(b)) {
    const before = total[metric] ?? { sum: 0, count: 0 };
    total[metric] = { sum: before.sum + sum, count: before.count + count };
  }
  return total;
}

/** The mean of a metric over all examples, or undefined where it was measured on none. */
export function meanOf(evaluation: Evaluation, metric: string): number | undefined {
  const { sum, count } = evaluation[metric] ?? { sum: 0, count: 0 };
  return count > 0 ? sum / count : undefined;
}

/** What several parties measured, taken together. */
export interface Means {
  /** Over all examples; null for a metric that nobody measured. */
  readonly accuracy: number | null;
  readonly loss: number | null;
  /** How many examples were looked at: of each party as many as its most complete metric counts. */
  readonly examples: number;
  /** Every metric that somebody measured. */
  readonly metrics: Readonly<Record<string, number>>;
}

/** Adds up what parties measured. The order given is that of the additions, on which the last bits depend. */
export function means(results: readonly Evaluation[]): Means {
  const total = results.reduce(addEvaluations, {});
  const measured = Object.keys(total)
    .map((name) => [name, meanOf(total, name)] as const)
    .filter((metric): metric is readonly [string, number] => metric[1] !== undefined);
  const examples = results.map((result) => Math.max(0, ...Object.values(result).map(({ count }) => count)));
  return {
    accuracy: meanOf(total, "accuracy") ?? null,
    loss: meanOf(total, "loss") ?? null,
    examples: Math.round(examples.reduce((a, b) => a + b, 0)),
    metrics: Object.fromEntries(measured),
  };
}

function scalarOf(name: string, output: Tensor | Tree<Tensor>): number {
  const value = "data" in output && ArrayBuffer.isView(output.data) ? output.data[0] : undefined;
  if (typeof value !== "number") throw new TypeError(`an evaluation must return scalars, "${name}" is none`);
  return value;
}
