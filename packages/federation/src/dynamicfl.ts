import type { Tensor } from "@concord/engine";
import { mapTree, specOf } from "@concord/engine";
import { drawActive } from "./active-parties.ts";
import type { Algorithm } from "./algorithm.ts";
import { average } from "./average.ts";
import { checkModel } from "./check-model.ts";
import { ablestLevel, drawAbility } from "./dynamicfl/able-parties.ts";
import { anchored } from "./dynamicfl/anchored.ts";
import { placeAsAssigned } from "./dynamicfl/assigned-levels.ts";
import type { Turns } from "./dynamicfl/fair-turns.ts";
import { countTurns, hasTurn } from "./dynamicfl/fair-turns.ts";
import { schedule } from "./dynamicfl/intervals.ts";
import { declaredLabels, unfitLabels } from "./dynamicfl/label-shares.ts";
import { placeParties } from "./dynamicfl/place-parties.ts";
import { addSlowWork } from "./dynamicfl/slow-work.ts";
import type { DynamicflSpec } from "./dynamicfl/spec.ts";
import { ratiosOf } from "./dynamicfl/spec.ts";
import { localSteps } from "./local-steps.ts";

/**
 * DynamicFL ("DynamicFL: Federated Learning with Dynamic Communication Resource Allocation", IEEE BigData 2024,
 * arXiv 2409.04986), after the authors' code.
 *
 * Of the active parties A of a round, a group S whose pooled labels look like those of the whole federation exchanges often, the
 * others rarely: between FedSGD and FedAvg, party by party. An exchange averages the models of the parties that
 * are due at its step and goes down to those alone; at the end of the round all of A are due, w ← Σ_A n_i w_i / Σ_A n_i.
 * A party's momentum survives its exchanges and starts afresh in every round.
 *
 * With an `assignment` every party has a level of its own in every round, and labels decide nothing.
 *
 * `labelsOf` says what is known of the parties' labels; by default what they have declared.
 */
export function dynamicfl(spec: DynamicflSpec, labelsOf = declaredLabels): Algorithm {
  const { localSteps: T, activeParties, levels, budget, assignment, slow, fairness } = spec;
  const ratios = ratiosOf(spec);
  const schedules = levels.map((level) => schedule(level, T));
  const slowWork = slowRule(spec);

  return {
    name: "dynamicfl",
    ...(assignment === undefined && { unfit: unfitLabels }),

    init({ task, key }) {
      const state = {
        model: task.model.init(key),
        ...(budget === "party" && !assignment && { ability: drawAbility(key) }),
        ...(fairness && { turns: {} }),
      };
      return slowWork.begin(state);
    },

    select({ ability, turns }, context) {
      const { round, parties, key } = context;
      const active = drawActive(context, activeParties);
      const { levelOf, fast } = assignment
        ? placeAsAssigned(assignment, { levels, active, parties, labelsOf })
        : placeParties(
            { ...spec, ratios },
            {
              active,
              labels: labelsOf(parties),
              ableAt: ability === undefined ? () => 0 : ablestLevel(ability as Tensor, parties, ratios),
              mayBeFast: (party) => fairness === undefined || hasTurn((turns ?? {}) as Turns, party, fairness.cap),
              key,
            },
          );
      const slowest = levels.length - 1;
      const idle = (party: string) => (slow === "idle" || slow === "anchored") && levelOf.get(party) === slowest;
      // Where nobody could be faster there is nobody to wait for.
      const working = active.every(({ id }) => idle(id)) ? active : active.filter(({ id }) => !idle(id));
      const members = working.map(({ id, examples }) => ({
        party: id,
        examples,
        exchanges: schedules[levelOf.get(id) ?? slowest] as readonly number[],
      }));
      return { round, steps: T, members, ...(fast && { group: fast }) };
    },

    download: (state) => state.model,
    train: localSteps,
    checkUpdate: (state, update) => checkModel(update, mapTree(state.model, specOf)),
    merge: slowWork.merge,
    evaluate: ({ trainer, model, data, signal }) => trainer.evaluate(model, data, signal),
    finish: (state, { plan }) =>
      fairness ? { ...state, turns: countTurns((state.turns ?? {}) as Turns, plan) } : state,
  };
}

/** What becomes of the work of the slower parties: the model that an exchange makes, and what the state keeps for it. */
function slowRule({ slow, levels, activeParties }: DynamicflSpec): ReturnType<typeof anchored> {
  switch (slow) {
    case "published":
    case "idle":
      return { begin: (state) => state, merge: average };
    case "added":
      return addSlowWork(levels);
    case "anchored":
      return anchored(activeParties ?? 1);
  }
}
