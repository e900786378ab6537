import type { StepDefinition } from "../program.ts";
import { stepModel } from "./program-model.ts";
import { UnsupportedPrimitive } from "./trace/unsupported.ts";

/** Floating-point operations of a step from which on the runtime is worth fetching. */
const WORTH_FETCHING = 20e6;

/**
 * Whether a tab without WebGPU should train on `webEngine`, and not on jax-js's own WebAssembly. jax-js must have been started.
 *
 * In Chromium the web engine was the faster one for every step tried (benchmarks/engine/web, docs/performance.md): 1.2 to 3
 * times, and 17 times where there are convolutions, for which jax-js has no fast kernel. But it has 3.7 MB to fetch, and a
 * small step takes a millisecond or two anyhow. So it is taken for convolutions, and from 20 million operations on.
 */
export async function gainsOnWeb(definition: StepDefinition): Promise<boolean> {
  try {
    const { work, convolutions } = await stepWork(definition);
    return convolutions > 0 || work >= WORTH_FETCHING;
  } catch (error) {
    if (error instanceof UnsupportedPrimitive) return false;
    throw error;
  }
}

/** What a step computes, found by tracing and lowering it: floating-point operations, roughly, and how many convolutions. */
export async function stepWork(definition: StepDefinition): Promise<{ work: number; convolutions: number }> {
  const { model, work } = await stepModel(definition);
  const body = model.graph.nodes[0]?.attributes.body;
  const nodes = body?.kind === "graph" ? body.value.nodes : [];
  return { work, convolutions: nodes.filter(({ op }) => op === "Conv").length };
}
