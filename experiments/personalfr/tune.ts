/**
 * Settings of the light recommender by their RMSE on the validation ratings: every candidate changes the chosen settings in one or two
 * places, and each is run once with the same seed. The test ratings are not looked at.
 *
 *     CONCORD_DATA=… node experiments/personalfr/tune.ts [--films 100k|1m|100k-fedavg] [--seed 1]
 *
 * Finished candidates are kept at once in `results/tuning-<films>.json` and skipped the next time.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { stringify } from "yaml";
import { commit, outcome, REPOSITORY, startConcord } from "../concord-process.ts";
import { CELLS, experimentOf } from "./cells.ts";

/** What a candidate changes. */
interface Candidate {
  readonly rounds?: number;
  /** Rounds over which the learning rates fall to 0 by a cosine; as many as there are, if it is not given. */
  readonly horizon?: number;
  /** Of the parties' own steps. */
  readonly learningRate?: number;
  readonly algorithm?: Readonly<Record<string, unknown>>;
  readonly server?: Readonly<Record<string, unknown>>;
}

interface Tried extends Candidate {
  readonly seed: number;
  readonly rmse: number;
  readonly ndcg10: number;
  readonly seconds: number;
  readonly commit: string;
  readonly date: string;
}

const { values } = parseArgs({
  options: { films: { type: "string", default: "100k" }, seed: { type: "string", default: "1" } },
});
const CANDIDATES: Readonly<Record<string, readonly Candidate[]>> = {
  "100k": [
    {},
    { rounds: 100 },
    { rounds: 75 },
    { server: { rowDecay: 0.25 } },
    { server: { rowDecay: 0.5 } },
    { server: { learningRate: 0.002 } },
    { server: { learningRate: 0.005 } },
    { algorithm: { dropout: 0.65 } },
    { algorithm: { dropout: 0.8 } },
    { algorithm: { localSteps: 1 } },
    { algorithm: { privateOptimizer: { kind: "adam", learningRate: 0.01 } } },
    { algorithm: { userBias: 10 } },
    { rounds: 100, server: { rowDecay: 0.25 } },
    { rounds: 100, algorithm: { dropout: 0.65 } },
    { server: { rowDecay: 0.06 } },
    { rounds: 75, server: { rowDecay: 0.06 } },
    { algorithm: { dropout: 0.35 } },
    { rounds: 75, algorithm: { dropout: 0.35 } },
    { rounds: 75, server: { learningRate: 0.005 } },
    { rounds: 75, algorithm: { privateOptimizer: { kind: "adam", learningRate: 0.04 } } },
    { rounds: 75, algorithm: { localSteps: 4 } },
    { rounds: 50 },
    { rounds: 75, horizon: 150 },
    { rounds: 100, horizon: 150 },
    { rounds: 100, horizon: 200 },
    { server: { learningRate: 0.008 } },
    { rounds: 100, horizon: 150, server: { learningRate: 0.005 } },
    { server: { learningRate: 0.005, rowDecay: 0.08 } },
    { server: { learningRate: 0.005, rowDecay: 0.16 } },
  ],
  "1m": [
    {},
    { rounds: 100 },
    { rounds: 90, horizon: 150 },
    { rounds: 120, horizon: 200 },
    { server: { learningRate: 0.005 } },
    { server: { rowDecay: 0.06 } },
    { server: { learningRate: 0.005, rowDecay: 0.06 } },
    { server: { rowDecay: 0.03 } },
    { server: { learningRate: 0.008, rowDecay: 0.06 } },
  ],
  // Federated averaging of the whole autoencoder has no server step; what there is to choose is the rate of the parties.
  "100k-fedavg": [{ learningRate: 0.1 }, { learningRate: 1 }, { learningRate: 10 }],
};
/** What the candidates change: settings that an earlier, smaller search on MovieLens 100K had found. */
const START = { learningRate: 0.003, rowDecay: 0.12 };

const candidates = CANDIDATES[values.films];
const BASES: Readonly<Record<string, string>> = {
  "100k": "100k-explicit-943",
  "1m": "1m-explicit-6040",
  "100k-fedavg": "100k-explicit-943-fedavg",
};
const base = CELLS.find(({ id, seed }) => id === BASES[values.films] && seed === 1);
if (candidates === undefined || base === undefined) throw new RangeError("--films is 100k, 1m or 100k-fedavg");
const seed = Number(values.seed);
const kept = join(import.meta.dirname, "results", `tuning-${values.films}.json`);
const tried: Tried[] = existsSync(kept) ? JSON.parse(readFileSync(kept, "utf8")) : [];
const nameOf = ({ rounds, horizon, learningRate, algorithm, server }: Candidate) =>
  JSON.stringify([rounds, horizon, learningRate, algorithm, server]);

for (const candidate of candidates) {
  if (tried.some((one) => one.seed === seed && nameOf(one) === nameOf(candidate))) continue;
  const rounds = candidate.rounds ?? base.rounds;
  const horizon = candidate.horizon ?? rounds;
  const server = { ...(base.algorithm.server as object), ...START, cosineRounds: horizon, ...candidate.server };
  const learningRate = candidate.learningRate ?? base.task.learningRate;
  const task = { ...base.task, learningRate, schedule: { kind: "cosine", rounds: horizon } };
  const steps = base.algorithm.kind === "personalfr" ? { server } : {};
  const algorithm = { ...base.algorithm, ...candidate.algorithm, ...steps };
  const cell = {
    ...base,
    seed,
    rounds,
    task,
    algorithm,
    baselines: [],
    data: { ...base.data, evaluateOn: "validation" },
  };
  const folder = join(REPOSITORY, ".concord", "experiments", "personalfr", "tuning", values.films);
  const file = join(folder, "experiment.yaml");
  mkdirSync(folder, { recursive: true });
  writeFileSync(file, stringify({ ...experimentOf(cell), evaluation: { every: rounds } }));
  const words = ["run", file, "--out", folder, "--workers", "1", "--fresh", "--json"];
  const { code, lines } = await outcome(startConcord(words, ["ignore", "pipe", "inherit"]));
  if (code !== 0) throw new Error(`${JSON.stringify(candidate)} ended with ${code}`);
  const { rmse, ndcg10, seconds } = JSON.parse(lines.at(-1) ?? "{}");
  tried.push({ ...candidate, seed, rmse, ndcg10, seconds, commit: commit(), date: new Date().toISOString() });
  writeFileSync(kept, `${JSON.stringify(tried, null, 2)}\n`);
  console.log(JSON.stringify(candidate), rmse, ndcg10);
}
