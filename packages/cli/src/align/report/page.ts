import type {
  Bootstrap,
  Description,
  Frontier,
  HeldOut,
  Prices,
  Reachable,
  Rewards,
  Solution,
} from "@concord/alignment";
import { showNumber } from "../show.ts";
import { beforeAfter, frontierPlot, quantileRadar, tradeOffTable, weightsPlot } from "./plots.ts";
import { escapeHtml } from "./svg.ts";

export interface ReportContent {
  readonly title: string;
  readonly rewards: Rewards;
  /** What was asked. */
  readonly asked: Solution;
  /** What is shown: the palette that was asked for, or the nearest that can be reached; null if there is none. */
  readonly shown: Reachable | null;
  readonly weights: Float64Array | null;
  readonly prices: Prices | null;
  readonly bootstrap: Bootstrap | null;
  readonly heldOut: HeldOut | null;
  readonly frontiers: readonly Frontier[];
  readonly description: Description;
}

/** The report as one HTML file: no scripts, nothing loaded from elsewhere. */
export function reportPage(content: ReportContent): string {
  const { title, asked } = content;
  const sections = [
    goalsSection(content),
    plotsSection(content),
    pricesSection(content),
    frontierSection(content),
    trustSection(content),
    rewardsSection(content),
  ];
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escapeHtml(title)}</title><style>${STYLE}</style></head><body><main>
<h1>${escapeHtml(title)}</h1>
<p class="verdict ${asked.feasible && asked.estimable ? "good" : "bad"}">${escapeHtml(asked.verdict)}</p>
${asked.warnings.map((warning) => `<p class="note">${escapeHtml(warning)}</p>`).join("")}
${sections.filter((section) => section !== "").join("\n")}
</main></body></html>
`;
}

function goalsSection({ asked, shown, prices, bootstrap }: ReportContent): string {
  const rows = asked.goals.map(({ label, target, level, base }) => {
    const between = bootstrap?.realised[label];
    const cells = [
      target,
      level,
      base,
      ...(asked.feasible ? [] : [asked.nearest[label]]),
      shown?.realised[label],
      between ? `${showNumber(between[0])} … ${showNumber(between[1])}` : "–",
      shown?.lambda[label],
      prices?.kl[label],
    ];
    const text = cells.map((cell) => `<td>${escapeHtml(typeof cell === "string" ? cell : showNumber(cell))}</td>`);
    const conflict = !asked.feasible && asked.conflict.includes(label);
    return `<tr${conflict ? ' class="conflict"' : ""}><th scope="row">${escapeHtml(label)}</th>${text.join("")}</tr>`;
  });
  const head = [
    "target",
    "level",
    "base",
    ...(asked.feasible ? [] : ["nearest"]),
    "realised",
    "95 %",
    "λ",
    "KL per unit",
  ];
  const facts = shown
    ? `<p>KL ${showNumber(shown.kl)} · rests on ${showNumber(shown.ess)} of ${shown.samples} samples · largest weight ${showNumber(shown.maxWeight)} · slack ${showNumber(asked.slack)} · KKT error ${showNumber(shown.kkt)} sd · ${asked.dual} dual</p>`
    : "";
  const about = asked.feasible ? "" : "<p>Everything below is about the nearest palette that can be reached.</p>";
  return `<section><h2>Goals</h2><div class="wide"><table><thead><tr><th scope="col">goal</th>${head
    .map((name) => `<th scope="col">${name}</th>`)
    .join("")}</tr></thead><tbody>${rows.join("")}</tbody></table></div>${facts}${about}</section>`;
}

function plotsSection({ rewards, asked, shown, weights }: ReportContent): string {
  const base = Object.fromEntries(rewards.values.map((value) => [value, mean(rewards, value)]));
  const plain = asked.goals.filter(({ label, value }) => label === value);
  const targets = { ...base, ...Object.fromEntries(plain.map(({ value, level }) => [value, level])) };
  const radar = quantileRadar(rewards, [
    { name: "base", className: "base", of: base },
    { name: "target", className: "target", of: targets },
    ...(shown ? [{ name: "realised", className: "realised", of: shown.realised }] : []),
  ]);
  const distributions = rewards.values.map((value, i) => {
    const goal = plain.find((one) => one.value === value && !one.target.startsWith("p"));
    return beforeAfter(rewards, i, weights, goal?.level ?? null);
  });
  return `<section><h2>Levels among the base model's answers</h2>${LEGEND}<div class="plots">${radar}${weights ? weightsPlot(weights) : ""}</div>
<h2>Before and after</h2><div class="plots">${distributions.join("")}</div></section>`;
}

function pricesSection({ prices, asked, description }: ReportContent): string {
  if (prices === null) return "";
  const sds = Object.fromEntries(description.values.map(({ value, sd }) => [value, sd]));
  const ofGoal = Object.fromEntries(asked.goals.map(({ label, sd }) => [label, sd]));
  return `<section><h2>Trade-offs</h2><p>How the levels move, in standard deviations, when one target rises by one and the others stay.</p><div class="wide">${tradeOffTable(prices.levels, sds, ofGoal)}</div></section>`;
}

function frontierSection({ frontiers }: ReportContent): string {
  if (frontiers.length === 0) return "";
  return `<section><h2>Frontier</h2><p>What raising one value costs while the other goals hold. Grey points rest on fewer than 50 samples.</p><div class="plots">${frontiers.map(frontierPlot).join("")}</div></section>`;
}

function trustSection({ bootstrap, heldOut }: ReportContent): string {
  if (bootstrap === null || heldOut === null) return "";
  const rows = Object.entries(heldOut.miss).map(([label, { mean: miss, sd }]) => {
    const lambda = bootstrap.lambda[label];
    return `<tr><th scope="row">${escapeHtml(label)}</th><td>${showNumber(lambda?.[0])} … ${showNumber(lambda?.[1])}</td><td>${showNumber(miss)}</td><td>${showNumber(sd)}</td></tr>`;
  });
  return `<section><h2>How far to trust it</h2><div class="wide"><table><thead><tr><th scope="col">goal</th><th scope="col">λ, 95 %</th><th scope="col">held-out miss</th><th scope="col">its spread</th></tr></thead><tbody>${rows.join("")}</tbody></table></div>
<p>${bootstrap.resamples} resamples of the prompts, ${bootstrap.unreachable} of which cannot reach the palette; ${heldOut.splits} splits in halves, ${heldOut.unreachable} of which cannot.</p></section>`;
}

function rewardsSection({ description }: ReportContent): string {
  const rows = description.values.map(({ value, mean: level, sd, min, max, quantiles, withinShare }) => {
    const cells = [level, sd, min, quantiles.q50, quantiles.q80, max].map((number) => `<td>${showNumber(number)}</td>`);
    const within = withinShare === null ? "–" : `${Math.round(100 * withinShare)} %`;
    return `<tr><th scope="row">${escapeHtml(value)}</th>${cells.join("")}<td>${within}</td></tr>`;
  });
  const head = ["mean", "sd", "min", "median", "80 %", "max", "variance within prompts"];
  const names = description.values.map(({ value }) => value);
  const correlations = names.map((name) => {
    const cells = names.map((other) => `<td>${description.correlations[name]?.[other]?.toFixed(2) ?? "–"}</td>`);
    return `<tr><th scope="row">${escapeHtml(name)}</th>${cells.join("")}</tr>`;
  });
  return `<section><h2>Rewards</h2><p>${description.samples} answers to ${description.prompts} prompts.</p><div class="wide"><table><thead><tr><th scope="col">value</th>${head.map((name) => `<th scope="col">${name}</th>`).join("")}</tr></thead><tbody>${rows.join("")}</tbody></table></div>
<h2>Correlations</h2><div class="wide"><table><thead><tr><th></th>${names.map((name) => `<th scope="col">${escapeHtml(name)}</th>`).join("")}</tr></thead><tbody>${correlations.join("")}</tbody></table></div></section>`;
}

function mean({ values, data, n }: Rewards, value: string): number {
  const at = values.indexOf(value);
  let sum = 0;
  for (let j = 0; j < n; j++) sum += data[j * values.length + at] as number;
  return sum / n;
}

const LEGEND = `<p class="legend"><span class="base">base</span> <span class="target">target</span> <span class="realised">realised</span></p>`;

const STYLE = `
:root{color-scheme:light dark;--ink:#1c1e21;--soft:#6b7280;--rule:#d9dce1;--page:#fff;--blue:#2563a8;--amber:#b45309;--good:#2e7d5a;--bad:#b3372c}
@media(prefers-color-scheme:dark){:root{--ink:#e8eaed;--soft:#9aa0a8;--rule:#3a3f46;--page:#16181b;--blue:#7ab3ef;--amber:#e8a04c;--good:#6cc49b;--bad:#f08a7f}}
body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--page);margin:0}
main{max-width:1100px;margin:0 auto;padding:24px}
h1{font-size:1.5rem}h2{font-size:1.1rem;margin-top:2rem}
.verdict{font-size:1.05rem;border-left:4px solid;padding:.4rem .8rem}.good{border-color:var(--good)}.bad{border-color:var(--bad)}
.note{color:var(--soft)}.wide{overflow-x:auto}
table{border-collapse:collapse;font-variant-numeric:tabular-nums}th,td{padding:.25rem .7rem;border-bottom:1px solid var(--rule);text-align:right}th:first-child{text-align:left}
tr.conflict th{color:var(--bad)}
.plots{display:flex;flex-wrap:wrap;gap:16px}.plots svg{flex:1 1 300px}
svg text{font:11px system-ui,sans-serif;fill:var(--soft)}svg path,svg line{fill:none;stroke-width:1.6}
.grid{stroke:var(--rule);stroke-width:1!important}.base{stroke:var(--soft)}.target{stroke:var(--amber);stroke-dasharray:4 3}.realised{stroke:var(--blue)}
circle.fill{stroke:none}circle.base{fill:var(--soft)}circle.target{fill:var(--amber)}circle.realised{fill:var(--blue)}circle.doubtful{fill:var(--rule)}
.legend span{border-bottom:3px solid;margin-right:1rem}.legend .base{border-color:var(--soft)}.legend .target{border-color:var(--amber)}.legend .realised{border-color:var(--blue)}
@media print{body{background:#fff}}
`;
