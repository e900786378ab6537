import type { Tensor, Tree } from "@concord/engine";
import type { CoordinatorState, MergeContext, Update } from "../algorithm.ts";
import type { RoundPlan } from "../plan.ts";
import { combination } from "../weighted-mean.ts";
import type { Level } from "./intervals.ts";
import { schedule } from "./intervals.ts";

/**
 * The rule "added", which is ours: the model of the fast group is kept, and what slower parties have learned since the model
 * they started from is added to it,
 *
 *   w ← Σ_F n_i w_i / Σ_F n_i  +  Σ_slower (n_i / n) (w_i − w_i⁰),    n = Σ n_i over all who are due,
 *
 * where F are the members at the fastest level that is due and w_i⁰ is the model that party i had from its last exchange.
 * The published rule averages the models themselves, so that slower parties also pull the model back towards the one
 * that they started from: with equal sizes it keeps |F| / |A| of what the fast group has learned in the round.
 */
export function addSlowWork(levels: readonly Level[]): {
  /** The state with the models that the parties start from. */
  begin(state: CoordinatorState): CoordinatorState;
  merge(state: CoordinatorState, exchange: MergeContext): CoordinatorState;
} {
  const begin = (state: CoordinatorState) => ({ ...state, starts: startsAt(levels, state.model) });
  return {
    begin,
    merge(state, { plan, step, updates }) {
      const due = levels.filter((level) => schedule(level, plan.steps).includes(step));
      const levelOf = levelsOf(plan, levels);
      const inUse = due.filter((level) => [...levelOf.values()].includes(level));
      const byLevel = (level: Level | undefined) => updates.filter(({ party }) => levelOf.get(party) === level);
      const fast = byLevel(inUse[0]);
      const examples = sumOf(updates);
      const parts = fast.map((update) => ({ factor: update.examples / sumOf(fast), tensors: update.tensors }));
      // Those of the fast group that are due may all have been lost: then the model stays as they left it.
      if (fast.length === 0) parts.push({ factor: 1, tensors: state.model });
      for (const level of inUse.slice(1)) {
        const slower = byLevel(level);
        const start = (state.starts as Tree<Tensor>)[level] as Tree<Tensor>;
        for (const update of slower) parts.push({ factor: update.examples / examples, tensors: update.tensors });
        if (slower.length > 0) parts.push({ factor: -sumOf(slower) / examples, tensors: start });
      }
      const model = combination(parts);
      return { ...state, model, starts: { ...(state.starts as Tree<Tensor>), ...startsAt(due, model) } };
    },
  };
}

function startsAt(levels: readonly Level[], model: Tree<Tensor>): Tree<Tensor> {
  return Object.fromEntries(levels.map((level) => [level, model]));
}

/** The level of each member. Levels that are longer than the round have the same schedule and are taken for one. */
function levelsOf({ members, steps }: RoundPlan, levels: readonly Level[]): ReadonlyMap<string, Level | undefined> {
  const lengths = levels.map((level) => schedule(level, steps).length);
  return new Map(members.map(({ party, exchanges }) => [party, levels[lengths.indexOf(exchanges.length)]]));
}

function sumOf(updates: readonly Update[]): number {
  return updates.reduce((sum, { examples }) => sum + examples, 0);
}
