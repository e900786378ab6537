/**
 * Tables and plots of the results that are there: `results/summary.csv`, `docs/images/dynamicfl-*.svg`, and in
 * `docs/dynamicfl.md` what stands between `<!-- table: … -->` and `<!-- end -->`.
 *
 *     node experiments/dynamicfl/report.ts
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { plot, type Series } from "../plots.ts";
import { courseOf, RESULTS, toCsv } from "./results.ts";
import {
  ahead,
  costRatioOf,
  diverged,
  firstQuarter,
  meanOf,
  nameOf,
  type Row,
  rows,
  score,
  secondHalf,
} from "./summary.ts";
import { balancedTable, gridTable, headlineTable, stateTable } from "./tables.ts";

const DOCS = join(import.meta.dirname, "..", "..", "docs");

const all = rows();
writeFileSync(join(RESULTS, "summary.csv"), toCsv(all.map(recordOf)));
const tables = new Map([["state", stateTable()]]);
for (const [name, own] of Map.groupBy(all, ({ set, data }) => `${set} ${data}`)) {
  if (own[0]?.set === "grid") {
    tables.set(name, gridTable(own));
    drawGrid(name.replace(" ", "-"), own);
  } else if (own[0]?.set === "balanced") {
    tables.set(name, balancedTable(own));
  } else {
    tables.set(name, headlineTable(own));
    draw(name.replace(" ", "-"), own);
  }
}
fill(join(DOCS, "dynamicfl.md"));
for (const [name, table] of tables) console.log(`\n${name}\n\n${table}`);

/** Puts the tables into a document. Throws if it asks for one that there is not. */
function fill(file: string): void {
  const text = readFileSync(file, "utf8");
  const filled = text.replace(/(<!-- table: (.*?) -->\n)[\s\S]*?(<!-- end -->)/g, (_, begin, name, end) => {
    const table = tables.get(name);
    if (table === undefined) throw new Error(`${file} asks for a table "${name}"; there are ${[...tables.keys()]}`);
    return `${begin}${table}\n${end}`;
  });
  writeFileSync(file, filled);
}

function recordOf(row: Row) {
  const { average: accuracy, deviation } = score(row);
  const { average: aheadOfMain, deviation: aheadDeviation } = ahead(row);
  return {
    set: row.set,
    data: row.data,
    name: nameOf(row),
    seeds: row.runs.length,
    rounds: row.runs[0]?.result.rounds ?? null,
    accuracy: rounded(accuracy, 4),
    deviation: rounded(deviation, 4),
    ahead: rounded(aheadOfMain, 4),
    aheadDeviation: rounded(aheadDeviation, 4),
    firstQuarter: rounded(firstQuarter(row), 4),
    secondHalf: rounded(secondHalf(row), 4),
    costRatio: rounded(costRatioOf(row), 5),
    groupSize: rounded(
      meanOf(row, ({ meanGroupSize }) => meanGroupSize),
      2,
    ),
    divergence: rounded(
      meanOf(row, ({ meanDivergence }) => meanDivergence),
      4,
    ),
    exchanges: meanOf(row, ({ exchanges }) => exchanges),
    cpuSeconds: rounded(row.runs.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0) / row.runs.length, 0),
    diverged: diverged(row),
  };
}

/** A line for each budget and pair of levels over the shares p. */
function drawGrid(name: string, own: readonly Row[]): void {
  const lines = Map.groupBy(own, ({ cell }) => cell.slice(0, -1));
  const series = [...lines].sort().map(([cells, rows]): Series => {
    const [budget, levels = ""] = cells.split("-");
    const points = rows
      .map((row) => [costRatioOf(row) ?? Number.NaN, score(row).average ?? Number.NaN] as const)
      .sort(([a], [b]) => a - b);
    return {
      name: `${budget === "fix" ? "Fix" : "Dynamic"}-p, ${[...levels].join("-")}`,
      kind: budget === "fix" ? "control" : "method",
      points,
    };
  });
  const axes = { title: `${own[0]?.data}, p = 0.3, 0.6, 0.9`, x: "communication cost ratio", y: "score" };
  writeFileSync(join(DOCS, "images", `dynamicfl-${name}.svg`), plot(axes, series));
}

/** Two pictures: the scores by cost ratio, as in the paper's figure, and the first seed's accuracy by bytes. */
function draw(name: string, own: readonly Row[]): void {
  const marks = own.flatMap((row): Series[] => {
    const [x, y] = [costRatioOf(row), score(row).average];
    return x === null || y === null ? [] : [{ name: nameOf(row), kind: row.kind, points: [[x, y]] }];
  });
  const curves = own.flatMap((row): Series[] => {
    const [first] = row.runs;
    if (first === undefined) return [];
    const points = courseOf(first).map(({ bytes, accuracy }) => [bytes / 1e6, accuracy] as const);
    return points.length < 2 ? [] : [{ name: nameOf(row), kind: row.kind, points }];
  });
  const file = join(DOCS, "images", `dynamicfl-${name}`);
  const title = `${own[0]?.data}, ${own[0]?.set}`;
  if (marks.length > 1) {
    writeFileSync(`${file}-cost.svg`, plot({ title, x: "communication cost ratio", y: "score" }, marks));
  }
  if (curves.length > 1) {
    writeFileSync(
      `${file}-bytes.svg`,
      plot({ title, x: "megabytes, up and down, all parties", y: "test accuracy" }, curves),
    );
  }
}

function rounded(value: number | null, digits: number): number | null {
  return value === null ? null : Number(value.toFixed(digits));
}
