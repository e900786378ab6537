import type { Algorithm, TrainContext } from "./algorithm.ts";
import type { AveragingConfig } from "./fedavg.ts";
import { averaging } from "./fedavg.ts";
import { localSteps } from "./local-steps.ts";
import { keepPrivate } from "./private-tree.ts";
import type { FederationSpec } from "./spec.ts";

/**
 * Controls for algorithms that exchange more than once a round: federated averaging with as many bytes and as many local
 * steps. Whatever such an algorithm gains over them is not owed to the bytes alone.
 */
export interface ControlConfig extends AveragingConfig {
  /** E: exchanges of each active party in T local steps; 1 … T. */
  readonly exchanges: number;
}

/** FedAvg with E exchanges in a round, evenly spread over its T steps, of the same active parties. */
export function fedavgInnerAlgorithm(config: ControlConfig): Algorithm {
  const exchanges = evenExchanges(config.localSteps, config.exchanges);
  return averaging("fedavg-inner", config, () => exchanges);
}

/**
 * FedAvg that draws its parties anew after every exchange. What would be one round of T local steps is cut into E rounds
 * of about T/E, as even as whole numbers allow, so that E rounds make T local steps exactly.
 *
 * The E rounds stand where the one stood: their learning rate is that of the task's schedule in the round that they are
 * cut from, and a party that is drawn for all of them sees the batches that it would have seen in that one.
 */
export function fedavgShortAlgorithm(config: ControlConfig): Algorithm {
  const { localSteps: T, exchanges: E } = config;
  const ends = evenExchanges(T, E);
  /** Round `round` is piece (round − 1) mod E of a whole round. */
  const pieceOf = (round: number) => {
    const piece = (round - 1) % E;
    const [from, to] = [ends[piece - 1] ?? 0, ends[piece] ?? T];
    return { whole: 1 + (round - 1 - piece) / E, from, to };
  };
  const base = averaging("fedavg-short", config, (steps) => [steps]);
  return {
    ...base,
    select(state, context) {
      const { from, to } = pieceOf(context.round);
      const plan = base.select(state, context);
      return { ...plan, steps: to - from, members: plan.members.map((m) => ({ ...m, exchanges: [to - from] })) };
    },
    async train(context: TrainContext) {
      const { whole, from, to } = pieceOf(context.plan.round);
      const segment = { ...context.segment, from, to };
      const trained = await localSteps({ ...context, plan: { round: whole, steps: T }, segment });
      return { ...trained, privateState: keepPrivate({}) };
    },
  };
}

/**
 * The federation as `fedavg-inner` with E exchanges a round: same task, rounds, parties and evaluation.
 * Throws RangeError unless E is a whole number in 1 … T.
 */
export function fedavgInner(spec: FederationSpec, exchanges: number): FederationSpec {
  checkExchanges(spec, exchanges);
  return { ...spec, algorithm: controlOf("fedavg-inner", spec, exchanges) };
}

/**
 * The federation as `fedavg-short`: E times as many rounds with about T/E local steps each. In local steps, its length,
 * its learning rate and the places where it is evaluated are those of the federation that it was made from.
 * Throws RangeError unless E is a whole number in 1 … T.
 */
export function fedavgShort(spec: FederationSpec, exchanges: number): FederationSpec {
  checkExchanges(spec, exchanges);
  return {
    ...spec,
    algorithm: controlOf("fedavg-short", spec, exchanges),
    rounds: spec.rounds * exchanges,
    evaluation: { ...spec.evaluation, every: spec.evaluation.every * exchanges },
  };
}

/**
 * E of the controls that cost as many bytes as a round in which so many of the parties exchange so often: the mean
 * exchanges of a member, rounded. `parties` may be a mean over rounds, such as a group of 5.9.
 * Throws RangeError for shares that are no shares.
 */
export function equalByteExchanges(
  shares: readonly { readonly parties: number; readonly exchanges: number }[],
): number {
  let [parties, exchanges] = [0, 0];
  for (const share of shares) {
    if (!(share.parties >= 0 && share.exchanges >= 0)) {
      throw new RangeError(`${share.parties} parties with ${share.exchanges} exchanges: both must be ≥ 0`);
    }
    parties += share.parties;
    exchanges += share.parties * share.exchanges;
  }
  if (!(parties > 0 && Number.isFinite(exchanges))) throw new RangeError("there must be parties, in finite number");
  return Math.max(1, Math.round(exchanges / parties));
}

/** Local steps of each active party in all rounds of a federation. */
export function totalLocalSteps({ algorithm, rounds }: FederationSpec): number {
  const wholeRounds = algorithm.kind === "fedavg-short" ? rounds / algorithm.exchanges : rounds;
  return algorithm.localSteps * wholeRounds;
}

/** E steps of 1 … T, as evenly spread as whole numbers allow, the last one T. */
export function evenExchanges(T: number, E: number): number[] {
  return Array.from({ length: E }, (_, i) => Math.round(((i + 1) * T) / E));
}

function controlOf<K extends "fedavg-inner" | "fedavg-short">(kind: K, { algorithm }: FederationSpec, E: number) {
  const { localSteps: T, activeParties } = algorithm;
  return { kind, localSteps: T, ...(activeParties !== undefined && { activeParties }), exchanges: E };
}

function checkExchanges({ algorithm: { localSteps: T } }: FederationSpec, E: number): void {
  if (!(Number.isInteger(E) && E >= 1 && E <= T)) {
    throw new RangeError(`exchanges must be a whole number from 1 to the ${T} local steps, got ${E}`);
  }
}
