import { bootstrap, heldOut, prices, type Reachable, type Solution, solve } from "@concord/alignment";
import { key } from "@concord/engine";
import Table from "cli-table3";
import type { Command } from "commander";
import { z } from "zod";
import { checkOptions, whole } from "../options.ts";
import { type Output, output } from "../output.ts";
import { paletteCommand } from "./options.ts";
import { asInput, loadPalette, loadRewards, paletteOptions } from "./read.ts";
import { roundOff, showNumber } from "./show.ts";

const schema = z.object({
  ...paletteOptions,
  prices: z.boolean().default(false),
  bootstrap: whole(2, 100_000).optional(),
  heldOut: whole(1, 10_000).optional(),
  seed: whole(0, Number.MAX_SAFE_INTEGER).default(1),
});

export function solveCommand(): Command {
  return paletteCommand("solve", "Say whether a palette of value targets can be reached, and with which multipliers.")
    .option("--prices", "what a unit more of each goal costs in KL, and how the other values move")
    .option("--bootstrap <n>", "95 % intervals from n resamples of the prompts")
    .option("--held-out <n>", "fit on half of the prompts and look at the other half, n times")
    .option("--seed <n>", "of the resamples", "1")
    .addHelpText(
      "after",
      "\nEnds with 1 where the palette cannot be reached.\n\nExample:\n  $ concord align solve --rewards rewards.csv --target humor=2.46,helpful=mean,harmless=q70 --json",
    )
    .action(async (raw: unknown) => {
      const options = checkOptions("align solve", schema, raw);
      const out = output(options.json);
      const palette = await loadPalette(options.target, options.palette);
      const rewards = await loadRewards(options, out);
      asInput("align solve", () => {
        const { dual } = options;
        const solution = solve(rewards, palette, dual);
        for (const warning of solution.warnings) out.warn(`note: ${warning}`);
        if (!solution.feasible) {
          out.record({ ...solution });
          sayGoals(solution, out);
          out.say(solution.verdict);
          process.exitCode = 1;
          return;
        }
        const extra = {
          ...(options.prices && { prices: prices(rewards, palette, dual) }),
          ...(options.bootstrap !== undefined && {
            bootstrap: bootstrap(rewards, palette, { key: key(options.seed), resamples: options.bootstrap, dual }),
          }),
          ...(options.heldOut !== undefined && {
            heldOut: heldOut(rewards, palette, { key: key(options.seed), splits: options.heldOut, dual }),
          }),
        };
        out.record({ ...solution, ...extra });
        sayGoals(solution, out);
        out.say(solution.verdict);
        sayExtra(solution, extra, out);
      });
    });
}

interface Extra {
  readonly prices?: ReturnType<typeof prices>;
  readonly bootstrap?: ReturnType<typeof bootstrap>;
  readonly heldOut?: ReturnType<typeof heldOut>;
}

function sayGoals(solution: Solution, out: Output): void {
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
}

function sayExtra({ lambda, realised }: Reachable, extra: Extra, out: Output): void {
  if (extra.bootstrap) {
    const { bootstrap: found } = extra;
    const between = (pair: readonly [number, number] | undefined) =>
      `${showNumber(pair?.[0])} … ${showNumber(pair?.[1])}`;
    const table = new Table({ head: ["goal", "lambda, 95 %", "realised, 95 %"], style: { head: [], border: [] } });
    for (const label of Object.keys(lambda))
      table.push([label, between(found.lambda[label]), between(found.realised[label])]);
    out.say(table.toString());
    if (found.unreachable > 0) out.say(`${found.unreachable} of ${found.resamples} resamples cannot reach the palette`);
  }
  if (extra.heldOut) {
    for (const [label, { mean, sd }] of Object.entries(extra.heldOut.miss)) {
      out.say(`held out, ${label}: ${showNumber(mean)} from the target on average, spread ${showNumber(sd)}`);
    }
  }
  if (extra.prices) {
    const values = Object.keys(realised).filter((name) =>
      Object.values(extra.prices?.levels ?? {}).some((row) => name in row),
    );
    const table = new Table({ head: ["one unit more of", "KL", ...values], style: { head: [], border: [] } });
    for (const [label, row] of Object.entries(extra.prices.levels)) {
      table.push([
        label,
        showNumber(extra.prices.kl[label]),
        ...values.map((value) => showNumber(roundOff(row[value]))),
      ]);
    }
    out.say(table.toString());
  }
}
