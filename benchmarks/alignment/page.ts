import { makeProblem, parsePalette, rewardsFromCsv, slackOf, solve } from "@concord/alignment";

/** What the page of `chromium.ts` runs: median milliseconds of a solve and of its linear program. */
export function timeInPage(
  csv: string,
  palette: string,
  runs: number,
): { readonly solve: number; readonly lp: number } {
  const { rewards } = rewardsFromCsv(csv);
  const goals = parsePalette(palette);
  const problem = makeProblem(rewards, goals);
  return { solve: median(runs, () => solve(rewards, goals)), lp: median(runs, () => slackOf(problem)) };
}

function median(runs: number, work: () => unknown): number {
  for (let i = 0; i < 20; i++) work();
  // A browser's clock is coarse: several solves at a time.
  const times = Array.from({ length: runs }, () => {
    const start = performance.now();
    for (let i = 0; i < 5; i++) work();
    return (performance.now() - start) / 5;
  });
  return times.sort((a, b) => a - b)[runs >> 1] ?? Number.NaN;
}

Object.assign(globalThis, { timeInPage });
