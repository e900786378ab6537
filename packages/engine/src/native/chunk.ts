import type { Tensor, TensorSpec } from "../tensor.ts";
import { allocate, payloadBytes, sizeOf, tensor } from "../tensor.ts";
import type { Leaves, Tree } from "../tree.ts";
import { flatten, unflatten } from "../tree.ts";

/** Operations after which a chunk should end: about 50 ms, so that heartbeats and cancellation get their turn. */
const CHUNK_WORK = 1.5e9;
/**
 * Large steps still go a few together, as long as that takes about a second at most: a run copies parameters and state in and
 * out. (A step of the GPT: 141 instead of 158 ms of processor time with four in a run, of LoRA 111 instead of 116.)
 */
const TOGETHER = 4;
const TOGETHER_WORK = 3e10;
/** Bytes of stacked inputs, which are copied once more for a run. */
const CHUNK_BYTES = 16 * 1024 * 1024;
const CHUNK_STEPS = 64;

/** Steps in one run. A function of the program alone, not of the clock: the same program makes the same runs. */
export function chunkLength(work: number, input: Leaves<TensorSpec>): number {
  const bytes = input.reduce((sum, [, spec]) => sum + payloadBytes(spec), 0);
  const step = Math.max(work, 1);
  const timely = Math.max(CHUNK_WORK / step, Math.min(TOGETHER_WORK / step, TOGETHER));
  const fitting = Math.min(timely, CHUNK_BYTES / Math.max(bytes, 1), CHUNK_STEPS);
  return Math.max(1, Math.floor(fitting));
}

/** The inputs of several steps, stacked along a new first axis. */
export function stackInputs(specs: Leaves<TensorSpec>, inputs: readonly Tree<Tensor>[]): Leaves<Tensor> {
  const leaves = inputs.map((input) => new Map(flatten(input)));
  return specs.map(([path, { dtype, shape }]) => {
    const size = sizeOf(shape);
    const data = allocate(dtype, size * inputs.length);
    for (const [step, tree] of leaves.entries()) {
      const part = tree.get(path);
      if (part !== undefined) data.set(part.data, step * size);
    }
    return [path, tensor(dtype, [inputs.length, ...shape], data) as Tensor] as const;
  });
}

/** The outputs of each step. */
export function unstack(stacks: Leaves<Tensor>, steps: number): Tree<Tensor>[] {
  return Array.from({ length: steps }, (_, step) =>
    unflatten(
      stacks.map(([path, { dtype, shape, data }]) => {
        const own = shape.slice(1);
        const size = sizeOf(own);
        return [path, tensor(dtype, own, data.slice(step * size, (step + 1) * size) as never) as Tensor] as const;
      }),
    ),
  );
}
