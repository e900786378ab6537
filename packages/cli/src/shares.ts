import { key, permutation, rng, split } from "@concord/engine";
import type { SimulatedParty } from "@concord/federation";
import type { Dataset, PartitionSpec, RatingsDataset, RatingsSplitSpec } from "@concord/learning";
import { exampleCount, holdOut, iidPartition, partition, splitRatings, subset } from "@concord/learning";

export interface Sharing {
  readonly parties: number;
  readonly partition: PartitionSpec;
  /** Share of its examples that a party keeps for evaluation; 0: none. */
  readonly heldOut: number;
  readonly limit?: number | undefined;
  readonly seed: number;
  /** For ratings: how they are divided; `heldOut` for the test, at random over all of them, where it is not given. */
  readonly split?: RatingsSplitSpec | undefined;
}

/** The rows of a data set that each of the parties holds, a function of (data set, sharing) alone. */
function sharesOf(dataset: Dataset, { parties, partition: spec, limit, seed }: Sharing): readonly ArrayLike<number>[] {
  const root = split(key(seed), "data");
  if (limit === undefined || limit >= dataset.size) return partition(dataset, parties, spec, split(root, "partition"));
  const rows = permutation(rng(split(root, "limit")), dataset.size)
    .slice(0, limit)
    .sort();
  const parts = partition(subset(dataset, rows), parties, spec, split(root, "partition"));
  return parts.map((part) => Int32Array.from(part, (i) => rows[i] as number));
}

/** Party number `index` (from 0) of those who share a data set: its training examples and those it holds out. */
export function shareOf(dataset: Dataset, sharing: Sharing, index: number): SimulatedParty<Dataset> {
  const rows = sharesOf(dataset, sharing)[index];
  if (rows === undefined)
    throw new RangeError(`there are ${sharing.parties} shares, number ${index + 1} is none of them`);
  return partyOf(dataset, rows, sharing, index);
}

/** All of them. */
export function allShares(dataset: Dataset, sharing: Sharing): SimulatedParty<Dataset>[] {
  return sharesOf(dataset, sharing).map((rows, index) => partyOf(dataset, rows, sharing, index));
}

/** The name of a built-in party: of equal length, so that the order of names is the order of numbers. */
function partyName(index: number, parties: number): string {
  return `party-${String(index + 1).padStart(String(parties).length, "0")}`;
}

function partyOf(
  dataset: Dataset,
  rows: ArrayLike<number>,
  { parties, heldOut, seed }: Sharing,
  index: number,
): SimulatedParty<Dataset> {
  const id = partyName(index, parties);
  const own = subset(dataset, rows);
  if (heldOut === 0 || own.size < 2) return { id, train: own };
  const parts = holdOut(own, split(key(seed), "data", "held-out", id), heldOut);
  return { id, ...parts };
}

/** The ratings that a federation trains on and those held out, before they are dealt to parties: what a baseline has too. */
export function sharedSplit(ratings: RatingsDataset, { split: given, heldOut, seed }: Sharing) {
  const spec = given ?? { kind: "random", test: heldOut, validation: 0 };
  return splitRatings(ratings, spec, split(key(seed), "data", "split"));
}

/** The users (rows) of each party, dealt at random. */
export function usersOfParties({ size }: RatingsDataset, { parties, seed }: Sharing): readonly ArrayLike<number>[] {
  return iidPartition(size, parties, split(key(seed), "data", "partition"));
}

/** Users dealt at random to parties, each with the ratings to train on and those of the named part held out. */
export function ratingShares(
  ratings: RatingsDataset,
  sharing: Sharing,
  part: "validation" | "test",
): SimulatedParty<RatingsDataset>[] {
  const { parties } = sharing;
  const divided = sharedSplit(ratings, sharing);
  return usersOfParties(ratings, sharing).map((rows, index) => {
    const id = partyName(index, parties);
    const [train, heldOut] = [subset(divided.train, rows), subset(divided[part], rows)];
    return exampleCount(heldOut) === 0 ? { id, train } : { id, train, heldOut };
  });
}
