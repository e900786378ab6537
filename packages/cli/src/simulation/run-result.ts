import { loadavg } from "node:os";
import type { RoundReport } from "@concord/federation";
import { costRatio, NO_TRAFFIC } from "@concord/federation";
import { machine } from "../machine.ts";
import type { Score } from "./score.ts";
import { scoreOf } from "./score.ts";
import type { Ended, Run } from "./simulate-run.ts";

/** What is told of a run when it has ended: its line for programs, and a part of the line of a comparison. */
export type RunResult = ReturnType<typeof runResult>;

/** @param rounds those of the experiment, which a run may have cut into several each */
export function runResult(
  { spec }: Run,
  { checkpoint, seconds, diverged }: Ended,
  parties: number,
  rounds: number,
  score: Score | undefined,
) {
  const { history } = checkpoint;
  const last = history.at(-1);
  const evaluated = history.findLast(({ evaluation }) => evaluation !== null)?.evaluation;
  const traffic = last?.traffic ?? { train: NO_TRAFFIC, evaluate: NO_TRAFFIC };
  const groups = history.flatMap(({ group }) => group ?? []);
  const virtual = history.flatMap((report) => report.seconds?.total ?? []);
  return {
    rounds: checkpoint.round,
    /** The score, where the experiment has one and the run got there. */
    accuracy: diverged === undefined ? scoreOf(history, rounds, score) : null,
    ...(score && { finalAccuracy: evaluated?.accuracy ?? null }),
    loss: evaluated?.loss ?? null,
    ...(checkpoint.round === spec.rounds && { costRatio: costRatio(spec, parties, traffic.train) }),
    ...("exchanges" in spec.algorithm && { exchanges: spec.algorithm.exchanges }),
    ...(groups.length > 0 && {
      meanGroupSize: mean(groups.map((group) => group.parties.length)),
      meanDivergence: mean(groups.map(({ divergence }) => divergence)),
    }),
    bytesUp: traffic.train.wireUp + traffic.evaluate.wireUp,
    bytesDown: traffic.train.wireDown + traffic.evaluate.wireDown,
    payloadBytesUp: traffic.train.payloadUp,
    payloadBytesDown: traffic.train.payloadDown,
    ...(diverged !== undefined && { diverged }),
    /** By the simulated links: all rounds, and the longest one. */
    ...(virtual.length > 0 && {
      virtualSeconds: virtual.reduce((sum, seconds) => sum + seconds, 0),
      longestRound: Math.max(...virtual),
    }),
    seconds: Number(seconds.toFixed(1)),
  };
}

/** A row of metrics.csv for each round. */
export function roundRecords(history: readonly RoundReport[]) {
  const overLinks = history.some(({ seconds }) => seconds !== undefined);
  const others = otherMetrics(history);
  return history.map((report) => {
    const { round, members, exchanges, group, trainLoss, evaluation, traffic, seconds } = report;
    const { train, evaluate } = traffic;
    return {
      round,
      parties: members.length,
      exchanges,
      groupSize: group?.parties.length ?? null,
      divergence: group?.divergence ?? null,
      trainLoss,
      accuracy: evaluation?.accuracy ?? null,
      loss: evaluation?.loss ?? null,
      ...Object.fromEntries(others.map((name) => [name, evaluation?.metrics?.[name] ?? null])),
      bytesUp: train.wireUp + evaluate.wireUp,
      bytesDown: train.wireDown + evaluate.wireDown,
      payloadBytesUp: train.payloadUp,
      payloadBytesDown: train.payloadDown,
      ...(overLinks && { virtualSeconds: seconds?.total ?? null }),
    };
  });
}

/** Names of what was measured beside accuracy and loss, such as the ranking of a recommender. */
function otherMetrics(history: readonly RoundReport[]): string[] {
  const names = new Set(history.flatMap(({ evaluation }) => Object.keys(evaluation?.metrics ?? {})));
  return [...names].filter((name) => name !== "accuracy" && name !== "loss");
}

/** The machine, and how busy it is: the mean number of busy threads in the last 1, 5 and 15 minutes. */
export function busyMachine() {
  return { ...machine(), load: loadavg().map((load) => Number(load.toFixed(2))) };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
