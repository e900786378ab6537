/**
 * How often a random palette can be reached, by the number of values in it: the linear program against the published test
 * ("no overflow in 150 steps"). Aggressive palettes draw every level between the mean and the largest reward of the value,
 * conservative ones between the smallest and the mean.
 *
 *     CONCORD_DATA=… node experiments/map/feasibility.ts [--palettes 200]
 */
import { parseArgs } from "node:util";
import { describeRewards, type Palette, publishedProcedure, solve } from "@concord/alignment";
import { key, rng, split } from "@concord/engine";
import { publish, released, VALUES } from "./released.ts";

const { values: options } = parseArgs({ options: { palettes: { type: "string", default: "200" } } });
const palettes = Number(options.palettes);

const rows: string[][] = [];
for (const model of ["opt1.3b", "llama2_chat"] as const) {
  const rewards = released(model);
  const bounds = new Map(describeRewards(rewards).values.map((one) => [one.value, one]));
  for (const mood of ["aggressive", "conservative"] as const) {
    for (let m = 1; m <= VALUES.length; m++) {
      const count = { reachable: 0, estimable: 0, published: 0, wrong: 0 };
      for (let draw = 0; draw < palettes; draw++) {
        const random = rng(split(key("feasibility"), model, mood, m, draw));
        const palette: Palette = VALUES.slice(0, m).map((value) => {
          const { min = 0, mean = 0, max = 0 } = bounds.get(value) ?? {};
          const [low, high] = mood === "aggressive" ? [mean, max] : [min, mean];
          return { value, target: { kind: "level", level: low + (high - low) * random.uniform() } };
        });
        const solution = solve(rewards, palette);
        const { success } = publishedProcedure(rewards, palette);
        if (solution.feasible) count.reachable++;
        if (solution.feasible && solution.estimable) count.estimable++;
        if (success) count.published++;
        if (success !== solution.feasible) count.wrong++;
      }
      const share = (number: number) => `${((100 * number) / palettes).toFixed(1)} %`;
      rows.push([model, mood, String(m), ...Object.values(count).map(share)]);
    }
  }
}
publish(
  "feasibility",
  `Random palettes by number of values (${palettes} each)`,
  [
    "model",
    "palettes",
    "values",
    "reachable (linear program)",
    "reachable and estimable (ESS ≥ 50)",
    "published test says feasible",
    "published test is wrong",
  ],
  rows,
);
