import { sequential } from "@concord/alignment";
import Table from "cli-table3";
import type { Command } from "commander";
import { z } from "zod";
import { checkOptions, whole } from "../options.ts";
import { output } from "../output.ts";
import { paletteCommand } from "./options.ts";
import { asInput, loadPalette, loadRewards, paletteOptions } from "./read.ts";
import { showNumber } from "./show.ts";

const schema = z.object({
  ...paletteOptions,
  scheme: z.enum(["coordinate", "as-printed"], "expected coordinate or as-printed").default("coordinate"),
  cycles: whole(1, 1_000_000).default(1000),
});

export function sequentialCommand(): Command {
  return paletteCommand("sequential", "Align one value at a time, in the order of the targets, again and again.")
    .option("--scheme <name>", "coordinate (ends at the joint solution), or as-printed in the paper", "coordinate")
    .option("--cycles <n>", "the most cycles; it stops when nothing changes any more", "1000")
    .addHelpText(
      "after",
      "\nExample:\n  $ concord align sequential --rewards rewards.csv --target humor=2.46,helpful=mean --cycles 5",
    )
    .action(async (raw: unknown) => {
      const options = checkOptions("align sequential", schema, raw);
      const out = output(options.json);
      const palette = await loadPalette(options.target, options.palette);
      const rewards = await loadRewards(options, out);
      const history = asInput("align sequential", () => sequential(rewards, palette, options));
      for (const cycle of history) out.record({ type: "cycle", ...cycle });
      const last = history.at(-1);
      if (last === undefined) return;
      const labels = Object.keys(last.lambda);
      const table = new Table({ head: ["cycle", ...labels, "KL", "KKT error"], style: { head: [], border: [] } });
      for (const { cycle, lambda, kl, kkt } of history.length > 12 ? [...history.slice(0, 10), last] : history) {
        table.push([cycle, ...labels.map((label) => showNumber(lambda[label])), showNumber(kl), showNumber(kkt)]);
      }
      out.say(table.toString());
      const there = last.kkt <= 1e-8;
      out.say(
        there
          ? `at the joint solution after ${last.cycle} cycles`
          : `after ${last.cycle} cycles still ${showNumber(last.kkt)} standard deviations from the joint solution's conditions${options.scheme === "as-printed" ? "; as printed, a multiplier can never come down again" : ""}`,
      );
      out.record({
        type: "result",
        scheme: options.scheme,
        cycles: last.cycle,
        converged: there,
        lambda: last.lambda,
        realised: last.realised,
        kl: last.kl,
        kkt: last.kkt,
      });
    });
}
