/** What the kept runs amount to: a row for each algorithm or control of a cell, over its seeds. */
import { type Spread, spread } from "../spread.ts";
import { allKept, courseOf, type Kept } from "./results.ts";

/** The same configuration with several seeds. */
export interface Row {
  readonly set: string;
  readonly data: string;
  readonly cell: string;
  readonly run: string;
  readonly kind: Kind;
  readonly runs: readonly Kept[];
}

/** In the order of tables and legends. */
const KINDS = ["method", "control", "baseline"] as const;
export type Kind = (typeof KINDS)[number];

const kept = allKept();

export function rows(): Row[] {
  const groups = Map.groupBy(kept, ({ set, data, cell, run }) => JSON.stringify([set, data, nameOf({ cell, run })]));
  const all = [...groups.values()].flatMap((runs): Row[] => {
    const [first] = runs;
    if (first === undefined) return [];
    const { set, data, cell, run } = first;
    return [{ set, data, cell, run, kind: kindOf(run), runs }];
  });
  return all.sort((a, b) => KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind) || nameOf(a).length - nameOf(b).length);
}

/** Baselines are the same beside every cell; what depends on the cell carries its name. */
export function nameOf({ cell, run }: Pick<Row, "cell" | "run">): string {
  if (run === "main") return cell;
  return kindOf(run) === "baseline" ? run : `${cell}: ${run}`;
}

function kindOf(run: string): Kind {
  if (run === "main" || run.startsWith("slow-")) return "method";
  return ["fedavg-short", "fedavg-inner", "random-group", "most-data"].includes(run) ? "control" : "baseline";
}

/** The scores of those that did not diverge. */
export function score({ runs }: Row): Spread {
  return spread(runs.flatMap(({ result: { accuracy } }) => accuracy ?? []));
}

/** How far the scores are above those of the cell's own algorithm with the same seeds. */
export function ahead({ runs }: Row): Spread {
  const gaps = runs.flatMap((run) => {
    const own = kept.find(
      ({ set, data, cell, seed, run: name }) =>
        name === "main" && set === run.set && data === run.data && cell === run.cell && seed === run.seed,
    );
    return run.run === "main" || own?.result.accuracy == null || run.result.accuracy === null
      ? []
      : run.result.accuracy - own.result.accuracy;
  });
  return spread(gaps);
}

/** Mean accuracy over the first quarter of the evaluations: how soon a run learns. */
export function firstQuarter(row: Row): number | null {
  return meanAccuracy(row, 0, 1 / 4);
}

/** Mean accuracy over the second half of the evaluations: no score, but it swings less than one. */
export function secondHalf(row: Row): number | null {
  return meanAccuracy(row, 1 / 2, 1);
}

/** Over a part of the course, which goes from 0 to 1. */
function meanAccuracy({ runs }: Row, from: number, to: number): number | null {
  const means = runs.map((run) => {
    const course = courseOf(run);
    const part = course.slice(Math.floor(from * course.length), Math.floor(to * course.length));
    return part.reduce((sum, { accuracy }) => sum + accuracy, 0) / part.length;
  });
  return spread(means).average;
}

export function costRatioOf(row: Row): number | null {
  return meanOf(row, ({ costRatio }) => costRatio);
}

/** The mean of something that is counted in a run. */
export function meanOf({ runs }: Row, of: (result: Kept["result"]) => number | undefined): number | null {
  return spread(runs.flatMap(({ result }) => of(result) ?? [])).average;
}

export function diverged({ runs }: Row): number {
  return runs.filter(({ result: { accuracy } }) => accuracy === null).length;
}
