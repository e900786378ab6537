import { key, split } from "@concord/engine";
import type { FederationSpec } from "@concord/federation";
import type { Dataset, PartitionSpec } from "@concord/learning";
import { holdOut, knownPixels, subset } from "@concord/learning";
import { isRatingsName, loadIdxFiles } from "@concord/learning/node";
import type { PartyData } from "@concord/party";
import { asInput, catalogNameOf, LIKED_FROM, loadExamples, loadTrain } from "./datasets.ts";
import { InputError } from "./output.ts";
import { ratingShares, shareOf } from "./shares.ts";
import { loadTable } from "./table-file.ts";

export interface PartyDataOptions {
  readonly dataset?: string | undefined;
  /** `k/n`: share k of n. */
  readonly shard?: string | undefined;
  readonly partition: PartitionSpec;
  /** A natural group of the data set, by name. */
  readonly group?: string | undefined;
  readonly images?: string | undefined;
  readonly labels?: string | undefined;
  /** A table, and the file that says what its columns are. */
  readonly csv?: string | undefined;
  readonly schema?: string | undefined;
  readonly heldOut: number;
  readonly seed: number;
}

/**
 * The examples that a Node party brings: two IDX files, a table, a named data set, a share of one, or a natural group of
 * one.
 */
export async function partyData(options: PartyDataOptions, spec: FederationSpec): Promise<PartyData> {
  const { shard, group, heldOut, seed, partition } = options;
  if (shard !== undefined && group !== undefined) throw new InputError("join: give --shard or --group, not both");
  const name = options.dataset ?? catalogNameOf(spec.dataset);
  if (isRatingsName(name)) return await ratingsData(name, options, spec);
  const dataset = await source(options, spec);
  if (shard !== undefined) {
    const { index, of } = parseShard(shard);
    const { train, heldOut: kept } = shareOf(dataset, { parties: of, partition, heldOut, seed }, index);
    return { train, heldOut: kept ?? train };
  }
  const own = group === undefined ? dataset : groupOf(dataset, group);
  return holdOut(own, split(key(seed), "data", "held-out"), heldOut);
}

/** The users of share k of n, or all of them; of their ratings a part is held out. */
async function ratingsData(
  name: string,
  { shard = "1/1", heldOut, seed }: PartyDataOptions,
  spec: FederationSpec,
): Promise<PartyData> {
  const feedback = spec.task.loss === "bce" ? "implicit" : "explicit";
  const ratings = await loadExamples(name, { feedback, likedFrom: LIKED_FROM });
  if (ratings.kind !== "ratings") throw new InputError(`join --dataset: ${name} holds no ratings`);
  const { index, of } = parseShard(shard);
  const sharing = { parties: of, partition: { kind: "iid" }, heldOut, seed } as const;
  const own = await asInput(() => ratingShares(ratings, sharing, "test")[index], "join --shard");
  if (own === undefined) throw new InputError(`join --shard: there is no share ${shard}`);
  return { train: own.train, heldOut: own.heldOut ?? own.train };
}

async function source(options: PartyDataOptions, spec: FederationSpec): Promise<Dataset> {
  const { images, labels, csv, schema, dataset } = options;
  if (csv !== undefined || schema !== undefined) {
    if (csv === undefined || schema === undefined) throw new InputError("join: --csv and --schema belong together");
    if (dataset !== undefined || images !== undefined || labels !== undefined) {
      throw new InputError("join: give a table, IDX files or --dataset, only one of them");
    }
    return await loadTable(csv, schema);
  }
  if (images !== undefined || labels !== undefined) {
    if (images === undefined || labels === undefined)
      throw new InputError("join: --images and --labels belong together");
    if (dataset !== undefined) throw new InputError("join: give --dataset or IDX files, not both");
    const { dataset: name, task } = spec;
    return await asInput(() => loadIdxFiles(images, labels, { name, classes: task.outputs, ...knownPixels(name) }));
  }
  return await loadTrain(dataset ?? catalogNameOf(spec.dataset));
}

function groupOf(dataset: Dataset, name: string): Dataset {
  const { groups, groupNames } = dataset;
  if (groups === undefined || groupNames === undefined)
    throw new InputError(`join --group: ${dataset.name} has no natural groups`);
  const group = groupNames.indexOf(name);
  if (group < 0)
    throw new InputError(
      `join --group: ${dataset.name} has no group "${name}"; it has ${groupNames.slice(0, 20).join(", ")}`,
    );
  const rows = Array.from(groups.keys()).filter((row) => groups[row] === group);
  return subset(dataset, rows);
}

function parseShard(text: string): { index: number; of: number } {
  const [, k, n] = /^(\d+)\/(\d+)$/.exec(text) ?? [];
  const [number, of] = [Number(k), Number(n)];
  if (!(number >= 1 && number <= of))
    throw new InputError(`join --shard: expected k/n with 1 ≤ k ≤ n, such as 3/8, got ${text}`);
  return { index: number - 1, of };
}
