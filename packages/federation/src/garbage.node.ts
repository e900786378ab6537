import { setFlagsFromString } from "node:v8";

/**
 * Lets V8 weigh the buffers of tensors together with its heap when it decides to collect garbage. By default a small heap is
 * collected again for every few megabytes of new buffers. A simulation, whose exchanges make a model and a state of the
 * optimiser each, spends a tenth of its processor time on that, and more where the heap is larger
 * (`benchmarks/garbage.ts`). The price is up to some hundred megabytes of garbage that wait longer.
 *
 * The flag is none that Node documents. It is set for the release that it was tried with, and others go without.
 */
export function collectByAllMemory(): void {
  if (process.versions.node.startsWith("24.")) setFlagsFromString("--external-memory-accounted-in-global-limit");
}
