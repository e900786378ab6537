import type { Rewards } from "@concord/alignment";
import { labels, makeRewards } from "@concord/alignment";
import type { RewardModel } from "@concord/alignment/scoring";
import { key, rng, split } from "@concord/engine";
import type { Sampling } from "@concord/protocol";
import { ConcordError } from "@concord/protocol";
import type { BaseModel, Input } from "./base-model.ts";
import type { ScoredCandidate } from "./candidates.ts";
import { scoreCandidates } from "./candidates.ts";
import { turns } from "./turns.ts";

export interface Pilot {
  readonly base: BaseModel;
  readonly rewards: readonly RewardModel[];
  readonly prompts: readonly string[];
  readonly k: number;
  readonly sampling: Sampling;
  readonly seed: number;
  readonly signal: AbortSignal;
  /** Told after each prompt how many are done. */
  readonly onProgress: (done: number) => void;
}

/** Prompts under way at a time: enough to keep a base busy, few enough to leave room for those who ask. */
const AT_A_TIME = 4;
/** Drawings for one prompt, until it has its candidates. */
const ATTEMPTS = 3;

/**
 * Draws and scores the candidates of every prompt. A prompt that stays short of candidates keeps those that came; the
 * solver refuses if that happens to many. Throws ConcordError `unavailable` if the base gives nothing at all for ten prompts in
 * a row, and the signal's reason.
 */
export async function runPilot(pilot: Pilot): Promise<Rewards> {
  const { prompts, rewards, signal, onProgress } = pilot;
  const inTurn = turns(AT_A_TIME);
  const stop = new AbortController();
  const ending = AbortSignal.any([signal, stop.signal]);
  let [done, barren] = [0, 0];
  const perPrompt = await Promise.all(
    prompts.map((_, p) =>
      inTurn.take(async () => {
        const { candidates, problem } = await candidatesOf(pilot, p, ending);
        barren = candidates.length === 0 ? barren + 1 : 0;
        if (barren >= 10) {
          const error = new ConcordError("unavailable", `the base model gives no candidates: ${problem}`);
          stop.abort(error);
          throw error;
        }
        onProgress(++done);
        return candidates;
      }, ending),
    ),
  );
  const rows = perPrompt.flat();
  if (rows.length === 0) throw new ConcordError("unavailable", "the base model gave no candidates");
  return makeRewards(
    rewards.map(({ name }) => name),
    rows.map((row) => rewards.map(({ name }) => row.rewards[name] as number)),
    { prompts: labels(perPrompt.flatMap((candidates, p) => candidates.map(() => p))) },
  );
}

async function candidatesOf(pilot: Pilot, p: number, signal: AbortSignal) {
  const { base, rewards, k, sampling } = pilot;
  const prompt = pilot.prompts[p] as string;
  const input: Input = { kind: "chat", messages: [{ role: "user", content: prompt }] };
  const candidates: ScoredCandidate[] = [];
  let problem = "";
  for (let attempt = 0; attempt < ATTEMPTS && candidates.length < k; attempt++) {
    const seed = rng(split(key(pilot.seed), p, attempt)).below(2 ** 31);
    const drawn = await base.complete({ input, count: k - candidates.length, sampling, seed, signal });
    signal.throwIfAborted();
    const scored = await scoreCandidates(rewards, prompt, drawn.candidates, signal);
    candidates.push(...scored.candidates);
    problem = drawn.problems[0] ?? scored.problems[0] ?? problem;
  }
  return { candidates, problem };
}
