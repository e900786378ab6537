/**
 * Times palettes: 2,312 × 6 and 1,000,000 × 6 from a loaded matrix, phase by phase, with the published procedure beside it.
 *
 *     node benchmarks/alignment/main.ts [--runs 101] [--json]
 *
 * Uses the released rewards where CONCORD_DATA has them (the palettes HHH-50 … HHH-80), else generated ones of the same size.
 * The large case runs in a process of its own, so that the growth of its largest resident size is the solver's.
 */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import {
  makeProblem,
  makeRewards,
  multipliers,
  type Palette,
  parsePalette,
  publishedProcedure,
  type Rewards,
  rewardsFromCsv,
  slackOf,
  solve,
} from "@concord/alignment";
import { key, rng } from "@concord/engine";

const LARGE = 1_000_000;
const VALUES = ["humor", "gpt2-helpful", "gpt2-harmless", "diversity", "coherence", "perplexity"];

const { values: options } = parseArgs({
  options: {
    runs: { type: "string", default: "101" },
    json: { type: "boolean", default: false },
    large: { type: "boolean", default: false },
  },
});

if (options.large) console.log(JSON.stringify(large()));
else report(Number(options.runs), options.json);

function report(runs: number, json: boolean): void {
  const { name, rewards } = small();
  const rows = [50, 60, 70, 80].map((q) => timePalette(rewards, q, runs));
  const child = execFileSync(process.execPath, [fileURLToPath(import.meta.url), "--large"], { encoding: "utf8" });
  const big = JSON.parse(child) as ReturnType<typeof large>;
  const machine = { cpu: cpus()[0]?.model ?? "unknown", node: process.version, load: loadavg()[0] };
  if (json) {
    console.log(JSON.stringify({ data: name, runs, palettes: rows, large: big, machine }));
    return;
  }
  console.log(
    `${name}, median of ${runs} runs, ms (${machine.cpu}, Node ${machine.node}, load ${machine.load?.toFixed(1)})`,
  );
  console.table(rows);
  console.log(`${LARGE.toLocaleString("en")} × 6, generated, one run in a process of its own`);
  console.table([big]);
}

/** Median milliseconds of the phases. `solve` is everything a user calls, from the loaded matrix to the verdict. */
function timePalette(rewards: Rewards, q: number, runs: number) {
  const palette = parsePalette(VALUES.map((value, i) => `${value}=${i < 3 ? `q${q}` : "mean"}`).join(","));
  const problem = makeProblem(rewards, palette);
  const reachable = solve(rewards, palette).feasible;
  const published = publishedProcedure(rewards, palette);
  return {
    palette: `HHH-${q}`,
    reachable,
    solve: median(runs, () => solve(rewards, palette)),
    problem: median(runs, () => makeProblem(rewards, palette)),
    lp: median(runs, () => slackOf(problem)),
    lambda: reachable ? median(runs, () => multipliers(problem)) : null,
    published: median(Math.min(runs, 5), () => publishedProcedure(rewards, palette)),
    publishedSays: published.success ? "reachable" : `overflow at step ${published.overflowAt}`,
  };
}

function median(runs: number, work: () => unknown): number {
  for (let i = 0; i < Math.min(runs, 20); i++) work();
  const times = Array.from({ length: runs }, () => {
    const start = performance.now();
    work();
    return performance.now() - start;
  }).sort((a, b) => a - b);
  return Number((times[runs >> 1] as number).toFixed(3));
}

function small(): { readonly name: string; readonly rewards: Rewards } {
  const file = join(process.env.CONCORD_DATA ?? "", "map-reward-vectors", "rewards_opt1.3b.csv");
  if (process.env.CONCORD_DATA && existsSync(file)) {
    return { name: "released rewards, 2,312 × 6", rewards: rewardsFromCsv(readFileSync(file, "utf8")).rewards };
  }
  return { name: "generated rewards, 2,312 × 6", rewards: generated(2312) };
}

function large() {
  const rewards = generated(LARGE);
  const levels = [0.6, 0.5, 0.4, 0.05, 0.05, 0.05];
  const palette: Palette = VALUES.map((value, i) => ({
    value,
    target: { kind: "level", level: levels[i] as number },
  }));
  const before = process.resourceUsage().maxRSS;
  const start = performance.now();
  const solution = solve(rewards, palette);
  const seconds = (performance.now() - start) / 1000;
  const grown = (process.resourceUsage().maxRSS - before) * 1024;
  return {
    seconds: Number(seconds.toFixed(2)),
    extraMB: Number((grown / 1e6).toFixed(1)),
    boundMB: (2 * 8 * LARGE * VALUES.length) / 1e6,
    reachable: solution.feasible,
    kkt: solution.feasible ? solution.kkt : null,
  };
}

/** Six correlated values: a common part and an own one, humour bounded above as the released one is. */
function generated(n: number): Rewards {
  const random = rng(key("benchmark"));
  const m = VALUES.length;
  const data = new Float64Array(n * m);
  for (let j = 0; j < n; j++) {
    const common = random.normal();
    for (let i = 0; i < m; i++) data[j * m + i] = 0.4 * (i % 2 === 0 ? common : -common) + 0.9 * random.normal();
  }
  return makeRewards(VALUES, data);
}
