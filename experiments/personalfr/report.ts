/**
 * Makes `results/tables.md` of the runs that are kept: a table for each cell, means and standard deviations over its seeds; and
 * `docs/images/recommender-<films>.svg`, the error of the first seed by what was sent up.
 *
 *     node experiments/personalfr/report.ts
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { plot, type Series } from "../plots.ts";
import { spread } from "../spread.ts";
import { allKept, type Kept, type Measured } from "./results.ts";

const METRICS = ["rmse", "mae", "ndcg10", "recall10", "heldOutNdcg10"] as const;
const HEAD = ["model", "seeds", "RMSE", "MAE", "NDCG@10", "Recall@10", "NDCG@10 of held-out items only"];

const IMAGES = join(import.meta.dirname, "..", "..", "docs", "images");
/** Root mean squared errors that a plot shows. */
const ERRORS = [0.85, 0.9, 0.95, 1, 1.05].map((value) => ({ value, text: value.toFixed(2) }));

const kept = allKept();
for (const films of ["100k", "1m"])
  draw(
    films,
    kept.filter(({ cell }) => cell.startsWith(`${films}-explicit`)),
  );
const tables = Map.groupBy(kept, ({ set, cell }) => `${set}: ${cell}`);
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
    ...METRICS.map((metric) => showSpread(measured.flatMap((one) => one[metric] ?? []))),
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
  const up = showSpread(
    own.map((one) => one.payloadBytesUpPerParty / 1000),
    0,
  );
  const down = showSpread(
    own.map((one) => one.payloadBytesDownPerParty / 1000),
    0,
  );
  const ratio = showSpread(
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

/** Curves of what was run, up to the error at the top of the plot; the bias model, which sends nothing, is a line across. */
function draw(films: string, runs: readonly Kept[]): void {
  const first = runs.filter(({ seed }) => seed === 1);
  const megabytes = (bytes: number) => bytes / 1e6;
  const curves = first.map(({ set, cell, course }): Series => {
    const points = course.map(({ loss, payloadBytesUp }) => [megabytes(payloadBytesUp), Math.sqrt(loss)] as const);
    const kind = set === "headline" || set === "ml1m" ? "method" : set === "ablation" ? "control" : "baseline";
    const shown = points.filter(([, error]) => error <= 1.05 && error >= 0.85);
    return {
      name: cell.replace(`${films}-explicit-`, "").replace(/^(\d+)$/, "$1 parties, one vector a user"),
      kind,
      points: shown,
    };
  });
  const shown = curves.filter(({ points }) => points.length > 1);
  const across = shown.flatMap(({ points }) => points.map(([x]) => x));
  const bias = first.flatMap(({ result }) => result.baselines?.bias?.rmse ?? [])[0];
  if (shown.length === 0) return;
  const line: Series[] =
    bias === undefined
      ? []
      : [
          {
            name: "biases, nothing federated",
            kind: "baseline",
            points: [
              [Math.min(...across), bias],
              [Math.max(...across), bias],
            ],
          },
        ];
  const axes = {
    title: `MovieLens ${films.toUpperCase()}, explicit`,
    x: "megabytes up, all parties",
    y: "RMSE of the test ratings",
  };
  writeFileSync(join(IMAGES, `recommender-${films}.svg`), plot({ ...axes, ticks: ERRORS }, [...shown, ...line]));
}

function row(cells: readonly unknown[]): string {
  return `| ${cells.join(" | ")} |`;
}

/** Mean ± standard deviation. */
function showSpread(values: readonly number[], digits = 4): string {
  const { average, deviation } = spread(values);
  if (average === null) return "–";
  return deviation === null ? average.toFixed(digits) : `${average.toFixed(digits)} ± ${deviation.toFixed(digits)}`;
}
