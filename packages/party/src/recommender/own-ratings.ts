import type { RatingsDataset } from "@concord/learning";
import { ratingsDataset, rowsOf } from "@concord/learning";
import type { Catalogue } from "@concord/protocol";
import { ConcordError } from "@concord/protocol";
import type { PartyData } from "../join.ts";
import type { OwnRating } from "./shelf.ts";

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
export function datasetOf(ratings: readonly OwnRating[], { name, generated, scale, items }: Catalogue): RatingsDataset {
  if (ratings.length === 0) throw new ConcordError("failed_precondition", "nothing is rated yet: rate something first");
  return ratingsDataset(
    ratings.map(({ item, value }) => ({ user: "me", item, value })),
    { name, scale, itemIds: items.map(({ id }) => id), itemNames: items.map(({ title }) => title), generated },
  );
}

/** All ratings to train on and none held out: a visitor has too few to spare. So it measures nothing for the coordinator. */
export function partyDataOf(train: RatingsDataset): PartyData {
  return { train, heldOut: { ...train, targets: rowsOf([[]]) } };
}

function wrong(param: string, message: string): ConcordError {
  return new ConcordError("invalid_argument", message, { param });
}
