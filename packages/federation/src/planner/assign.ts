import type { Candidate } from "./raise-order.ts";
import { raiseOrder } from "./raise-order.ts";

/**
 * How far each candidate can be raised (an index into its options) so that the round of all of them still fits, or
 * undefined if it does not fit with everybody at the first option. `fits` answers for a whole assignment.
 *
 * If all can have their last option, that is the answer. Otherwise candidates are raised in the order of `raiseOrder`: as
 * many raises as fit, found by bisection since more raises never make a round shorter; then, one by one, those of the
 * rest that still fit. In the end no single candidate can be raised.
 */
export function assign(
  candidates: readonly Candidate[],
  fits: (at: readonly number[]) => boolean,
): readonly number[] | undefined {
  const highest = candidates.map(({ options }) => options.length - 1);
  if (fits(highest)) return highest;
  const order = raiseOrder(candidates);
  if (!fits(raised(candidates, order, 0))) return undefined;

  let fitting = 0;
  let tooMany = order.length;
  while (tooMany - fitting > 1) {
    const middle = (fitting + tooMany) >> 1;
    if (fits(raised(candidates, order, middle))) fitting = middle;
    else tooMany = middle;
  }
  let at = raised(candidates, order, fitting);
  const stopped = new Set<number>();
  for (const i of order.slice(fitting)) {
    if (stopped.has(i)) continue;
    const next = at.with(i, (at[i] as number) + 1);
    if (fits(next)) at = next;
    else stopped.add(i);
  }
  return at;
}

/** The assignment after the first so many raises of an order. */
function raised(candidates: readonly Candidate[], order: readonly number[], count: number): readonly number[] {
  const at = candidates.map(() => 0);
  for (const i of order.slice(0, count)) at[i] = (at[i] as number) + 1;
  return at;
}
