import { availableParallelism } from "node:os";

/** Floating-point operations of a step from which on a second thread has enough to do. */
const WORTH_SHARING = 1e9;
/** More never helped one operator here. */
const MOST = 4;

/**
 * Threads inside one operator, for a program of so much work a step.
 *
 * Several workers side by side use the cores better than one with several threads, so each has one. A training that is alone on
 * its machine takes a thread for each core where its steps are large: on two idle cores 1.3 to 1.9 times as fast for the CNN and
 * the GPT, but slower for the small MLP and no faster for the autoencoder. The choice depends on the program and on the machine
 * and not on the load of the moment, because results repeat to the bit for one number of threads only.
 */
export function threadsFor(work: number, alone: boolean, cores = availableParallelism()): number {
  return alone && work >= WORTH_SHARING ? Math.min(cores, MOST) : 1;
}
