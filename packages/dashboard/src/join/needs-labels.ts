import type { FederationView } from "@concord/protocol";

/** True for a federation that nobody can join without showing how many examples of each class they have. */
export function needsLabels({ algorithm }: Pick<FederationView["spec"], "algorithm">): boolean {
  return algorithm.kind === "dynamicfl" && algorithm.assignment === undefined;
}
