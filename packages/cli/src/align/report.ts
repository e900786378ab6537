import { writeFile } from "node:fs/promises";
import { basename } from "node:path";
import {
  AlignmentError,
  bootstrap,
  type DualKind,
  describeRewards,
  type Frontier,
  frontier,
  heldOut,
  type Palette,
  prices,
  type Rewards,
  sampleWeights,
  solve,
} from "@concord/alignment";
import { key } from "@concord/engine";
import type { Command } from "commander";
import { z } from "zod";
import { checkOptions, whole } from "../options.ts";
import { InputError, output } from "../output.ts";
import { paletteCommand } from "./options.ts";
import { asInput, loadPalette, loadRewards, paletteOptions } from "./read.ts";
import { type ReportContent, reportPage } from "./report/page.ts";

const schema = z.object({
  ...paletteOptions,
  out: z.string().default("align-report.html"),
  title: z.string().optional(),
  bootstrap: whole(2, 100_000).default(200),
  seed: whole(0, Number.MAX_SAFE_INTEGER).default(1),
});

export function reportCommand(): Command {
  return paletteCommand("report", "Write one HTML file: verdict, levels, trade-offs, frontier, weights, intervals.")
    .option("--out <file.html>", "where it goes", "align-report.html")
    .option("--title <text>", "its heading")
    .option("--bootstrap <n>", "resamples for the intervals", "200")
    .option("--seed <n>", "of the resamples", "1")
    .addHelpText(
      "after",
      "\nExample:\n  $ concord align report --rewards rewards.csv --target humor=q60,helpful=mean --out report.html",
    )
    .action(async (raw: unknown) => {
      const options = checkOptions("align report", schema, raw);
      const out = output(options.json);
      const palette = await loadPalette(options.target, options.palette);
      const rewards = await loadRewards(options, out);
      const source = options.rewards === "-" ? "standard input" : basename(options.rewards);
      const content = asInput("align report", () =>
        collect(rewards, palette, { ...options, title: options.title ?? `A palette on ${source}` }),
      );
      const html = reportPage(content);
      try {
        await writeFile(options.out, html);
      } catch (error) {
        throw new InputError(`cannot write ${options.out}: ${(error as NodeJS.ErrnoException).code ?? error}`);
      }
      out.say(content.asked.verdict);
      out.say(`${options.out} holds the report`);
      const { feasible, verdict } = content.asked;
      out.record({ type: "result", file: options.out, bytes: Buffer.byteLength(html), feasible, verdict });
      if (!feasible) process.exitCode = 1;
    });
}

interface CollectOptions {
  readonly title: string;
  readonly dual: DualKind;
  readonly bootstrap: number;
  readonly seed: number;
}

function collect(rewards: Rewards, palette: Palette, options: CollectOptions): ReportContent {
  const { dual } = options;
  const asked = solve(rewards, palette, dual);
  // Of a palette that cannot be reached, the nearest one is shown.
  const near = asked.feasible
    ? palette
    : palette.map((goal, i) => {
        const { label = "" } = asked.goals[i] ?? {};
        const level = asked.nearest[label] as number;
        return goal.target.kind === "share"
          ? { ...goal, target: { ...goal.target, share: level } }
          : { ...goal, target: { kind: "level", level } as const };
      });
  const shown = solve(rewards, near, dual);
  const root = key(options.seed);
  const described = { title: options.title, rewards, asked, description: describeRewards(rewards) };
  if (!shown.feasible) {
    return { ...described, shown: null, weights: null, prices: null, bootstrap: null, heldOut: null, frontiers: [] };
  }
  return {
    ...described,
    shown,
    weights: sampleWeights(rewards, near, dual),
    prices: prices(rewards, near, dual),
    bootstrap: bootstrap(rewards, near, { key: root, resamples: options.bootstrap, dual }),
    heldOut: shown.prompts >= 4 ? heldOut(rewards, near, { key: root, dual }) : null,
    frontiers: frontiersOf(rewards, near, dual),
  };
}

/** A curve for each goal that is a level of a whole value, up to where the samples end. */
function frontiersOf(rewards: Rewards, palette: Palette, dual: DualKind): Frontier[] {
  return palette.flatMap((goal) => {
    if (goal.target.kind === "share") return [];
    const raise = goal.group === undefined ? goal.value : `${goal.value}@${goal.group}`;
    const hold = palette.filter((other) => other !== goal);
    try {
      return [frontier(rewards, { raise, hold, dual, points: 16 })];
    } catch (error) {
      if (error instanceof AlignmentError) return [];
      throw error;
    }
  });
}
