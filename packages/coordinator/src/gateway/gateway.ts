import { randomInt } from "node:crypto";
import { performance } from "node:perf_hooks";
import type { RewardModel } from "@concord/alignment/scoring";
import type { GatewayView, KeptAnswers, PaletteTrace } from "@concord/protocol";
import { ConcordError } from "@concord/protocol";
import type { Context } from "../context.ts";
import type { PaletteRecord } from "../store/contract.ts";
import type { BaseModel, Input } from "./base-model.ts";
import { promptOf } from "./base-model.ts";
import type { ScoredCandidate } from "./candidates.ts";
import { pick, scoreCandidates } from "./candidates.ts";
import { withRequest } from "./live-levels.ts";
import type { Palettes } from "./palettes.ts";
import { openPalettes } from "./palettes.ts";
import type { GatewayParts } from "./parts.ts";
import type { LabelledGoal } from "./served-palette.ts";
import { goalsOf } from "./served-palette.ts";

/** Answers that keep to palettes. */
export interface Gateway {
  readonly palettes: Palettes;
  view(): GatewayView;
  /**
   * Draws k candidates, scores them and picks one by softmax(λ·r). Throws ConcordError `resource_exhausted` where too many
   * ask, and `unavailable` where no candidate came or the asker has gone.
   */
  answer(palette: PaletteRecord, question: Question): Promise<Answered>;
  /** Answers that were kept, with their prompts. Throws ConcordError `not_found` for a palette that is not there. */
  kept(name: string, version: number, page: { readonly after: number; readonly limit: number }): Promise<KeptAnswers>;
  /** Told of every request that ends. */
  onServed(listener: (served: Served) => void): void;
  /** Requests under way. */
  load(): number;
  close(): Promise<void>;
}

interface Question {
  readonly input: Input;
  /** Undefined: a fresh one. */
  readonly seed: number | undefined;
  readonly signal: AbortSignal;
}

export interface Answered {
  readonly text: string;
  readonly finish: "stop" | "length";
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly trace: PaletteTrace;
}

interface Served {
  readonly outcome: "answered" | "refused" | "failed" | "left";
  readonly drawn: number;
  readonly failed: number;
  /** Null if it did not come to that. */
  readonly scoringSeconds: number | null;
}

const FLUSH_MS = 10_000;
const NOTE_MS = 60_000;

/** Opens the gateway over what is stored. */
export async function openGateway(context: Context, parts: GatewayParts): Promise<Gateway> {
  const { journal, clock, log } = context;
  const palettes = await openPalettes(context, parts);
  const bases = new Map(parts.bases.map((base) => [base.name, base]));
  const rewards = new Map(parts.rewards.map((reward) => [reward.name, reward]));
  const listeners: ((served: Served) => void)[] = [];
  const served = (one: Served) => {
    for (const listener of listeners) listener(one);
  };
  const flusher = flushing(() => palettes.flush(), context);
  const noted = new Map<string, number>();
  let load = 0;

  async function answer(palette: PaletteRecord, { input, seed = randomInt(2 ** 31), signal }: Question) {
    const base = bases.get(palette.base);
    if (base === undefined) {
      throw new ConcordError("unavailable", `this gateway has no base "${palette.base}" any more`);
    }
    const goals = goalsOf(palette);
    const { candidates, problems, scoringSeconds } = await drawAndScore(base, palette, input, seed, goals, signal);
    const failed = palette.k - candidates.length;
    if (!signal.aborted) note(palette, problems);
    if (candidates.length === 0) {
      served({ outcome: signal.aborted ? "left" : "failed", drawn: 0, failed, scoringSeconds });
      if (signal.aborted) throw new ConcordError("unavailable", "the one who asked has gone");
      const why = [...new Set(problems)].join("; ") || "it gave none";
      throw new ConcordError("unavailable", `the base model gave none of ${palette.k} candidates: ${why}`);
    }
    const { scores, weights, picked } = pick(goals, candidates, seed);
    palettes.setLive(palette, withRequest(palettes.live(palette), goals, candidates, weights, failed));
    served({ outcome: "answered", drawn: candidates.length, failed, scoringSeconds });
    if (parts.keepPrompts) await keep(palette, input, candidates, weights, picked);
    const chosen = candidates[picked] as ScoredCandidate;
    const trace: PaletteTrace = {
      palette: palette.name,
      version: palette.version,
      lambda: Object.fromEntries(goals.map(({ label, lambda }) => [label, lambda])),
      candidates: candidates.map((candidate, i) => ({
        rewards: { ...candidate.rewards },
        score: scores[i] as number,
        weight: weights[i] as number,
      })),
      picked,
      verdict: palette.solution?.verdict ?? "",
      seed,
      drawn: candidates.length,
      failed,
      problems: [...new Set(problems)],
    };
    return {
      text: chosen.text,
      finish: chosen.finish,
      promptTokens: candidates.reduce((sum, { promptTokens }) => sum + promptTokens, 0),
      completionTokens: candidates.reduce((sum, { completionTokens }) => sum + completionTokens, 0),
      trace,
    };
  }

  /** Tells the operator what fails, each thing once in a while: under load there may be thousands of it. */
  function note({ base, name }: PaletteRecord, problems: readonly string[]): void {
    for (const problem of new Set(problems)) {
      const what = JSON.stringify([base, name, problem]);
      if (clock.now() - (noted.get(what) ?? Number.NEGATIVE_INFINITY) < NOTE_MS) continue;
      noted.set(what, clock.now());
      log.warn({ base, palette: name, problem }, `candidates of ${base} fail: ${problem}`);
    }
  }

  async function drawAndScore(
    base: BaseModel,
    { k, sampling }: PaletteRecord,
    input: Input,
    seed: number,
    goals: readonly LabelledGoal[],
    signal: AbortSignal,
  ) {
    const drawn = await base.complete({ input, count: k, sampling, seed, signal });
    if (signal.aborted || drawn.candidates.length === 0) {
      return { candidates: [], problems: drawn.problems, scoringSeconds: null };
    }
    const began = performance.now();
    const scored = await scoreCandidates(modelsOf(goals), promptOf(input), drawn.candidates, signal).catch((error) => {
      if (!signal.aborted) throw error;
      return { candidates: [], problems: [] };
    });
    const scoringSeconds = (performance.now() - began) / 1000;
    return { candidates: scored.candidates, problems: [...drawn.problems, ...scored.problems], scoringSeconds };
  }

  /** The rewards that a palette speaks of, each once. */
  function modelsOf(goals: readonly LabelledGoal[]): RewardModel[] {
    return [...new Set(goals.map(({ value }) => value))].map((value) => {
      const model = rewards.get(value);
      if (model !== undefined) return model;
      throw new ConcordError("unavailable", `this gateway does not score "${value}" any more`);
    });
  }

  function keep(
    { name, version }: PaletteRecord,
    input: Input,
    candidates: readonly ScoredCandidate[],
    weights: readonly number[],
    picked: number,
  ): Promise<void> {
    const record = {
      palette: name,
      version,
      at: clock.now(),
      prompt: promptOf(input),
      picked,
      candidates: candidates.map(({ text, rewards }, i) => ({ text, rewards, weight: weights[i] as number })),
    };
    return journal.commit((tx) => tx.answers.append(record));
  }

  return {
    palettes,
    view: () => ({
      enabled: true,
      bases: [...bases.keys()],
      rewards: [...rewards.keys()],
      keepPrompts: parts.keepPrompts,
    }),
    async answer(palette, question) {
      if (load >= parts.requests) {
        served({ outcome: "refused", drawn: 0, failed: 0, scoringSeconds: null });
        throw new ConcordError(
          "resource_exhausted",
          `${load} requests are being answered, which is all this gateway takes at a time; try again in a second`,
        );
      }
      load++;
      try {
        return await answer(palette, question);
      } finally {
        load--;
      }
    },
    async kept(name, version, page) {
      palettes.get(name, version);
      const answers = await journal.read((tx) => tx.answers.list(name, version, page));
      return {
        answers: answers.map(({ seq, at, prompt, picked, candidates }) => ({
          seq,
          time: new Date(at).toISOString(),
          prompt,
          picked,
          candidates: candidates.map(({ text, rewards, weight }) => ({ text, rewards: { ...rewards }, weight })),
        })),
      };
    },
    onServed(listener) {
      listeners.push(listener);
    },
    load: () => load,
    async close() {
      await palettes.close();
      flusher.stop();
      await palettes.flush().catch((error: unknown) => log.warn({ err: error }, "the last live levels are lost"));
      await Promise.all(parts.bases.map((base) => base.close()));
    },
  };
}

/** Writes the live levels now and then; what a crash loses is the last seconds of them. */
function flushing(flush: () => Promise<void>, { clock, log }: Context): { stop(): void } {
  let stopped = false;
  let cancel = () => {};
  const again = () => {
    cancel = clock.after(FLUSH_MS, () => {
      flush()
        .catch((error: unknown) => log.warn({ err: error }, "live levels could not be stored yet"))
        .finally(() => {
          if (!stopped) again();
        });
    });
  };
  again();
  return {
    stop() {
      stopped = true;
      cancel();
    },
  };
}
