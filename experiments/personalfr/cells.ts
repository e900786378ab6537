/**
 * What is run: sets of cells, a cell being one experiment file. Splits are the published 90 % against 10 %, with a part of the 90 % for
 * validation, on which settings were chosen; results are of the test ratings.
 */
export interface Cell {
  readonly set: SetName;
  /** Names a file and a folder. */
  readonly id: string;
  readonly seed: number;
  readonly rounds: number;
  readonly data: Readonly<Record<string, unknown>>;
  readonly task: Readonly<Record<string, unknown>>;
  readonly algorithm: Readonly<Record<string, unknown>>;
  readonly baselines: readonly string[];
}

export const SETS = ["headline", "grid", "ablation", "ml1m", "published"] as const;
export type SetName = (typeof SETS)[number];

const SPLIT = { kind: "random", test: 0.1, validation: 0.09 };
const ALL_BASELINES = ["bias", "popularity", "local", "item-knn", "ease", "factorisation", "joint"];
/** Those that the inverse of an N × N matrix or N² similarities do not make slow. */
const QUICK_BASELINES = ["bias", "popularity", "local", "factorisation", "joint"];

/** The light private part: one vector a user, biases that stay with the party, 2 local epochs, and a server that takes steps of Adam. */
const LIGHT = {
  kind: "personalfr",
  encoder: "vector",
  privateOptimizer: { kind: "adam", learningRate: 0.02 },
  userBias: 5,
  decoderMomentum: "fresh",
};

/** As published: the encoder, its optimiser that of the decoder, 5 local epochs, the plain mean. */
const PUBLISHED = { kind: "personalfr", encoder: "published" };

/** Data sets, and the server's settings that did best on their validation ratings (`tune.ts`). */
const FILMS = {
  "100k": { dataset: "movielens-100k", users: 943, server: { learningRate: 0.005, rowDecay: 0.12 } },
  "1m": { dataset: "movielens-1m", users: 6040, server: { learningRate: 0.005, rowDecay: 0.06 } },
};

/** In the order in which they are run: what is worth most comes first. */
export const CELLS: readonly Cell[] = [
  ...[1, 2, 3].map((seed) => light("headline", "100k", 943, "explicit", seed, ALL_BASELINES)),
  light("ml1m", "1m", 6040, "explicit", 1, QUICK_BASELINES),
  light("ml1m", "1m", 100, "explicit", 1, []),
  ...[1, 2, 3].flatMap((seed) =>
    (["explicit", "implicit"] as const).flatMap((feedback) =>
      [100, 300, 943]
        .filter((parties) => feedback === "implicit" || parties < 943)
        .map((parties) => light("grid", "100k", parties, feedback, seed, parties === 943 ? ALL_BASELINES : ["local"])),
    ),
  ),
  ...[1, 2, 3].flatMap((seed) => {
    const cell = light("ablation", "100k", 943, "explicit", seed, []);
    const changed = (id: string, fields: object): Cell => ({
      ...cell,
      id: `100k-explicit-943-${id}`,
      algorithm: { ...cell.algorithm, ...fields },
    });
    return [
      changed("encoder", { encoder: "published" }),
      changed("no-user-bias", { userBias: undefined }),
      changed("active-mean", { merge: "active" }),
      changed("plain-mean", { server: { kind: "mean" } }),
      changed("three-decoys", { disguise: { decoys: 3 } }),
      changed("clipped", { disguise: { clipNorm: 0.05 } }),
      // The whole autoencoder is averaged; a party with one user has no use for an encoder of its own.
      {
        ...cell,
        id: "100k-explicit-943-fedavg",
        task: { ...cell.task, learningRate: 10 },
        algorithm: { kind: "fedavg", localSteps: 2, activeParties: 95 },
      },
    ];
  }),
  ...[100, 300, 943].map((parties) => published("100k", parties)),
  ...[100, 6040].map((parties) => published("1m", parties)),
];

function light(
  set: SetName,
  films: keyof typeof FILMS,
  parties: number,
  feedback: "explicit" | "implicit",
  seed: number,
  baselines: readonly string[],
): Cell {
  const rounds = 150;
  const users = Math.ceil(FILMS[films].users / parties);
  const batchSize = Math.min(10, users);
  return {
    set,
    id: `${films}-${feedback}-${parties}`,
    seed,
    rounds,
    data: { dataset: FILMS[films].dataset, parties, partition: { kind: "iid" }, feedback, split: SPLIT },
    task: {
      model: { kind: "autoencoder" },
      optimizer: { kind: "sgd" },
      learningRate: 0.1,
      schedule: { kind: "cosine", rounds },
      clipNorm: 1,
      batchSize,
    },
    algorithm: {
      ...LIGHT,
      localSteps: 2 * Math.ceil(users / batchSize),
      activeParties: Math.ceil(parties / 10),
      server: { kind: "adam", ...FILMS[films].server, cosineRounds: rounds },
    },
    baselines,
  };
}

function published(films: keyof typeof FILMS, parties: number): Cell {
  const rounds = 800;
  const users = Math.ceil(FILMS[films].users / parties);
  const batchSize = Math.min(10, users);
  return {
    set: "published",
    id: `${films}-explicit-${parties}`,
    seed: 1,
    rounds,
    data: {
      dataset: FILMS[films].dataset,
      parties,
      partition: { kind: "iid" },
      split: { kind: "random", test: 0.1, validation: 0 },
    },
    task: {
      model: { kind: "autoencoder" },
      optimizer: { kind: "sgd", momentum: 0.9, nesterov: true, weightDecay: 5e-4 },
      learningRate: 0.1,
      schedule: { kind: "cosine", rounds },
      clipNorm: 1,
      batchSize,
    },
    algorithm: { ...PUBLISHED, localSteps: 5 * Math.ceil(users / batchSize), activeParties: Math.ceil(parties / 10) },
    baselines: [],
  };
}

/** The experiment file of a cell, as `concord run` reads it. */
export function experimentOf({ id, set, seed, rounds, data, task, algorithm, baselines }: Cell) {
  return {
    name: `${set}: ${id}, seed ${seed}`,
    data,
    task,
    algorithm,
    rounds,
    seed,
    evaluation: { every: rounds / 10 },
    ...(baselines.length > 0 && { baselines }),
  };
}

/** The place of a cell in a folder. */
export function placeOf({ set, id, seed }: Cell): string {
  return `${set}/${id}-seed${seed}`;
}
