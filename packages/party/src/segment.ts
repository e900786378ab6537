import type { Key, Tensor, TensorSpec, Tree } from "@concord/engine";
import { encodeSafetensors } from "@concord/engine";
import type { Algorithm, Trainer } from "@concord/federation";
import { downloadSpecs, modelSpecs } from "@concord/federation";
import type { Task } from "@concord/learning";
import type { ReplyResponse } from "@concord/protocol";
import { ConcordError } from "@concord/protocol";
import type { CoordinatorClient } from "./client.ts";
import type { PartyData } from "./join.ts";
import type { Lease, LeasedWork } from "./lease.ts";
import { checkModelSize, readModel } from "./model-check.ts";
import type { PrivateStore } from "./private-state.ts";
import { stateBefore } from "./private-state.ts";

/** What a party works with: all of it follows from its identity, its data and its own code. */
export interface Workbench {
  readonly party: string;
  readonly task: Task;
  readonly algorithm: Algorithm;
  readonly trainer: Trainer;
  /** The party's stream of the federation's seed. */
  readonly key: Key;
  /** The stream of the party's own secret. */
  readonly secret: Key;
  readonly data: PartyData;
  readonly privateStore: PrivateStore;
  readonly client: CoordinatorClient;
}

export interface SegmentResult {
  readonly status: ReplyResponse["status"];
  readonly loss: number;
}

/**
 * Trains one segment: down comes the model, up goes the update, the private state stays here. Where the update is known
 * not to count, the private state goes back to what it was: a state that is ahead of the merges would bias an algorithm
 * whose coordinator keeps the sum of what the parties keep (SCAFFOLD, FedDyn).
 */
export async function trainSegment(
  work: Extract<LeasedWork, { readonly kind: "train" }>,
  bench: Workbench,
  signal: AbortSignal,
): Promise<SegmentResult> {
  const { party, task, algorithm, trainer, key, secret, data, privateStore, client } = bench;
  const { lease, steps, segment } = work;
  const label = { round: lease.round, segment: segment.index };
  const before = stateBefore(await privateStore.entries(), label);
  const takeBack = () => (before === undefined ? privateStore.clear() : privateStore.put({ ...label, state: before }));
  const trained = await algorithm.train({
    task,
    trainer,
    plan: { round: lease.round, steps },
    segment: { party, ...segment },
    model: await downloadModel(lease, downloadSpecs(algorithm, task), bench, signal),
    privateState: before,
    data: data.train,
    key,
    secret,
    signal,
  });
  signal.throwIfAborted();
  if (!Number.isFinite(trained.loss)) {
    throw new ConcordError("failed_precondition", `training diverged: the loss is ${trained.loss}`);
  }
  // Before the reply: were it stored after, a party killed in between would have lost the state of a segment that counts.
  await privateStore.put({ ...label, state: trained.privateState });
  const update = await client.upload(encodeSafetensors(trained.update), signal).catch(async (error: unknown) => {
    await takeBack();
    throw error;
  });
  const { status } = await client.reply(lease.id, { kind: "train", update, loss: trained.loss }, signal);
  if (status === "late") await takeBack();
  return { status, loss: trained.loss };
}

/** Measures the model of a round on the party's held-out examples. */
export async function evaluateRound({ lease }: LeasedWork, bench: Workbench, signal: AbortSignal): Promise<void> {
  const { task, algorithm, trainer, key, data, privateStore, client } = bench;
  const evaluation = await algorithm.evaluate({
    task,
    trainer,
    model: await downloadModel(lease, modelSpecs(algorithm, task), bench, signal),
    privateState: stateBefore(await privateStore.entries(), { round: lease.round + 1, segment: 0 }),
    data: data.heldOut,
    key,
    signal,
  });
  await client.reply(lease.id, { kind: "evaluate", evaluation }, signal);
}

async function downloadModel(
  lease: Lease,
  tensors: Tree<TensorSpec>,
  { task, client }: Workbench,
  signal: AbortSignal,
): Promise<Tree<Tensor>> {
  const expected = { name: task.model.name, tensors };
  checkModelSize(expected, lease.model);
  return readModel(expected, await client.download(lease.model, signal));
}
