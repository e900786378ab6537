/**
 * What a coordinator that keeps to the protocol learns of one-user parties, attack by attack and scheme by scheme:
 *
 *     CONCORD_DATA=… node experiments/personalfr/leakage.ts [--users 100] [--rounds 20] [--seed 1]
 *
 * Every scheme is run for as many rounds, in which all parties take part; the updates are recorded as they arrive. Writes
 * `results/leakage.json` and `results/leakage.md`: areas under the ROC curve, computed exactly for each party, with 95 % intervals over
 * the parties by the bootstrap. 0.5 is guessing, 1 is knowing.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { key, rng, sample, split } from "@concord/engine";
import { engineFor } from "@concord/engine/node";
import type { Algorithm, Interval, Observation, RowChanges, SimulatedParty } from "@concord/federation";
import {
  addDecoys,
  algorithmOf,
  auc,
  bootstrapMean,
  federationSpecSchema,
  inlineExecutor,
  likesFromBias,
  membershipByIntersection,
  membershipFromRows,
  membershipWithPopularity,
  rowChanges,
  rowIndex,
  rowsUpdate,
  simulate,
  treeBytes,
} from "@concord/federation";
import type { RatingsDataset } from "@concord/learning";
import { buildTask, ratingsOf, splitRatings, subset, taskDefaults, wantedFrom } from "@concord/learning";
import { loadRatings } from "@concord/learning/node";

const { values } = parseArgs({
  options: {
    users: { type: "string", default: "100" },
    rounds: { type: "string", default: "20" },
    seed: { type: "string", default: "1" },
  },
});
const [users, rounds, seed] = [Number(values.users), Number(values.rounds), Number(values.seed)];

/** What differs between the schemes: the algorithm's fields, and what is done to an update on its way. */
interface Scheme {
  readonly name: string;
  readonly algorithm: Readonly<Record<string, unknown>>;
  readonly onTheWay?: (observed: Observation, party: string) => Observation["update"];
}

const SCHEMES: readonly Scheme[] = [
  { name: "bare rows", algorithm: {} },
  { name: "full decoder", algorithm: { upload: { kind: "decoder" } } },
  { name: "clipping (norm 0.05)", algorithm: { disguise: { clipNorm: 0.05 } } },
  { name: "3 decoys a row, drawn anew each round", algorithm: {}, onTheWay: freshDecoys },
  { name: "1 decoy a row, kept", algorithm: { disguise: { decoys: 1 } } },
  { name: "3 decoys a row, kept", algorithm: { disguise: { decoys: 3 } } },
];

/** What is known of a party: the truth, and what the coordinator has seen. */
interface Case {
  readonly observed: readonly RowChanges[];
  /** By item. */
  readonly stars: ReadonlyMap<number, number>;
}

const ATTACKS: readonly { readonly name: string; readonly area: (of: Case) => number | undefined }[] = [
  { name: "membership, popularity alone (no message)", area: (of) => auc(popularity, rated(of)) },
  { name: "membership, rows of one round", area: (of) => auc(membershipFromRows(first(of)), rated(of)) },
  {
    name: `membership, intersection of ${rounds} rounds`,
    area: (of) => auc(membershipByIntersection(of.observed), rated(of)),
  },
  {
    name: "… with popularity",
    area: (of) => auc(membershipWithPopularity(of.observed, popularity), rated(of)),
  },
  { name: "… among the rows sent in all rounds", area: (of) => among(of, membershipByIntersection(of.observed)) },
  {
    name: "… among them, with popularity",
    area: (of) => among(of, membershipWithPopularity(of.observed, popularity)),
  },
  { name: "liked or not, of a rated item, biases of one round", area: (of) => likes(of, [first(of)]) },
  { name: `liked or not, of a rated item, biases of ${rounds} rounds`, area: (of) => likes(of, of.observed) },
];

const ratings = await loadRatings("movielens-100k");
const { train } = splitRatings(
  ratings,
  { kind: "random", test: 0.1, validation: 0 },
  split(key(seed), "data", "split"),
);
const chosen = sample(
  rng(split(key(seed), "leakage", "users")),
  Array.from({ length: train.size }, (_, user) => user),
  users,
);
const parties: SimulatedParty<RatingsDataset>[] = chosen.map((user, i) => ({
  id: `party-${String(i + 1).padStart(4, "0")}`,
  train: subset(train, [user]),
}));
/** From the users who take no part, as anybody may know it. */
const outsiders = subset(
  train,
  Array.from({ length: train.size }, (_, user) => user).filter((user) => !chosen.includes(user)),
);
const popularity = new Float64Array(train.items);
for (const item of outsiders.known.items) popularity[item] = (popularity[item] as number) + 1;

const base = {
  name: "leakage",
  dataset: train.name,
  task: {
    ...taskDefaults(train),
    model: { kind: "autoencoder" },
    optimizer: { kind: "sgd" },
    learningRate: 0.1,
    clipNorm: 1,
    batchSize: 1,
  },
  algorithm: {
    kind: "personalfr",
    localSteps: 2,
    encoder: "vector",
    privateOptimizer: { kind: "adam", learningRate: 0.02 },
    userBias: 5,
    decoderMomentum: "fresh",
    server: { kind: "adam", learningRate: 0.003, rowDecay: 0.12 },
  },
  rounds,
  seed,
  evaluation: { every: rounds },
};

const engine = await engineFor();
const table: { scheme: string; payloadBytesUpPerParty: number; attacks: Record<string, Interval | null> }[] = [];
for (const scheme of SCHEMES) {
  const started = performance.now();
  const { cases, payload } = await observe(scheme);
  const attacks = Object.fromEntries(
    ATTACKS.map(({ name, area }) => {
      const areas = cases.flatMap((of) => area(of) ?? []);
      return [name, areas.length === 0 ? null : bootstrapMean(areas, split(key(seed), "bootstrap"))];
    }),
  );
  table.push({ scheme: scheme.name, payloadBytesUpPerParty: payload, attacks });
  console.log(scheme.name, `${((performance.now() - started) / 1000).toFixed(0)} s`, attacks);
}

const folder = join(import.meta.dirname, "results");
mkdirSync(folder, { recursive: true });
const about = {
  seed,
  users,
  rounds,
  dataset: train.name,
  configuration: base,
  schemes: SCHEMES.map(({ name, algorithm }) => ({ name, algorithm })),
  machine: { cpu: cpus()[0]?.model, cores: cpus().length, load: loadavg(), node: process.version },
  date: new Date().toISOString(),
};
writeFileSync(join(folder, "leakage.json"), `${JSON.stringify({ ...about, table }, null, 2)}\n`);
writeFileSync(join(folder, "leakage.md"), markdown());

/** Runs a scheme and keeps what arrives of every party. */
async function observe({ algorithm: fields, onTheWay }: Scheme): Promise<{ cases: Case[]; payload: number }> {
  const spec = federationSpecSchema.parse({ ...base, algorithm: { ...base.algorithm, ...fields } });
  const own = algorithmOf(spec.algorithm);
  const seen = new Map<string, RowChanges[]>(parties.map(({ id }) => [id, []]));
  const watched: Algorithm = {
    ...own,
    merge(state, exchange) {
      const updates = exchange.updates.map((update) => {
        const observed = { round: exchange.round, model: state.model, update: update.tensors };
        return { ...update, tensors: onTheWay?.(observed, update.party) ?? update.tensors };
      });
      for (const { party, tensors } of updates) {
        seen.get(party)?.push(rowChanges({ round: exchange.round, model: state.model, update: tensors }));
        payload += treeBytes(tensors).payload;
      }
      return own.merge(state, { ...exchange, updates });
    },
  };
  const executor = await inlineExecutor(watched, buildTask(spec.task), engine);
  let payload = 0;
  for await (const _ of simulate({ spec, parties, executor, algorithm: watched }));
  const cases = parties.map(({ id, train: { known } }) => ({
    observed: seen.get(id) ?? [],
    stars: new Map(ratingsOf(known, 0).map(({ item, value }) => [item, value])),
  }));
  return { cases, payload: Math.round(payload / (rounds * parties.length)) };
}

/** The scheme that looks like a disguise and is none: other decoys in every round. */
function freshDecoys({ round, model, update }: Observation, party: string): Observation["update"] {
  const items = rowIndex(update);
  if (items === undefined) throw new Error("decoys are added to rows");
  const { index: _index, ...rows } = update.items as Record<string, never>;
  const disguised = addDecoys({ items, decoder: { ...update, items: rows } }, model, split(key(seed), party, round), 3);
  return rowsUpdate(disguised.decoder, disguised.items);
}

function rated({ stars }: Case) {
  return (item: number) => stars.has(item);
}

function first({ observed }: Case): RowChanges {
  return observed[0] as RowChanges;
}

/** The area over the rows that came in every round; undefined where all of them are true. */
function among(of: Case, scores: Float64Array): number | undefined {
  const counts = membershipByIntersection(of.observed);
  const sent = Array.from(counts.keys()).filter((item) => Math.floor(counts[item] as number) === of.observed.length);
  // Changes that differ by rounding alone are told apart by nobody who thinks of rounding.
  return auc(
    sent.map((item) => Number((scores[item] as number).toFixed(5))),
    (at) => of.stars.has(sent[at] as number),
  );
}

function likes({ stars }: Case, observed: readonly RowChanges[]): number | undefined {
  const scores = likesFromBias(observed);
  const own = [...stars.keys()];
  const least = wantedFrom(train.scale);
  return auc(
    own.map((item) => scores[item] as number),
    (at) => (stars.get(own[at] as number) ?? 0) >= least,
  );
}

function markdown(): string {
  const cell = (of: Interval | null | undefined) =>
    of ? `${of.mean.toFixed(3)} [${of.low.toFixed(3)}, ${of.high.toFixed(3)}]` : "–";
  const row = (cells: readonly unknown[]) => `| ${cells.join(" | ")} |`;
  return [
    `# What the coordinator learns: ${train.name}, ${users} one-user parties, ${rounds} rounds, seed ${seed}`,
    "",
    "Mean area under the ROC curve over the parties with a 95 % bootstrap interval; 0.5 is guessing. `–`: every row sent is true.",
    "",
    row(["attack", ...table.map(({ scheme }) => scheme)]),
    row(["---", ...table.map(() => "---:")]),
    ...ATTACKS.map(({ name }) => row([name, ...table.map(({ attacks }) => cell(attacks[name]))])),
    row(["payload up, bytes a party and round", ...table.map((one) => one.payloadBytesUpPerParty)]),
    "",
    `Made ${about.date} by \`experiments/personalfr/leakage.ts\` on ${about.machine.cpu}, ${about.machine.cores} cores, Node ${about.machine.node}.`,
    "",
  ].join("\n");
}
