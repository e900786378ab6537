/**
 * Makes `results/tables.md` of the runs that are kept: a table for each cell, means and standard deviations over its seeds.
 *
 *     node experiments/personalfr/report.ts
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { allKept, type Kept, type Measured } from "./results.ts";

const METRICS = ["rmse", "mae", "ndcg10", "recall10", "heldOutNdcg10"] as const;
const HEAD = ["model", "seeds", "RMSE", "MAE", "NDCG@10", "Recall@10", "NDCG@10 of held-out items only"];

const tables = Map.groupBy(allKept(), ({ set, cell }) => `${set}: ${cell}`);
const text = [
  "# PersonalFR: results",
  "",
  "Mean ± standard deviation over the seeds, on the test ratings; every line of a table has the same splits.",
  "",
  ...[...tables].flatMap(([title, runs]) => table(title, runs)),
].join("\n");
writeFileSync(join(import.meta.dirname, "results", "tables.md"), text);
console.log(text);

function table(title: string, runs: readonly Kept[]): string[] {
  const own = runs.map(({ result }) => result);
  const names = Object.keys(own[0]?.baselines ?? {});
  const line = (name: string, measured: readonly Measured[]) => [
    name,
    measured.length,
    ...METRICS.map((metric) => spread(measured.flatMap((one) => one[metric] ?? []))),
  ];
  const lines = [
    line("federated", own),
    ...names.map((name) =>
      line(
        name,
        own.flatMap(({ baselines }) => baselines?.[name] ?? []),
      ),
    ),
  ];
  const up = spread(
    own.map((one) => one.payloadBytesUpPerParty / 1000),
    0,
  );
  const down = spread(
    own.map((one) => one.payloadBytesDownPerParty / 1000),
    0,
  );
  const ratio = spread(
    own.map((one) => one.compressionRatio),
    1,
  );
  return [
    `## ${title}`,
    "",
    row(HEAD),
    row(["---", ...HEAD.slice(1).map(() => "---:")]),
    ...lines.map(row),
    "",
    `${own[0]?.rounds} rounds; a party sends ${up} kB and gets ${down} kB a round (payload); compression of the upload ${ratio}.`,
    "",
  ];
}

function row(cells: readonly unknown[]): string {
  return `| ${cells.join(" | ")} |`;
}

/** Mean ± standard deviation (n − 1). */
function spread(values: readonly number[], digits = 4): string {
  if (values.length === 0) return "–";
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  if (values.length === 1) return mean.toFixed(digits);
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return `${mean.toFixed(digits)} ± ${Math.sqrt(squares / (values.length - 1)).toFixed(digits)}`;
}
