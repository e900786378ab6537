import { setFlagsFromString } from "node:v8";

/**
 * Lets V8 weigh the buffers of tensors together with its heap when it decides to collect garbage. By default a small heap is
 * collected again for every few megabytes of new buffers, and every exchange makes several of the size of a model: a
 * simulation spends a tenth of its processor time on that and more where its heap is larger (`benchmarks/garbage.ts`), a
 * coordinator a third (`benchmarks/coordinator-exchanges.ts`). The price is garbage that waits longer, some tens of
 * megabytes of it.
 *
 * A program asks for it, not a library, since it holds for the whole process. The flag is none that Node documents: it is
 * set for the release that it was tried with, and others go without.
 */
export function collectByAllMemory(): void {
  if (process.versions.node.startsWith("24.")) setFlagsFromString("--external-memory-accounted-in-global-limit");
}
