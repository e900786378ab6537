import type { IntervalPlan, PlanQuestion } from "@concord/federation";
import { INTERVALS } from "@concord/federation";
import type { ListedParty } from "./links-file.ts";

/** A plan as `concord plan dynamicfl --json` prints it; docs/planner.md explains the fields. */
export function planRecord(plan: IntervalPlan, question: PlanQuestion, listed: readonly ListedParty[]) {
  const { steps, deadline, messageBytes, levels } = question;
  const { meetsDeadline, problem, parties, unable, seconds, bytesUp, bytesDown, fastest, fedavg } = plan;
  const prices = new Map(listed.map(({ id, pricePerGb }) => [id, pricePerGb]));
  const priced = [...prices.values()].some((price) => price !== undefined);
  const costOf = (party: string, bytes: number) => (bytes * (prices.get(party) ?? 0)) / 1e9;
  const cost = parties.reduce((sum, plan) => sum + costOf(plan.party, plan.bytesUp + plan.bytesDown), 0);
  const full = (messageBytes.up + messageBytes.down) * parties.length * steps;
  return {
    type: "result",
    algorithm: "dynamicfl",
    meetsDeadline,
    ...(problem !== undefined && { problem }),
    deadline,
    seconds,
    steps,
    levels,
    messageBytes,
    parties: parties.map(({ party, level, exchanges, bytesUp, bytesDown, seconds, limit, why }) => {
      const { computing, downloading, uploading, latency, waiting } = seconds;
      return {
        party,
        level,
        interval: Math.min(INTERVALS[level], steps),
        exchanges,
        bytesUp,
        bytesDown,
        seconds: { computing, transferring: downloading + uploading + latency, waiting },
        transfer: { downloading, uploading, latency },
        limit,
        why,
        ...(prices.get(party) !== undefined && { cost: costOf(party, bytesUp + bytesDown) }),
      };
    }),
    unable,
    totals: {
      exchanges: parties.reduce((sum, { exchanges }) => sum + exchanges, 0),
      bytesUp,
      bytesDown,
      /** Of what one exchange after every step would cost. */
      costRatio: full === 0 ? 0 : (bytesUp + bytesDown) / full,
      ...(priced && { cost }),
    },
    fastest: fastest ?? null,
    fedavg: fedavg ?? null,
  };
}
