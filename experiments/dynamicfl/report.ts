/**
 * Tables and plots of the results that are there: `results/summary.csv`, `results/tables.md`, `docs/images/dynamicfl-*.svg`.
 *
 *     node experiments/dynamicfl/report.ts
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { plot, type Series } from "../plots.ts";
import { allKept, courseOf, type Kept, RESULTS, toCsv } from "./results.ts";

/** The same configuration with several seeds. */
interface Row {
  readonly set: string;
  readonly data: string;
  readonly name: string;
  readonly kind: Series["kind"];
  readonly runs: readonly Kept[];
}

/** The order of tables and legends. */
const KINDS: readonly Series["kind"][] = ["method", "control", "baseline"];
const IMAGES = join(import.meta.dirname, "..", "..", "docs", "images");

const kept = allKept();
const rows = rowsOf(kept);
writeFileSync(join(RESULTS, "summary.csv"), toCsv(rows.map(recordOf)));
const tables = [...new Set(rows.map(({ set, data }) => `${set}, ${data}`))].map((title) =>
  table(
    title,
    rows.filter(({ set, data }) => `${set}, ${data}` === title),
  ),
);
writeFileSync(join(RESULTS, "tables.md"), `# Results\n\n${tables.join("\n")}`);
for (const set of new Set(rows.map((row) => row.set))) {
  for (const data of new Set(rows.filter((row) => row.set === set).map((row) => row.data))) {
    const own = rows.filter((row) => row.set === set && row.data === data);
    draw(`dynamicfl-${set}-${data}`, own);
  }
}
console.log(tables.join("\n"));

function rowsOf(all: readonly Kept[]): Row[] {
  const groups = Map.groupBy(all, ({ set, data, cell, run }) => JSON.stringify([set, data, nameOf(cell, run)]));
  const rows = [...groups.values()].flatMap((runs): Row[] => {
    const [first] = runs;
    if (first === undefined) return [];
    const { set, data, cell, run } = first;
    return [{ set, data, name: nameOf(cell, run), kind: kindOf(run), runs }];
  });
  return rows.sort((a, b) => KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind) || a.name.length - b.name.length);
}

/** Baselines are the same beside every cell; what depends on the cell carries its name. */
function nameOf(cell: string, run: string): string {
  if (run === "main") return cell;
  return kindOf(run) === "baseline" ? run : `${cell}: ${run}`;
}

function kindOf(run: string): Series["kind"] {
  if (run === "main" || run.startsWith("slow-")) return "method";
  return ["fedavg-short", "fedavg-inner", "random-group", "most-data"].includes(run) ? "control" : "baseline";
}

function recordOf({ set, data, name, runs }: Row) {
  const scores = runs.flatMap(({ result: { accuracy } }) => accuracy ?? []);
  const { average, deviation } = spread(scores);
  const mean = (of: (result: Kept["result"]) => number | undefined) =>
    spread(runs.flatMap(({ result }) => of(result) ?? [])).average;
  return {
    set,
    data,
    name,
    seeds: runs.length,
    rounds: runs[0]?.result.rounds ?? null,
    accuracy: rounded(average, 4),
    deviation: rounded(deviation, 4),
    ...ahead(runs),
    secondHalf: rounded(spread(runs.map(secondHalf)).average, 4),
    costRatio: rounded(
      mean(({ costRatio }) => costRatio),
      5,
    ),
    groupSize: rounded(
      mean(({ meanGroupSize }) => meanGroupSize),
      2,
    ),
    divergence: rounded(
      mean(({ meanDivergence }) => meanDivergence),
      4,
    ),
    exchanges: mean(({ exchanges }) => exchanges),
    diverged: runs.length - scores.length,
  };
}

/** How far the scores are above those of the cell's own algorithm with the same seeds: mean and standard deviation. */
function ahead(runs: readonly Kept[]) {
  const gaps = runs.flatMap((run) => {
    const own = kept.find(
      ({ set, data, cell, seed, run: name }) =>
        name === "main" && set === run.set && data === run.data && cell === run.cell && seed === run.seed,
    );
    return run.run === "main" || own?.result.accuracy == null || run.result.accuracy === null
      ? []
      : run.result.accuracy - own.result.accuracy;
  });
  const { average, deviation } = spread(gaps);
  return { ahead: rounded(average, 4), aheadDeviation: rounded(deviation, 4) };
}

/** Mean accuracy over the second half of the rounds: no score, but it swings less than one. */
function secondHalf(run: Kept): number {
  const course = courseOf(run);
  const later = course.slice(Math.floor(course.length / 2));
  return later.reduce((sum, { accuracy }) => sum + accuracy, 0) / later.length;
}

function table(title: string, own: readonly Row[]): string {
  const head = ["run", "seeds", "score, %", "above DynamicFL, points", "second half, %", "cost ratio", "group", "KL"];
  const lines = own.map((row) => {
    const {
      name,
      seeds,
      accuracy,
      deviation,
      ahead,
      aheadDeviation,
      secondHalf,
      costRatio,
      groupSize,
      divergence,
      diverged,
    } = recordOf(row);
    const score = accuracy === null ? "diverged" : inPoints(accuracy, deviation);
    return [
      name,
      seeds,
      diverged > 0 && accuracy !== null ? `${score} (${diverged} diverged)` : score,
      ahead === null ? "–" : inPoints(ahead, aheadDeviation),
      secondHalf === null ? "–" : (100 * secondHalf).toFixed(1),
      costRatio ?? "–",
      groupSize ?? "–",
      divergence ?? "–",
    ];
  });
  const show = (cells: readonly unknown[]) => `| ${cells.join(" | ")} |`;
  return [
    `## ${title}`,
    "",
    show(head),
    show(["---", ...head.slice(1).map(() => "---:")]),
    ...lines.map(show),
    "",
  ].join("\n");
}

function inPoints(mean: number, deviation: number | null): string {
  return `${(100 * mean).toFixed(1)}${deviation === null ? "" : ` ± ${(100 * deviation).toFixed(1)}`}`;
}

/** Two pictures: the scores by cost ratio, as in the paper's figure, and the first seed's accuracy by bytes. */
function draw(file: string, own: readonly Row[]): void {
  const marks = own.flatMap((row): Series[] => {
    const { accuracy, costRatio } = recordOf(row);
    return accuracy === null || costRatio === null
      ? []
      : [{ name: row.name, kind: row.kind, points: [[costRatio, accuracy]] }];
  });
  const curves = own.flatMap(({ name, kind, runs: [first] }): Series[] => {
    if (first === undefined) return [];
    const points = courseOf(first).map(({ bytes, accuracy }) => [bytes / 1e6, accuracy] as const);
    return points.length < 2 ? [] : [{ name, kind, points }];
  });
  const title = `${own[0]?.data}, ${own[0]?.set}`;
  if (marks.length > 1) {
    writeFileSync(join(IMAGES, `${file}-cost.svg`), plot({ title, x: "communication cost ratio", y: "score" }, marks));
  }
  if (curves.length > 1) {
    writeFileSync(
      join(IMAGES, `${file}-bytes.svg`),
      plot({ title, x: "megabytes, up and down, all parties", y: "test accuracy" }, curves),
    );
  }
}

/** Mean and standard deviation (n − 1); the latter null for a single value. */
function spread(values: readonly number[]): { readonly average: number | null; readonly deviation: number | null } {
  if (values.length === 0) return { average: null, deviation: null };
  const average = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - average) ** 2, 0);
  return { average, deviation: values.length < 2 ? null : Math.sqrt(squares / (values.length - 1)) };
}

function rounded(value: number | null, digits: number): number | null {
  return value === null ? null : Number(value.toFixed(digits));
}
