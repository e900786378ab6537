import type { InspectResponse } from "@concord/protocol";
import { isGenerated } from "../words/task.ts";
import type { DataSource } from "./tab-party.ts";

/** What the visitor has chosen so far. */
export interface SourceChoice {
  readonly kind: DataSource["kind"];
  readonly seed: string;
  readonly images: File | null;
  readonly labels: File | null;
}

/** The sources that make sense for what an invite leads to, the best first. */
export function sourcesFor({ federation: { spec }, sample }: InspectResponse): DataSource["kind"][] {
  const takesDigits = spec.task.inputShape.join() === "28,28,1" && spec.task.outputs === 10;
  if (takesDigits && isGenerated(spec.dataset))
    return sample ? ["handwriting", "sample", "files"] : ["handwriting", "files"];
  return [...(sample ? (["sample"] as const) : []), "files", ...(takesDigits ? (["handwriting"] as const) : [])];
}

/** A seed for a hand that nobody else has. */
export function newSeed(): string {
  return [...crypto.getRandomValues(new Uint32Array(4))].join("-");
}

/** The chosen source, or undefined while something is missing. */
export function chosenSource({ kind, seed, images, labels }: SourceChoice): DataSource | undefined {
  switch (kind) {
    case "handwriting":
      return { kind, seed };
    case "sample":
      return { kind };
    case "files":
      return images === null || labels === null ? undefined : { kind, images, labels };
  }
}
