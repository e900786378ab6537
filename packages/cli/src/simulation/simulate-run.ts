import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { engineFor, removeUnfinished, writeDurably } from "@concord/engine/node";
import type { Checkpoint, Executor, FederationSpec, Network, SimulatedParty } from "@concord/federation";
import {
  algorithmOf,
  decodeCheckpoint,
  encodeCheckpoint,
  initialCheckpoint,
  inlineExecutor,
  NonFiniteUpdate,
  simulate,
} from "@concord/federation";
import { workerPool } from "@concord/federation/node";
import type { Examples } from "@concord/learning";
import { buildTask } from "@concord/learning";
import { InputError } from "../output.ts";

/** One algorithm of an experiment. */
export interface Run {
  readonly name: string;
  readonly spec: FederationSpec;
  /** Where its checkpoint and its results go. */
  readonly folder: string;
  /** What an earlier, interrupted command left. */
  readonly from: Checkpoint | undefined;
}

export interface Ended {
  readonly checkpoint: Checkpoint;
  readonly seconds: number;
  /** Why the run could not go on, if its model left the finite numbers. */
  readonly diverged: string | undefined;
}

export interface Surroundings {
  readonly parties: readonly SimulatedParty[];
  readonly test: Examples | undefined;
  readonly links: Network | undefined;
  readonly workers: number;
  /** No other run goes on in this thread. */
  readonly alone: boolean;
  readonly signal?: AbortSignal;
  /** Told after every round, and how many seconds the run has taken. */
  readonly onRound: (checkpoint: Checkpoint, seconds: number) => void;
}

/** A round may be short: checkpoints are written after an evaluation, or when so many seconds have gone by. */
const CHECKPOINT_SECONDS = 5;

export function checkpointOf(folder: string): string {
  return join(folder, "checkpoint.safetensors");
}

/** Throws InputError for a checkpoint that is damaged or belongs to something else. */
export async function readCheckpoint(folder: string, spec: FederationSpec): Promise<Checkpoint | undefined> {
  const file = checkpointOf(folder);
  if (!existsSync(file)) return undefined;
  try {
    return decodeCheckpoint(await readFile(file), spec);
  } catch (error) {
    throw new InputError(`${file}: ${error instanceof Error ? error.message : error} (or --fresh)`);
  }
}

/** Simulates a run to its end, or to the round in which it diverges. */
export async function simulateRun(
  run: Run,
  { parties, test, links, workers, alone, signal, onRound }: Surroundings,
): Promise<Ended> {
  const { spec, folder, from } = run;
  const started = performance.now();
  const seconds = () => (performance.now() - started) / 1000;
  await removeUnfinished(folder);
  let last = from ?? initialCheckpoint(spec);
  let written = started;
  let diverged: string | undefined;
  const executor = await executorOf(spec, workers, alone);
  try {
    const rounds = simulate({
      spec,
      parties,
      executor,
      ...(test && { test }),
      ...(links && { links }),
      ...(from && { from }),
      ...(signal && { signal }),
    });
    for await (const checkpoint of rounds) {
      last = checkpoint;
      const { round, history } = checkpoint;
      const due =
        history.at(-1)?.evaluation || round === spec.rounds || performance.now() - written > 1000 * CHECKPOINT_SECONDS;
      if (due) {
        await writeDurably(checkpointOf(folder), encodeCheckpoint(checkpoint, spec));
        written = performance.now();
      }
      onRound(checkpoint, seconds());
    }
  } catch (error) {
    if (!(error instanceof NonFiniteUpdate)) throw error;
    diverged = `round ${last.round + 1}: ${error.message}`;
  } finally {
    await executor.close();
  }
  return { checkpoint: last, seconds: seconds(), diverged };
}

/**
 * Worker threads, or this thread where one of them would do all the work: models then need not be copied from thread to thread and
 * back. (DynamicFL with 63 exchanges a round: 1.9 s a round instead of 2.2.)
 */
async function executorOf(spec: FederationSpec, workers: number, alone: boolean): Promise<Executor> {
  if (workers > 1 || !alone) return workerPool(spec, workers);
  return inlineExecutor(algorithmOf(spec.algorithm), buildTask(spec.task), await engineFor());
}
