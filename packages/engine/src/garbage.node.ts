import { setFlagsFromString } from "node:v8";

/** Of Node 24; neither is documented by Node. */
const FLAGS = ["--external-memory-accounted-in-global-limit", "--heap-growing-percent=100"];

/**
 * Lets V8 weigh the buffers of tensors together with its heap when it decides to collect garbage, and collect when both have
 * doubled since the last time. By default a small heap is collected again for every few megabytes of new buffers, and
 * every exchange makes several of the size of a model: a simulation spends a tenth of its processor time on that and more
 * where its heap is larger (`benchmarks/garbage.ts`), a coordinator a quarter (`benchmarks/coordinator-exchanges.ts`). The
 * price is garbage that waits longer.
 *
 * A program asks for it, not a library, since it holds for the whole process. The flags are set for the release that they
 * were tried with, and others go without.
 */
export function collectByAllMemory(): void {
  if (process.versions.node.startsWith("24.")) for (const flag of FLAGS) setFlagsFromString(flag);
}
