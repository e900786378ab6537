import { frontier } from "@concord/alignment";
import Table from "cli-table3";
import type { Command } from "commander";
import { z } from "zod";
import { checkOptions, whole } from "../options.ts";
import { InputError, output } from "../output.ts";
import { paletteCommand } from "./options.ts";
import { asInput, loadPalette, loadRewards, paletteOptions } from "./read.ts";
import { showNumber } from "./show.ts";

const schema = z.object({
  ...paletteOptions,
  dual: z.enum(["joint", "per-prompt"], "expected joint or per-prompt").optional(),
  raise: z.string().optional(),
  kl: z.coerce.number().gt(0, "a KL budget is above 0").optional(),
  candidates: whole(2, 100_000).optional(),
  points: whole(1, 1000).default(20),
});

export function frontierCommand(): Command {
  return paletteCommand("frontier", "Raise one value as far as a budget allows while the others hold.", null)
    .option("--raise <value>", "the value to raise (or value@group); the goals of --target are held")
    .option("--kl <nats>", "the most that the answer may be away from the base model")
    .option("--candidates <k>", "what choosing among k answers a prompt can deliver (per-prompt dual)")
    .option("--points <n>", "points on the curve", "20")
    .addHelpText(
      "after",
      "\nExample:\n  $ concord align frontier --rewards rewards.csv --raise harmless --target helpful=mean --kl 0.5",
    )
    .action(async (raw: unknown) => {
      const options = checkOptions("align frontier", schema, raw);
      const out = output(options.json);
      const { raise } = options;
      if (raise === undefined) throw new InputError("align frontier --raise: name the value to raise");
      const some = options.target.length > 0 || options.palette !== undefined;
      const hold = some ? await loadPalette(options.target, options.palette) : [];
      const rewards = await loadRewards(options, out);
      const { dual, kl, candidates, points } = options;
      const found = asInput("align frontier", () => frontier(rewards, { raise, hold, dual, kl, candidates, points }));
      out.record({ ...found });
      const table = new Table({ head: [raise, "KL", "price", "samples"], style: { head: [], border: [] } });
      for (const { level, kl: spent, price, ess } of found.points) {
        table.push([showNumber(level), showNumber(spent), showNumber(price), showNumber(ess)]);
      }
      out.say(table.toString());
      const stop = { kl: "the KL budget", samples: "these samples", candidates: "the candidates" }[found.boundBy];
      const care = found.best.estimable ? "" : " That point rests on too few samples to be believed.";
      out.say(
        `${raise} can go from ${showNumber(found.from)} to ${showNumber(found.best.level)}; ${stop} stop${found.boundBy === "kl" ? "s" : ""} it there.${care}`,
      );
    });
}
