import { solve } from "@concord/alignment";
import Table from "cli-table3";
import type { Command } from "commander";
import { z } from "zod";
import { checkOptions } from "../options.ts";
import { output } from "../output.ts";
import { paletteCommand } from "./options.ts";
import { asInput, loadPalette, loadRewards, paletteOptions } from "./read.ts";
import { showNumber } from "./show.ts";

const schema = z.object(paletteOptions);

export function solveCommand(): Command {
  return paletteCommand("solve", "Say whether a palette of value targets can be reached, and with which multipliers.")
    .addHelpText(
      "after",
      "\nEnds with 1 where the palette cannot be reached.\n\nExample:\n  $ concord align solve --rewards rewards.csv --target humor=2.46,helpful=mean,harmless=q70 --json",
    )
    .action(async (raw: unknown) => {
      const options = checkOptions("align solve", schema, raw);
      const out = output(options.json);
      const palette = await loadPalette(options.target, options.palette);
      const rewards = await loadRewards(options, out);
      const solution = asInput("align solve", () => solve(rewards, palette, options.dual));
      out.record({ ...solution });
      const table = new Table({
        head: ["goal", "target", "base", ...(solution.feasible ? ["realised", "lambda"] : ["nearest", "conflict"])],
        style: { head: [], border: [] },
      });
      for (const { label, target, level, base } of solution.goals) {
        const asked = target === String(level) ? showNumber(level) : `${target} (${showNumber(level)})`;
        table.push([
          label,
          asked,
          showNumber(base),
          ...(solution.feasible
            ? [showNumber(solution.realised[label]), showNumber(solution.lambda[label])]
            : [showNumber(solution.nearest[label]), solution.conflict.includes(label) ? "yes" : ""]),
        ]);
      }
      out.say(table.toString());
      out.say(solution.verdict);
      if (!solution.feasible) process.exitCode = 1;
    });
}
