import { join } from "node:path";
import type { Coordinator } from "@concord/coordinator";
import { decodeSafetensors } from "@concord/engine";
import { totalTraffic } from "@concord/federation";
import { machine } from "./machine.ts";
import { writeResults } from "./results.ts";

/** The last line of a run, for programs. */
export type RunResult = {
  readonly type: "result";
  readonly dataset: string;
  readonly rounds: number;
  readonly accuracy: number | null;
  readonly loss: number | null;
  readonly accuracySource: string;
  readonly bytesUp: number;
  readonly bytesDown: number;
  /** Tensor data of training alone, which the papers' formulas count. */
  readonly payloadBytesUp: number;
  readonly payloadBytesDown: number;
};

/** Writes `<dir>/runs/<federation>/` of a federation that has finished. */
export async function recordRun(
  coordinator: Coordinator,
  id: string,
  dir: string,
): Promise<{ readonly result: RunResult; readonly folder: string; readonly seconds: number }> {
  const view = await coordinator.federation(id);
  const rounds = await coordinator.rounds(id);
  const payload = totalTraffic((await coordinator.parties(id)).map(({ train }) => train));
  const last = rounds.at(-1);
  const chooses = rounds.some(({ group }) => group !== null);
  const evaluated = rounds.findLast(({ accuracy, loss }) => accuracy !== null || loss !== null);
  const result: RunResult = {
    type: "result",
    dataset: view.spec.dataset,
    rounds: view.round,
    accuracy: evaluated?.accuracy ?? null,
    loss: evaluated?.loss ?? null,
    accuracySource: view.accuracySource,
    bytesUp: last?.wireUp ?? 0,
    bytesDown: last?.wireDown ?? 0,
    payloadBytesUp: payload.payloadUp,
    payloadBytesDown: payload.payloadDown,
  };
  const folder = join(dir, "runs", id);
  const { tensors } = decodeSafetensors(await coordinator.currentModel(id));
  await writeResults(folder, {
    config: view.spec,
    machine: machine(),
    rounds: rounds.map(({ round, status, members, group, trainLoss, accuracy, loss, wireUp, wireDown }) => ({
      round,
      status,
      parties: members.filter(({ completed }) => completed).length,
      ...(chooses && { groupSize: group?.parties.length ?? null, divergence: group?.divergence ?? null }),
      trainLoss,
      accuracy,
      loss,
      bytesUp: wireUp,
      bytesDown: wireDown,
    })),
    result,
    model: tensors,
  });
  const began = Date.parse(rounds[0]?.startedAt ?? view.createdAt);
  const ended = Date.parse(last?.endedAt ?? view.createdAt);
  return { result, folder, seconds: Math.max(0, (ended - began) / 1000) };
}
