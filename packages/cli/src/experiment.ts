import { readFile } from "node:fs/promises";
import type { FederationSpec } from "@concord/federation";
import { federationSpecSchema } from "@concord/federation";
import type { Examples } from "@concord/learning";
import { partitionSpecSchema, ratingsSplitSchema, taskDefaults } from "@concord/learning";
import { fromZod } from "@concord/protocol";
import { parse, YAMLParseError } from "yaml";
import { z } from "zod";
import { InputError } from "./output.ts";
import { baselinesSchema } from "./recommender/baselines.ts";
import type { Comparison } from "./simulation/compare.ts";
import { compareSchema } from "./simulation/compare.ts";
import type { Links } from "./simulation/links.ts";
import { linksSchema } from "./simulation/links.ts";
import type { Score } from "./simulation/score.ts";
import { scoreSchema } from "./simulation/score.ts";

/** Where the examples of a simulation come from and how the parties share them. */
const dataSpecSchema = z.strictObject({
  dataset: z.string().min(1),
  parties: z.int().min(1).max(100_000),
  partition: partitionSpecSchema,
  /** Use only so many examples of the data set, drawn at random. */
  limit: z.int().min(1).optional(),
  /** Share of its examples that each party keeps for evaluation; with `test: true` none. */
  heldOut: z.number().gt(0).lt(1).default(0.2),
  /** Evaluate on the data set's own test part, which the coordinator holds, instead of at the parties. */
  test: z.boolean().default(false),
  /** For ratings: stars as they are, or 1 for a rating of `likedFrom` or more and 0 for another. */
  feedback: z.enum(["explicit", "implicit"]).default("explicit"),
  likedFrom: z.number().default(3.5),
  /** For ratings: how they are divided; `heldOut` at random over all of them where it is not given. */
  split: ratingsSplitSchema.optional(),
  /** For ratings: what the parties evaluate on. Settings are chosen on "validation", results reported on "test". */
  evaluateOn: z.enum(["validation", "test"]).default("test"),
});
type DataSpec = z.output<typeof dataSpecSchema>;

/** The parts of a task that the data set settles may be left out. */
const looseTask = z.looseObject({ model: z.unknown() });

const experimentSchema = z.strictObject({
  name: z.string().min(1).max(100),
  data: dataSpecSchema,
  task: looseTask,
  algorithm: z.unknown(),
  rounds: z.unknown(),
  seed: z.unknown().default(1),
  evaluation: z.unknown().optional(),
  /** Fixed before the run, in the file. */
  score: scoreSchema.optional(),
  /** Other algorithms on the same data, shares, task and seed. */
  compare: compareSchema.default({}),
  /** Links of the parties, by which a virtual clock says how long rounds would take. */
  links: linksSchema.optional(),
  /** For ratings: recommenders to compare with, on the same split. */
  baselines: baselinesSchema.default([]),
});

export interface Experiment {
  readonly name: string;
  readonly data: DataSpec;
  readonly score: Score | undefined;
  readonly compare: Readonly<Record<string, Comparison>>;
  readonly links: Links | undefined;
  readonly baselines: z.output<typeof baselinesSchema>;
  /** The federation, once the data set is known. */
  federation(dataset: Examples): FederationSpec;
}

/** Reads an experiment file. Throws InputError that names the file, the field and what would be right. */
export async function readExperiment(path: string): Promise<Experiment> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    throw new InputError(`cannot read ${path}: ${(error as NodeJS.ErrnoException).code ?? error}`);
  }
  let value: unknown;
  try {
    value = parse(text);
  } catch (error) {
    if (error instanceof YAMLParseError) throw new InputError(`${path} is no YAML: ${error.message}`);
    throw error;
  }
  return experimentOf(value, path);
}

/** An experiment from a parsed file. */
function experimentOf(value: unknown, source: string): Experiment {
  const outer = experimentSchema.safeParse(value);
  if (!outer.success) throw new InputError(fromZod(outer.error, source).message);
  const { name, data, task, algorithm, rounds, seed, evaluation, score, compare, links, baselines } = outer.data;
  return {
    name,
    data,
    score,
    compare,
    links,
    baselines,
    federation(dataset) {
      if (baselines.length > 0 && dataset.kind !== "ratings") {
        throw new InputError(`${source}: baselines: they are of ratings, and ${dataset.name} holds labelled examples`);
      }
      const spec = federationSpecSchema.safeParse({
        name,
        dataset: dataset.name,
        task: { ...taskDefaults(dataset), ...task },
        algorithm,
        rounds,
        seed,
        minimumParties: data.parties,
        ...(evaluation === undefined ? {} : { evaluation }),
      });
      if (!spec.success) throw new InputError(fromZod(spec.error, source).message);
      return spec.data;
    },
  };
}
