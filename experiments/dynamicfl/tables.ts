/** The tables of `docs/dynamicfl.md`, in Markdown. */
import type { Spread } from "../spread.ts";
import { CELLS, runsOf } from "./cells.ts";
import { isDone } from "./results.ts";
import { ahead, costRatioOf, diverged, firstQuarter, meanOf, type Row, score, secondHalf } from "./summary.ts";

/** How the documentation calls the runs beside a cell, in the order of its tables. */
const BESIDE: Readonly<Record<string, string>> = {
  "slow-anchored": "`slow: anchored` (ours)",
  "slow-idle": "`slow: idle`",
  "slow-added": "`slow: added` (ours)",
  "random-group": "a random group of the same size",
  "most-data": "the group with most data",
  "fedavg-inner": "`fedavg-inner`",
  "fedavg-short": "`fedavg-short`",
};

const BASELINES: Readonly<Record<string, string>> = {
  fedavg: "FedAvg",
  fedprox: "FedProx, μ = 0.01",
  scaffold: "SCAFFOLD",
  feddyn: "FedDyn, α = 0.1",
  fednova: "FedNova",
  fedsgd: "FedSGD",
};

const HEADLINE = [
  "run",
  "seeds",
  "score, %",
  "above DynamicFL, points",
  "first quarter, %",
  "second half, %",
  "cost ratio",
  "group",
  "KL",
];

/** The cells of one data set with everything beside them. */
export function headlineTable(own: readonly Row[]): string {
  const cells = [...new Set(own.map(({ cell }) => cell))].sort();
  const lines = cells.flatMap((cell) => {
    const row = (run: string) => own.find((row) => row.cell === cell && row.run === run);
    return [
      line(row("main"), `**${levelsOf(cell)}, p = ${shareOf(cell)}: DynamicFL**`),
      ...Object.entries(BESIDE).map(([run, label]) => line(row(run), `… ${label}`)),
    ];
  });
  const baselines = Object.entries(BASELINES).map(([run, label]) =>
    line(
      own.find((row) => row.run === run),
      label,
    ),
  );
  return markdown(HEADLINE, [...lines, ...baselines].flat());
}

/** Groups of short rounds. */
export function balancedTable(own: readonly Row[]): string {
  const row = (run: string) => own.find((row) => row.run === run);
  return markdown(HEADLINE, [
    ...line(row("main"), "**the group of least divergence**"),
    ...line(row("random-group"), "a random group of the same size"),
  ]);
}

function line(row: Row | undefined, label: string): string[][] {
  return row === undefined
    ? []
    : [[label, `${row.runs.length}`, scoreOf(row), inPoints(ahead(row)), ...partsOf(row), ...measures(row)]];
}

/** Dynamic-p and Fix-p beside each other, for each pair of levels and each share. */
export function gridTable(own: readonly Row[]): string {
  const cells = own.map(({ cell }) => cell.slice(-3));
  const lines = [...new Set(cells)].sort().map((cell) => {
    const part = (budget: string) => {
      const row = own.find((row) => row.cell === `${budget}-${cell}`);
      return row === undefined ? ["", "", "", ""] : [scoreOf(row), ...measures(row)];
    };
    return [levelsOf(cell), shareOf(cell), ...part("dynamic"), ...part("fix")];
  });
  const columns = (budget: string) => [`${budget}: score, %`, "cost ratio", "group", "KL"];
  return markdown(["levels", "p", ...columns("Dynamic-p"), ...columns("Fix-p")], lines);
}

/** How many runs of each set there are, and how many there are to be. */
export function stateTable(): string {
  const seeds = [1, 2, 3];
  const sets = Map.groupBy(
    CELLS.filter(({ set }) => set !== "full"),
    ({ set, data }) => `${set}: ${data}`,
  );
  const lines = [...sets].map(([name, cells]) => [
    `\`${name}\``,
    `${cells[0]?.rounds}`,
    ...seeds.map((seed) => {
      const jobs = cells
        .filter((cell) => cell.seed === seed)
        .flatMap((cell) => runsOf(cell).map((name) => ({ cell, name })));
      return jobs.length === 0 ? "" : `${jobs.filter(isDone).length} of ${jobs.length}`;
    }),
  ]);
  return markdown(["set: data", "rounds", ...seeds.map((seed) => `seed ${seed}`)], lines);
}

/** Mean accuracy of the first quarter and of the second half, in %. */
function partsOf(row: Row): string[] {
  return [firstQuarter(row), secondHalf(row)].map((share) => shown(share === null ? null : 100 * share, 1));
}

/** Cost ratio, size and divergence of the group. */
function measures(row: Row): string[] {
  return [
    shown(costRatioOf(row), 3),
    shown(
      meanOf(row, ({ meanGroupSize }) => meanGroupSize),
      2,
    ),
    shown(
      meanOf(row, ({ meanDivergence }) => meanDivergence),
      3,
    ),
  ];
}

function shown(value: number | null, decimals: number): string {
  return value === null ? "" : value.toFixed(decimals);
}

function scoreOf(row: Row): string {
  const lost = diverged(row);
  if (lost === row.runs.length) return "diverged";
  return lost === 0 ? inPoints(score(row)) : `${inPoints(score(row))} (${lost} diverged)`;
}

function inPoints({ average, deviation }: Spread): string {
  if (average === null) return "";
  const points = (100 * average)
    .toFixed(1)
    .replace(/^-0\.0$/, "0.0")
    .replace("-", "−");
  return deviation === null ? points : `${points} ± ${(100 * deviation).toFixed(1)}`;
}

/** "dynamic-bg6" is of the levels b and g. */
function levelsOf(cell: string): string {
  return [...cell.slice(-3, -1)].join("-");
}

/** And p is 0.6. */
function shareOf(cell: string): string {
  return `0.${cell.at(-1)}`;
}

function markdown(head: readonly string[], lines: readonly (readonly string[])[]): string {
  const show = (cells: readonly string[]) => `| ${cells.join(" | ")} |`.replace(/ {2}\|/g, " |");
  return [show(head), show(["---", ...head.slice(1).map(() => "---:")]), ...lines.map(show)].join("\n");
}
