import type { Candidate } from "./raise-order.ts";
import { raiseOrder } from "./raise-order.ts";

/**
 * How far each candidate is raised (an index into its options) so that the round of all of them still fits, or undefined if
 * it does not fit with everybody at the first option. `fits` answers for a whole assignment.
 *
 * If all can have their last option, they get it. Otherwise candidates are raised in the order of `raiseOrder`: as many
 * raises as fit, found by bisection since more raises never make a round shorter; then, one by one, those of the rest that
 * still fit. At last nobody is left to exchange with itself alone. In the end no single candidate can be raised to an
 * option at which it has company.
 */
export function assign(
  candidates: readonly Candidate[],
  fits: (at: readonly number[]) => boolean,
): readonly number[] | undefined {
  const highest = candidates.map(({ options }) => options.length - 1);
  if (fits(highest)) return withCompany(candidates, highest);
  const order = raiseOrder(candidates);
  if (!fits(raised(candidates, order, 0))) return undefined;

  let fitting = 0;
  let tooMany = order.length;
  while (tooMany - fitting > 1) {
    const middle = (fitting + tooMany) >> 1;
    if (fits(raised(candidates, order, middle))) fitting = middle;
    else tooMany = middle;
  }
  const filled = fill(candidates, raised(candidates, order, fitting), order.slice(fitting), fits);
  const shared = withCompany(candidates, filled);
  const rest = raiseOrder(
    candidates.map((candidate, i) => ({ ...candidate, options: candidate.options.slice(shared[i]) })),
  );
  return fill(candidates, shared, rest, (at) => fits(at) && isShared(candidates, at));
}

/** Raises one by one, in the given order, whoever can be raised. */
function fill(
  candidates: readonly Candidate[],
  from: readonly number[],
  order: readonly number[],
  fits: (at: readonly number[]) => boolean,
): readonly number[] {
  let at = from;
  const stopped = new Set<number>();
  for (const i of order) {
    if (stopped.has(i) || (at[i] as number) + 1 >= (candidates[i] as Candidate).options.length) continue;
    const next = at.with(i, (at[i] as number) + 1);
    if (fits(next)) at = next;
    else stopped.add(i);
  }
  return at;
}

/**
 * Takes from the one that exchanges most often, if it is only one, what it would exchange with nobody: the merge of one
 * update is that update, and its bytes are spent for nothing. The steps of a level are among those of every faster one,
 * so that all others have company at each of theirs.
 */
function withCompany(candidates: readonly Candidate[], at: readonly number[]): readonly number[] {
  const counts = exchangesAt(candidates, at);
  const most = Math.max(...counts);
  const top = counts.indexOf(most);
  const second = Math.max(1, ...counts.filter((_, i) => i !== top));
  if (second === most) return at;
  const options = candidates[top]?.options ?? [];
  const shared = options.findLastIndex(({ exchanges }) => exchanges.length <= second);
  return at.with(top, Math.max(0, shared));
}

function isShared(candidates: readonly Candidate[], at: readonly number[]): boolean {
  return withCompany(candidates, at) === at;
}

function exchangesAt(candidates: readonly Candidate[], at: readonly number[]): readonly number[] {
  return candidates.map(({ options }, i) => options[at[i] as number]?.exchanges.length ?? 0);
}

/** The assignment after the first so many raises of an order. */
function raised(candidates: readonly Candidate[], order: readonly number[], count: number): readonly number[] {
  const at = candidates.map(() => 0);
  for (const i of order.slice(0, count)) at[i] = (at[i] as number) + 1;
  return at;
}
