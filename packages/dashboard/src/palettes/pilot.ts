import type { DualKind, Rewards, RewardsFormat, ValueDescription } from "@concord/alignment";
import { describeRewards, paletteFrom, readRewards, resolvePalette, samplesByPrompt } from "@concord/alignment";
import { exampleRewards } from "./example-rewards.ts";
import { histogram } from "./histogram.ts";
import type { Scale } from "./scale.ts";
import { scaleOver } from "./scale.ts";

/** Where rewards come from. */
export type PilotSource =
  | { readonly kind: "example" }
  | { readonly kind: "text"; readonly name: string; readonly text: string; readonly format: RewardsFormat | undefined };

/** The rewards that the page works on, with the texts that stood beside them. They stay in the worker. */
export interface Pilot {
  readonly rewards: Rewards;
  readonly answers: readonly string[] | null;
  readonly questions: readonly string[] | null;
  readonly view: PilotView;
}

/** What the page knows of them. */
export interface PilotView {
  readonly name: string;
  /** Made up by the page itself. */
  readonly generated: boolean;
  readonly samples: number;
  readonly prompts: number;
  /** At least nine in ten prompts have two answers, so that the per-prompt dual can be asked. */
  readonly severalAnswers: boolean;
  /** The most answers that at least nine in ten prompts have: as many candidates as can be spoken for. */
  readonly answersEach: number;
  readonly hasAnswers: boolean;
  readonly values: readonly ValueView[];
  /** What is odd about them, or was left out. */
  readonly notes: readonly string[];
}

export interface ValueView {
  readonly name: string;
  /** The base model's level, as each dual weighs the samples. */
  readonly base: Readonly<Record<DualKind, number>>;
  readonly sd: number;
  readonly constant: boolean;
  readonly scale: Scale;
  /** `q10` and so on: levels of single answers. */
  readonly quantiles: Readonly<Record<string, number>>;
  /** Share of the variance between answers to one prompt: what choosing among them can use. Null if there is one each. */
  readonly withinShare: number | null;
  readonly before: readonly number[];
}

const ANSWER_COLUMNS = ["answer", "response", "completion", "output", "text"];
const QUESTION_COLUMNS = ["prompt", "question", "instruction", "input"];

/** Reads a source. Throws AlignmentError with the reason where it holds no rewards. */
export function openPilot(source: PilotSource): Pilot {
  if (source.kind === "example") {
    return withView({ rewards: exampleRewards(), answers: null, questions: null }, "Generated example", true, []);
  }
  const read = readRewards(source.text, source.format, { texts: [...ANSWER_COLUMNS, ...QUESTION_COLUMNS] });
  const firstOf = (names: readonly string[]) => {
    const name = names.find((one) => read.texts[one] !== undefined);
    return name === undefined ? null : (read.texts[name] ?? null);
  };
  const texts = { answers: firstOf(ANSWER_COLUMNS), questions: firstOf(QUESTION_COLUMNS) };
  return withView({ rewards: read.rewards, ...texts }, source.name, false, read.notes);
}

function withView(pilot: Omit<Pilot, "view">, name: string, generated: boolean, notes: readonly string[]): Pilot {
  const { rewards, answers } = pilot;
  const { samples, prompts, promptsAnsweredTwice, values, warnings } = describeRewards(rewards);
  const severalAnswers = rewards.prompts !== undefined && promptsAnsweredTwice >= 0.9 * prompts;
  const joint = basesOf(rewards, "joint");
  const perPrompt = severalAnswers ? basesOf(rewards, "per-prompt") : joint;
  const view = {
    name,
    generated,
    samples,
    prompts,
    severalAnswers,
    answersEach: answersEach(rewards),
    hasAnswers: answers !== null,
    values: values.map((described, i) =>
      valueView(rewards, i, described, { joint: joint[i] as number, "per-prompt": perPrompt[i] as number }),
    ),
    notes: [...notes, ...warnings],
  };
  return { ...pilot, view };
}

function answersEach(rewards: Rewards): number {
  const counts = samplesByPrompt(rewards)
    .map(({ length }) => length)
    .sort((a, b) => b - a);
  return counts[Math.ceil(0.9 * counts.length) - 1] ?? 1;
}

function basesOf(rewards: Rewards, dual: DualKind): number[] {
  const held = paletteFrom(Object.fromEntries(rewards.values.map((value) => [value, "mean"])));
  return resolvePalette(rewards, held, dual).map(({ target }) => (target.kind === "level" ? target.level : Number.NaN));
}

/** The slider leaves out the outermost hundredths: no average gets there, and a single odd answer would stretch it. */
function valueView(
  rewards: Rewards,
  at: number,
  { value, mean, sd, min, max, quantiles, constant, withinShare }: ValueDescription,
  base: ValueView["base"],
): ValueView {
  const [low, high] = [quantiles.q1 ?? min, quantiles.q99 ?? max];
  const scale = high > low ? scaleOver(Math.min(low, mean), Math.max(high, mean)) : scaleOver(min, max);
  const m = rewards.values.length;
  const before = histogram(
    scale,
    rewards.n,
    (j) => rewards.data[j * m + at] as number,
    () => 1 / rewards.n,
  );
  return { name: value, base, sd, constant, scale, quantiles, withinShare, before };
}
