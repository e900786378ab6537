import type { Engine, Tensor, TensorSpec, Tree } from "@concord/engine";
import type { FederationSpec, PrivateTree } from "@concord/federation";
import { algorithmOf, benches, createTrainer, federationKeys, fitAndPredict, modelSpecs } from "@concord/federation";
import type { RatingsDataset } from "@concord/learning";
import { buildTask } from "@concord/learning";
import type { Catalogue, CatalogueItem } from "@concord/protocol";
import { ConcordError } from "@concord/protocol";
import type { OwnRating } from "./shelf.ts";

export interface Recommendation {
  readonly item: CatalogueItem;
  /**
   * The rating that the owner is expected to give, or how probably the owner likes it (0 … 1); undefined where it is recommended for its
   * popularity only.
   */
  readonly score: number | undefined;
}

/** What comes down in a federation: the decoder. */
export function decoderOf({ task: stated, algorithm }: FederationSpec): {
  readonly name: string;
  readonly tensors: Tree<TensorSpec>;
} {
  const task = buildTask(stated);
  return { name: task.model.name, tensors: modelSpecs(algorithmOf(algorithm), task) };
}

/** Predicts the owner's ratings of all items, or the probabilities of likes. Programs are compiled once; one prediction runs at a time. */
export function predictor({ task: stated, algorithm, seed }: FederationSpec, engine: Engine, party: string) {
  if (algorithm.kind !== "personalfr") throw new TypeError(`"${algorithm.kind}" recommends nothing`);
  const task = buildTask(stated);
  const bench = benches(algorithm)(task);
  const trainer = createTrainer(engine, task);
  const key = federationKeys(seed).party(party);
  let queue: Promise<unknown> = Promise.resolve();
  return (model: Tree<Tensor>, data: RatingsDataset, privateState: PrivateTree | undefined): Promise<Float32Array> => {
    const next = queue.then(async () => {
      const [scores] = await fitAndPredict(algorithm, bench, {
        model,
        privateState,
        trainer: await trainer,
        key,
        data,
      });
      if (scores === undefined) throw new ConcordError("internal", "there is no user to predict for");
      return data.feedback === "explicit" ? scores : scores.map((logit) => 1 / (1 + Math.exp(-logit)));
    });
    queue = next.catch(() => {});
    return next;
  };
}

/** The k best of the items that are not rated: by score, or by popularity where there are no scores. */
export function topOf(
  { items, scale }: Catalogue,
  ratings: readonly OwnRating[],
  scores: Float32Array | undefined,
  k: number,
): readonly Recommendation[] {
  const rated = new Set(ratings.map(({ item }) => item));
  const value = (column: number) => scores?.[column] ?? items[column]?.popularity ?? 0;
  return items
    .map((item, column) => ({ item, column }))
    .filter(({ item }) => !rated.has(item.id))
    .sort((a, b) => value(b.column) - value(a.column) || b.item.popularity - a.item.popularity)
    .slice(0, k)
    .map(({ item, column }) => ({ item, score: scores && Math.min(scale.max, Math.max(scale.min, value(column))) }));
}
