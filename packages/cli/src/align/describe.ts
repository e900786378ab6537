import { describeRewards } from "@concord/alignment";
import Table from "cli-table3";
import type { Command } from "commander";
import { z } from "zod";
import { checkOptions } from "../options.ts";
import { output, showPercent } from "../output.ts";
import { rewardsCommand } from "./options.ts";
import { loadRewards, rewardsOptions } from "./read.ts";
import { showNumber } from "./show.ts";

const schema = z.object(rewardsOptions);

export function describeCommand(): Command {
  return rewardsCommand(
    "describe",
    "Show the distribution of each value, its variance within prompts, and correlations.",
  )
    .addHelpText("after", "\nExample:\n  $ concord align describe --rewards rewards.csv")
    .action(async (raw: unknown) => {
      const options = checkOptions("align describe", schema, raw);
      const out = output(options.json);
      const found = describeRewards(await loadRewards(options, out));
      out.record({ ...found });
      const levels = new Table({
        head: ["value", "mean", "sd", "min", "q25", "q50", "q70", "q80", "q90", "max", "within prompts"],
        style: { head: [], border: [] },
      });
      for (const { value, mean, sd, min, max, quantiles, withinShare } of found.values) {
        const some = ["q25", "q50", "q70", "q80", "q90"].map((name) => showNumber(quantiles[name]));
        levels.push([
          value,
          showNumber(mean),
          showNumber(sd),
          showNumber(min),
          ...some,
          showNumber(max),
          showPercent(withinShare),
        ]);
      }
      out.say(levels.toString());
      const names = found.values.map(({ value }) => value);
      const table = new Table({ head: ["correlation", ...names], style: { head: [], border: [] } });
      for (const name of names) {
        table.push([name, ...names.map((other) => found.correlations[name]?.[other]?.toFixed(2) ?? "–")]);
      }
      out.say(table.toString());
      out.say(
        `${found.samples} answers to ${found.prompts} prompts, ${found.promptsAnsweredTwice} with two answers or more`,
      );
      for (const warning of found.warnings) out.say(`note: ${warning}`);
    });
}
