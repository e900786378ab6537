/**
 * One value at a time on OPT-1.3B: multipliers after 1 and 5 cycles beside the joint solution, as coordinate ascent and as
 * printed in the paper.
 *
 *     CONCORD_DATA=… node experiments/map/sequential.ts
 */
import { sequential, solve } from "@concord/alignment";
import { publish, released, show, tablePalette } from "./released.ts";

const HHH = ["humor", "gpt2-helpful", "gpt2-harmless"];
const rewards = released("opt1.3b");
const rows = [50, 60, 70, 80].flatMap((q) => {
  const palette = tablePalette(rewards, HHH, q, false);
  const list = (lambda: Readonly<Record<string, number>> | undefined) =>
    HHH.map((value) => show(lambda?.[value])).join(" ");
  const runs = (["coordinate", "as-printed"] as const).map((scheme) => {
    const history = sequential(rewards, palette, { scheme });
    const after = (cycle: number) => history[Math.min(cycle, history.length) - 1];
    return [
      `HHH-${q}`,
      scheme,
      list(after(1)?.lambda),
      list(after(5)?.lambda),
      list(history.at(-1)?.lambda),
      `${history.length}`,
      show(history.at(-1)?.kl),
    ];
  });
  const joint = solve(rewards, palette);
  return [
    ...runs,
    [
      `HHH-${q}`,
      "joint",
      "–",
      "–",
      joint.feasible ? list(joint.lambda) : "–",
      "–",
      joint.feasible ? show(joint.kl) : "–",
    ],
  ];
});
publish(
  "sequential",
  "One value at a time, OPT-1.3B",
  ["palette", "scheme", "λ, 1 cycle", "λ, 5 cycles", "λ, end", "cycles", "KL"],
  rows,
);
