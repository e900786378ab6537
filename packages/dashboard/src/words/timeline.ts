import type { FederationView } from "@concord/protocol";
import { formatShare, plural } from "../format/numbers.ts";
import type { RoundRow } from "../state/federation-state.ts";

/** How far a round is: "after step 128 of 250", "over: 250 local steps, 2 parties missed exchanges". */
export function timelineWords({ status, steps, merged, members }: RoundRow): string {
  const missing = members.filter(({ missed }) => missed.length > 0).length;
  const lost = missing === 0 ? "" : `, ${plural(missing, "party", "parties")} missed exchanges`;
  switch (status) {
    case "training":
      return merged === 0
        ? `${plural(steps, "local step")}, no exchange yet${lost}`
        : `the last exchange was after step ${merged} of ${steps}${lost}`;
    case "evaluating":
      return `all ${plural(steps, "local step")} are done${lost}; the parties evaluate`;
    case "finished":
      return `over after ${plural(steps, "local step")}${lost}`;
    case "void":
      return `void: nothing of it counts${lost}`;
  }
}

/** The group, its size, and how far its labels are from those of all. */
export function groupWords({ parties, divergence }: NonNullable<RoundRow["group"]>, members: number): string {
  const size = `Fast group: ${parties.length} of ${plural(members, "party", "parties")}`;
  return `${size}, KL ${divergence.toFixed(3)} nats between its labels and those of all`;
}

/** The fairness cap, where the algorithm has one: "at most 50.0%". */
export function capWords(algorithm: FederationView["spec"]["algorithm"]): string | undefined {
  if (!("fairness" in algorithm)) return undefined;
  const { fairness } = algorithm as { readonly fairness?: { readonly cap?: number } | undefined };
  return fairness?.cap === undefined ? undefined : `at most ${formatShare(fairness.cap)}`;
}
