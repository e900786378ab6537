import type { Palette, Rewards } from "@concord/alignment";
import {
  AlignmentError,
  columnOf,
  firstAnswers,
  labels,
  makeRewards,
  paletteFrom,
  parsePalette,
  prices,
  readRewards,
  samplesByPrompt,
  showPalette,
  solve,
} from "@concord/alignment";
import type { PaletteRequest, PaletteSolution } from "@concord/protocol";
import { ConcordError } from "@concord/protocol";

/** Solves a palette for k candidates: the per-prompt dual, whose levels are those that decoding delivers. */
export function solvePalette(rewards: Rewards, targets: string, k: number): PaletteSolution {
  return blaming("pilot", () => {
    const palette = parsePalette(targets);
    const chosen = firstAnswers(rewards, k);
    const solution = solve(chosen, palette, "per-prompt");
    const { verdict, slack, samples, prompts } = solution;
    const goals = solution.goals.map(({ label, value, target, level, base, sd }) => {
      return { label, value, target, level, base, sd };
    });
    const common = { verdict, slack, samples, prompts, goals, warnings: [...solution.warnings] };
    if (!solution.feasible) {
      return { feasible: false, ...common, conflict: [...solution.conflict], nearest: { ...solution.nearest } };
    }
    const { estimable, lambda, realised, kl, ess, kkt } = solution;
    const priced = prices(chosen, palette, "per-prompt");
    return {
      feasible: true,
      ...common,
      estimable,
      lambda: { ...lambda },
      realised: { ...realised },
      kl,
      ess,
      kkt,
      prices: {
        kl: { ...priced.kl },
        levels: Object.fromEntries(Object.entries(priced.levels).map(([label, row]) => [label, { ...row }])),
      },
    };
  });
}

/** Targets in one form, each of a reward that there is. Throws ConcordError `invalid_argument`. */
export function checkTargets(targets: PaletteRequest["targets"], rewards: readonly string[]): string {
  return blaming("targets", () => {
    const palette: Palette = typeof targets === "string" ? parsePalette(targets) : paletteFrom(targets);
    if (palette.length === 0) throw new AlignmentError("the palette is empty: name at least one value and its target");
    const stranger = palette.find(({ value }) => !rewards.includes(value));
    if (stranger !== undefined) {
      throw new AlignmentError(`there is no reward "${stranger.value}"; this gateway scores ${rewards.join(", ")}`);
    }
    return showPalette(palette);
  });
}

/** Rewards that were given, those of them that this gateway scores itself. Throws ConcordError `invalid_argument`. */
export function readPilot(
  given: string | readonly object[],
  promptColumn: string | undefined,
  known: readonly string[],
): Rewards {
  return blaming("pilot.rewards", () => {
    const text = typeof given === "string" ? given : JSON.stringify(given);
    const { rewards, notes } = readRewards(text, undefined, { promptColumn });
    const values = rewards.values.filter((value) => known.includes(value));
    if (values.length === 0) {
      const left = notes.length === 0 ? "" : ` (${notes.join("; ")})`;
      throw new AlignmentError(
        `none of the columns is a reward of this gateway, which scores ${known.join(", ")}${left}`,
      );
    }
    return restricted(rewards, values);
  });
}

/** Rewards as CSV, with numbers in the place of prompts: what a prompt says is not kept. */
export function toCsv(rewards: Rewards): string {
  const { values, data } = rewards;
  const m = values.length;
  const lines = samplesByPrompt(rewards).flatMap((set, prompt) =>
    Array.from(set, (j) => [prompt, ...data.subarray(j * m, (j + 1) * m)].join(",")),
  );
  return `${["prompt_id", ...values].join(",")}\n${lines.join("\n")}\n`;
}

function restricted(rewards: Rewards, values: readonly string[]): Rewards {
  const columns = values.map((value) => columnOf(rewards, value));
  const m = rewards.values.length;
  const data = new Float64Array(rewards.n * columns.length);
  for (let j = 0; j < rewards.n; j++) {
    columns.forEach((column, i) => {
      data[j * columns.length + i] = rewards.data[j * m + column] as number;
    });
  }
  return makeRewards(values, data, { prompts: rewards.prompts ?? labels(Array(rewards.n).keys()) });
}

function blaming<T>(param: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof AlignmentError)) throw error;
    throw new ConcordError("invalid_argument", `${param}: ${error.message}`, { param, cause: error });
  }
}
