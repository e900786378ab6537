import type { FederationSpec } from "@concord/federation";
import type { RatingsDataset } from "@concord/learning";
import { ratingsDataset, rowsOf } from "@concord/learning";
import type { Catalogue } from "@concord/protocol";
import { ConcordError } from "@concord/protocol";
import type { PartyData } from "../join.ts";
import type { OwnRating } from "./shelf.ts";

/** What an owner says of an item: stars, or whether it was liked (1) or not (0). */
export type Feedback = RatingsDataset["feedback"];

export function feedbackOf({ task }: FederationSpec): Feedback {
  return task.loss === "bce" ? "implicit" : "explicit";
}

/** The catalogue on the scale on which a federation's owners rate: that of the data set, or not liked and liked. */
export function asRated(catalogue: Catalogue, feedback: Feedback): Catalogue {
  return feedback === "explicit" ? catalogue : { ...catalogue, scale: { min: 0, max: 1, step: 1 } };
}

/** The ratings with one more, or another one for the same item. Throws ConcordError `invalid_argument` for one that cannot be. */
export function withRating(
  ratings: readonly OwnRating[],
  added: OwnRating,
  catalogue: Catalogue,
): readonly OwnRating[] {
  checkRating(added, catalogue);
  return [...ratings.filter(({ item }) => item !== added.item), added];
}

export function checkRating({ item, value }: OwnRating, { name, items, scale }: Catalogue): void {
  if (!items.some(({ id }) => id === item)) throw wrong("item", `there is no item "${item}" in ${name}`);
  const steps = (value - scale.min) / scale.step;
  if (value >= scale.min && value <= scale.max && Math.abs(steps - Math.round(steps)) < 1e-6) return;
  const { min, max, step } = scale;
  throw wrong("value", `a rating of ${value} is off the scale, which is ${min} … ${max} in steps of ${step}`);
}

/** The ratings as a data set of one user. Throws ConcordError `failed_precondition` where there is none. */
export function datasetOf(
  ratings: readonly OwnRating[],
  { name, generated, scale, items }: Catalogue,
  feedback: Feedback,
): RatingsDataset {
  if (ratings.length === 0) throw new ConcordError("failed_precondition", "nothing is rated yet: rate something first");
  const stated = ratings.map(({ item, value }) => ({ user: "me", item, value }));
  const [itemIds, itemNames] = [items.map(({ id }) => id), items.map(({ title }) => title)];
  return { ...ratingsDataset(stated, { name, scale, itemIds, itemNames, generated }), feedback };
}

/** All ratings to train on and none held out: a visitor has too few to spare. So it measures nothing for the coordinator. */
export function partyDataOf(train: RatingsDataset): PartyData {
  return { train, heldOut: { ...train, targets: rowsOf([[]]) } };
}

function wrong(param: string, message: string): ConcordError {
  return new ConcordError("invalid_argument", message, { param });
}
