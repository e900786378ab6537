import type { Tensor, Tree } from "@concord/engine";
import { int32 } from "@concord/engine";
import type { RoundPlan } from "../plan.ts";

/**
 * How often each party was a member of a round and how often in its fast group: int32 [members, fast] under the party's
 * name, so that the count is stored and resumed with the rest of the coordinator's state.
 */
export type Turns = Tree<Tensor>;

/** The counts after one more round. A party that is new to them begins at 0. */
export function countTurns(turns: Turns, { members, group }: RoundPlan): Turns {
  const counted = { ...turns };
  for (const { party } of members) {
    const { member, fast } = turnsOf(turns, party);
    const now = group?.parties.includes(party) ? 1 : 0;
    counted[nameInTree(party)] = int32([2], [member + 1, fast + now]);
  }
  return counted;
}

/**
 * True if a party that becomes fast in this round will still have spent at most `cap` of its rounds in the fast group.
 * So with a cap below 1 its first round is never a fast one.
 */
export function hasTurn(turns: Turns, party: string, cap: number): boolean {
  const { member, fast } = turnsOf(turns, party);
  return fast + 1 <= cap * (member + 1) + 1e-9;
}

function turnsOf(turns: Turns, party: string): { readonly member: number; readonly fast: number } {
  const [member = 0, fast = 0] = (turns[nameInTree(party)] as Tensor | undefined)?.data ?? [];
  return { member: Number(member), fast: Number(fast) };
}

/** A party's name may hold dots, which separate the names of a path. */
function nameInTree(party: string): string {
  return encodeURIComponent(party).replaceAll(".", "%2E");
}
