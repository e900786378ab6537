import { treePayload } from "@concord/engine";
import { buildTask } from "@concord/learning";
import type { Traffic } from "./communication.ts";
import { totalLocalSteps } from "./controls.ts";
import type { FederationSpec } from "./spec.ts";

/**
 * What a finished federation sent and received, as a share of what an exchange after every local step would have cost:
 * payload / (2 · model · |A| · T · rounds), with |A| parties active in each round (DynamicFL, notes in docs/dynamicfl.md).
 * FedSGD is 1, FedAvg 1/T.
 *
 * @param parties how many belong to the federation
 * @param train its traffic for training, from the first round to the last
 */
export function costRatio(spec: FederationSpec, parties: number, train: Traffic): number {
  const model = treePayload(buildTask(spec.task).model.parameters);
  const active = Math.min(spec.algorithm.activeParties ?? parties, parties);
  return (train.payloadUp + train.payloadDown) / (2 * model * active * totalLocalSteps(spec));
}
