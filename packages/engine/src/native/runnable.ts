import type { Program, StepProgram } from "../program.ts";
import { checkTree } from "../program.ts";
import type { Tensor, TensorSpec } from "../tensor.ts";
import type { Leaves, Tree } from "../tree.ts";
import { flatten, unflatten } from "../tree.ts";
import { chunkLength, stackInputs, unstack } from "./chunk.ts";
import type { ProgramModel, StepModel } from "./program-model.ts";
import type { Lease } from "./session-cache.ts";

/** A program whose runs can be called off; how soon that takes effect is the session's business. */
interface StoppableProgram extends Program {
  run(inputs: Tree<Tensor>, signal?: AbortSignal): Promise<Tree<Tensor>>;
}

/** A program over an open session. */
export function runnableProgram(
  name: string,
  { inputs, outputs }: Pick<ProgramModel, "inputs" | "outputs">,
  lease: Lease,
  compileMilliseconds?: number,
): StoppableProgram {
  const specs = unflatten(inputs);
  return {
    name,
    ...(compileMilliseconds !== undefined && { compileMilliseconds }),
    async run(tree, signal) {
      checkTree(`${name}: inputs`, tree, specs);
      signal?.throwIfAborted();
      const feeds = flatten(tree).map(([path, leaf]) => [`input:${path}`, leaf] as const);
      const results = await lease.session.run(new Map(feeds), signal);
      return unflatten(named("output", outputs, results));
    },
    dispose: () => lease.release(),
  };
}

/** A step over an open session: chunks of steps, between which the thread is free for timers, sockets and cancellation. */
export function runnableStep(
  name: string,
  model: Pick<StepModel, "carry" | "input" | "output" | "work">,
  lease: Lease,
  compileMilliseconds?: number,
): StepProgram {
  const [carrySpecs, inputSpecs] = [unflatten(model.carry), unflatten(model.input)];
  const length = chunkLength(model.work, model.input);
  return {
    name,
    ...(compileMilliseconds !== undefined && { compileMilliseconds }),
    async run(initial, inputs, signal) {
      checkTree(`${name}: carry`, initial, carrySpecs);
      let carry = flatten(initial);
      const outputs: Tree<Tensor>[] = [];
      const runChunk = async (chunk: readonly Tree<Tensor>[]) => {
        signal?.throwIfAborted();
        const feeds = new Map<string, Tensor>(carry.map(([path, leaf]) => [`carry:${path}`, leaf]));
        for (const [path, stack] of stackInputs(model.input, chunk)) feeds.set(`input:${path}`, stack);
        const results = await lease.session.run(feeds, signal);
        carry = named("next", model.carry, results);
        outputs.push(...unstack(named("output", model.output, results), chunk.length));
      };
      let chunk: Tree<Tensor>[] = [];
      for (const input of inputs) {
        checkTree(`${name}: input`, input, inputSpecs);
        chunk.push(input);
        if (chunk.length < length) continue;
        await runChunk(chunk);
        chunk = [];
      }
      if (chunk.length > 0) await runChunk(chunk);
      return { carry: unflatten(carry), outputs };
    },
    dispose: () => lease.release(),
  };
}

function named(kind: string, leaves: Leaves<TensorSpec>, results: ReadonlyMap<string, Tensor>): Leaves<Tensor> {
  return leaves.map(([path]) => [path, results.get(`${kind}:${path}`) as Tensor] as const);
}
