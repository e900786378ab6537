import { treePayload } from "@concord/engine";
import type { Checkpoint, FederationSpec } from "@concord/federation";
import { buildTask } from "@concord/learning";

/** What a run says of a recommender besides the result of any run. */
export interface RecommenderResult {
  /** Global: the root of the mean squared error over all held-out ratings. Null for implicit feedback. */
  readonly rmse: number | null;
  readonly mae: number | null;
  /** Full ranking of what the user has not rated in training. */
  readonly ndcg10: number | null;
  readonly recall10: number | null;
  /** Ranking of the user's held-out items only, as the published code does. */
  readonly heldOutNdcg10: number | null;
  /** Mean payload of one party's update in one round. */
  readonly payloadBytesUpPerParty: number;
  readonly indexBytesUpPerParty: number;
  readonly payloadBytesDownPerParty: number;
  /** The whole autoencoder, which federated averaging sends, over `payloadBytesUpPerParty`: uploads only. */
  readonly compressionRatio: number;
}

/** The part of a run's result that is about ratings. */
export function recommenderResult({ task }: FederationSpec, { history }: Checkpoint): RecommenderResult {
  const metrics = history.findLast(({ evaluation }) => evaluation !== null)?.evaluation?.metrics ?? {};
  const updates = history.reduce((count, { members }) => count + members.length, 0);
  const { payloadUp = 0, indexUp = 0, payloadDown = 0 } = history.at(-1)?.traffic.train ?? {};
  const perParty = payloadUp / updates;
  return {
    rmse: task.loss === "mse" && metrics.loss !== undefined ? Math.sqrt(metrics.loss) : null,
    mae: metrics.absoluteError ?? null,
    ndcg10: metrics.ndcg10 ?? null,
    recall10: metrics.recall10 ?? null,
    heldOutNdcg10: metrics.heldOutNdcg10 ?? null,
    payloadBytesUpPerParty: Math.round(perParty),
    indexBytesUpPerParty: Math.round(indexUp / updates),
    payloadBytesDownPerParty: Math.round(payloadDown / updates),
    compressionRatio: treePayload(buildTask(task).model.parameters) / perParty,
  };
}
