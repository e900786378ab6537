import type { AlgorithmSpec, FederationSpec, PartyProfile } from "@concord/federation";
import { algorithmSpecSchema, exchangesForEqualBytes, fedavgInner, fedavgShort } from "@concord/federation";
import { fromZod } from "@concord/protocol";
import { z } from "zod";
import { InputError } from "../output.ts";

/** What the algorithm of the experiment itself is called beside those that it is compared with. */
export const MAIN = "main";

/** Algorithms that a word names, with the settings of their papers; local steps and parties are the experiment's. */
const BASELINES = {
  fedavg: { kind: "fedavg" },
  fedsgd: { kind: "fedsgd" },
  fedprox: { kind: "fedprox", mu: 0.01 },
  scaffold: { kind: "scaffold" },
  fednova: { kind: "fednova" },
  feddyn: { kind: "feddyn", alpha: 0.1 },
} as const;

/** FedAvg with as many bytes as the experiment's algorithm: how often it exchanges follows from the draw of the parties. */
const CONTROLS = ["fedavg-short", "fedavg-inner"] as const;

const WORDS = [...Object.keys(BASELINES), ...CONTROLS] as (keyof typeof BASELINES | (typeof CONTROLS)[number])[];

/** A name is that of a folder, too. */
const NAME = /^[a-z0-9]+(-[a-z0-9]+)*$/;

/**
 * What an experiment compares its algorithm with, by name: a word above, or fields that replace those of the algorithm.
 * Where they name another `kind`, only local steps and parties are taken over.
 */
export const compareSchema = z
  .record(
    z.string(),
    z.union([z.enum(WORDS), z.record(z.string(), z.unknown())], {
      error: `expected one of ${WORDS.join(", ")}, or fields of an algorithm`,
    }),
  )
  .superRefine((comparisons, context) => {
    for (const name of Object.keys(comparisons)) {
      const message =
        name === MAIN
          ? `"${MAIN}" is the experiment's own algorithm: expected another name`
          : `expected a name of small letters, digits and hyphens, got ${JSON.stringify(name)}`;
      if (name === MAIN || !NAME.test(name)) context.addIssue({ code: "custom", message });
    }
  });
export type Comparison = z.output<typeof compareSchema>[string];

/** A federation with the algorithm that a comparison names. Throws InputError that says which field of which one is wrong. */
export function comparedSpec(
  stated: FederationSpec,
  parties: readonly PartyProfile[],
  name: string,
  comparison: Comparison,
  source: string,
): FederationSpec {
  const { algorithm } = stated;
  if (comparison === "fedavg-short") return fedavgShort(stated, exchangesForEqualBytes(stated, parties));
  if (comparison === "fedavg-inner") return fedavgInner(stated, exchangesForEqualBytes(stated, parties));
  const fields = typeof comparison === "string" ? BASELINES[comparison] : comparison;
  const kept = "kind" in fields && fields.kind !== algorithm.kind ? shared(algorithm) : algorithm;
  const parsed = algorithmSpecSchema.safeParse({ ...kept, ...fields });
  if (!parsed.success) throw new InputError(fromZod(parsed.error, `${source}: compare.${name}`).message);
  const spec = { ...stated, algorithm: parsed.data };
  // Its rounds are pieces of whole ones: there are more of them.
  return parsed.data.kind === "fedavg-short" ? fedavgShort(spec, parsed.data.exchanges) : spec;
}

function shared({ localSteps, activeParties }: AlgorithmSpec) {
  return { localSteps, ...(activeParties !== undefined && { activeParties }) };
}
