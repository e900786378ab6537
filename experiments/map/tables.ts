/**
 * The palettes of Tables 1 (OPT-1.3B) and 4 (Llama2-7B-chat) of the paper on the released rewards: exact multipliers beside
 * the published procedure run again, and what the linear program says.
 *
 *     CONCORD_DATA=… node experiments/map/tables.ts
 */
import { publishedProcedure, solve } from "@concord/alignment";
import { type Model, publish, released, show, tablePalette, VALUES } from "./released.ts";

const HHH = ["humor", "gpt2-helpful", "gpt2-harmless"];

const PALETTES = [
  ...[50, 60, 70, 80, 90].map((q) => ({ name: `HHH-${q}`, named: HHH, q, rest: true })),
  ...HHH.map((value) => ({ name: `${value}-80`, named: [value], q: 80, rest: false })),
];

for (const [model, title, file] of [
  ["opt1.3b", "Table 1: OPT-1.3B", "table-1"],
  ["llama2_chat", "Table 4: Llama2-7B-chat", "table-4"],
] as const satisfies readonly (readonly [Model, string, string])[]) {
  const rewards = released(model);
  const rows = PALETTES.map(({ name, named, q, rest }) => {
    const palette = tablePalette(rewards, named, q, rest);
    const solution = solve(rewards, palette);
    const published = publishedProcedure(rewards, palette);
    const list = (lambda: Readonly<Record<string, number>>) =>
      VALUES.filter((value) => value in lambda)
        .map((value) => show(lambda[value]))
        .join(" ");
    return [
      name,
      solution.slack.toFixed(4),
      solution.feasible ? list(solution.lambda) : `not reachable: ${solution.conflict.join(", ")}`,
      published.success ? list(published.lambda) : `“infeasible” (overflow at step ${published.overflowAt})`,
      solution.feasible ? show(solution.kl) : "–",
      solution.feasible ? solution.ess.toFixed(0) : "–",
    ];
  });
  publish(file, title, ["palette", "slack t", "λ, exact", "λ, published procedure", "KL", "ESS of 2312"], rows);
}
