import type { RoundPlan } from "@concord/federation";
import type { SegmentRecord } from "../store/contract.ts";

/** The steps whose exchange a party missed, of those who missed any. */
export function missedSteps(
  { members }: RoundPlan,
  segments: readonly SegmentRecord[],
): Readonly<Record<string, readonly number[]>> {
  const missed: Record<string, number[]> = {};
  for (const { party, exchanges } of members) {
    const dropped = segments.filter((record) => record.party === party && record.outcome === "dropped");
    const steps = dropped.flatMap(({ segment }) => exchanges[segment] ?? []).sort((a, b) => a - b);
    if (steps.length > 0) missed[party] = steps;
  }
  return missed;
}
