/**
 * What is compared with what: sets of cells, a cell being one experiment file with a DynamicFL configuration of its own
 * and, for the headlines, the algorithms and controls beside it. Settings are those of section 5 of the paper's notes.
 */
export interface Cell {
  readonly set: SetName;
  /** Names a file and a folder. */
  readonly id: string;
  readonly data: DataName;
  readonly rounds: number;
  readonly seed: number;
  readonly algorithm: Readonly<Record<string, unknown>>;
  readonly compare: Readonly<Record<string, unknown>>;
  /** Rounds from one evaluation to the next; 1 where it is left out. */
  readonly evaluateEvery?: number;
}

export const SETS = ["headline", "grid", "balanced", "full"] as const;
export type SetName = (typeof SETS)[number];

/** Data sets with their partitions among 100 parties. */
const DATA = {
  "fashion-mnist-k1": { dataset: "fashion-mnist", partition: { kind: "classes", classes: 1 } },
  "fashion-mnist-k2": { dataset: "fashion-mnist", partition: { kind: "classes", classes: 2 } },
  "cifar-10-k1": { dataset: "cifar-10", partition: { kind: "classes", classes: 1 } },
  "fashion-mnist-d0.1": { dataset: "fashion-mnist", partition: { kind: "dirichlet", beta: 0.1, minimum: 10 } },
} as const;
export type DataName = keyof typeof DATA;
const DATA_NAMES = Object.keys(DATA) as DataName[];

/** Averaging with as many bytes as the cell's configuration. */
const EQUAL_BYTES = { "fedavg-short": "fedavg-short", "fedavg-inner": "fedavg-inner" };

/** The cell's configuration with a group that is chosen by another rule, and as large. */
const GROUPS = { "random-group": { group: "random" }, "most-data": { group: "most-data" } };

/** The cell's configuration with other rules for the work of the slower parties. */
const SLOW_RULES = {
  "slow-added": { slow: "added" },
  "slow-anchored": { slow: "anchored" },
  "slow-idle": { slow: "idle" },
};

/** One exchange a round. */
const BASELINES = {
  fedavg: "fedavg",
  feddyn: "feddyn",
  scaffold: "scaffold",
  fedprox: "fedprox",
  fednova: "fednova",
};

/** An exchange after each step: the upper end of both accuracy and cost. */
const UPPER_END = { fedsgd: "fedsgd" };

/** In the order in which they are run: what is worth most comes first. */
export const CELLS: readonly Cell[] = [
  ...DATA_NAMES.flatMap((data) => headline("headline", data, 60, 1)),
  ...[2, 3].flatMap((seed) => headline("headline", "fashion-mnist-k1", 60, seed)),
  ...grid(40),
  ...[1, 2, 3].map(balanced),
  ...[2, 3].flatMap((seed) => DATA_NAMES.slice(1).flatMap((data) => headline("headline", data, 60, seed))),
  ...DATA_NAMES.flatMap((data) => headline("full", data, 800, 1)),
];

/**
 * The two cells with everything beside them. The baselines do not depend on the cell and stand in the first one; the slow rules are
 * compared on one partition.
 */
function headline(set: SetName, data: DataName, rounds: number, seed: number): Cell[] {
  const cell = { set, data, rounds, seed };
  return [
    {
      ...cell,
      id: "dynamic-bg6",
      algorithm: dynamic("b", 0.6),
      compare: {
        ...EQUAL_BYTES,
        ...GROUPS,
        ...BASELINES,
        ...(data === "fashion-mnist-k1" && SLOW_RULES),
        ...UPPER_END,
      },
    },
    { ...cell, id: "dynamic-cg9", algorithm: dynamic("c", 0.9), compare: { ...EQUAL_BYTES, ...GROUPS } },
  ];
}

function grid(rounds: number): Cell[] {
  return (["server", "party"] as const).flatMap((budget) =>
    ["b", "c", "a"].flatMap((level) =>
      [0.3, 0.6, 0.9].map((p): Cell => {
        const id = `${budget === "server" ? "dynamic" : "fix"}-${level}g${10 * p}`;
        const algorithm = { ...dynamic(level, p), budget };
        return { set: "grid", id, data: "fashion-mnist-k1", rounds, seed: 1, algorithm, compare: {} };
      }),
    ),
  );
}

/**
 * Short rounds of a group that is chosen, by its labels, of all parties: with as many local steps as 60 rounds of the headlines
 * and 6 % fewer bytes than `fedavg-short` beside b-g, p = 0.6. Beside it a group that is drawn at random.
 */
function balanced(seed: number): Cell {
  return {
    set: "balanced",
    id: "balanced",
    data: "fashion-mnist-k1",
    rounds: 2143,
    evaluateEvery: 36,
    seed,
    algorithm: {
      kind: "dynamicfl",
      localSteps: 7,
      levels: ["f", "g"],
      budget: "server",
      p: 0.1,
      search: "orders",
      slow: "idle",
    },
    compare: { "random-group": { group: "random" } },
  };
}

function dynamic(fast: string, p: number) {
  return {
    kind: "dynamicfl",
    localSteps: 250,
    activeParties: 10,
    levels: [fast, "g"],
    budget: "server",
    p,
    search: "orders",
  };
}

/** The experiment file of a cell, as `concord run` reads it. */
export function experimentOf({ id, data, rounds, seed, algorithm, compare, evaluateEvery }: Cell) {
  return {
    name: `${id}, ${data}, ${rounds} rounds, seed ${seed}`,
    data: { dataset: DATA[data].dataset, parties: 100, partition: DATA[data].partition, test: true },
    task: {
      model: { kind: "lenet" },
      optimizer: { kind: "sgd", momentum: 0.9, nesterov: true, weightDecay: 5e-4 },
      learningRate: 0.01,
      clipNorm: 10,
      batchSize: 10,
      // From 0.01 to 0.0001.
      schedule: { kind: "cosine", rounds, floor: 0.01 },
    },
    algorithm,
    rounds,
    seed,
    score: { lastRounds: Math.round(rounds / 10) },
    ...(evaluateEvery !== undefined && { evaluation: { every: evaluateEvery } }),
    ...(Object.keys(compare).length > 0 && { compare }),
  };
}

/** The place of a cell in a folder. */
export function placeOf({ set, id, data, seed }: Cell): string {
  return `${set}/${data}/${id}-seed${seed}`;
}

/** The cell's own run, then those beside it. */
export function runsOf({ compare }: Cell): string[] {
  return ["main", ...Object.keys(compare)];
}
