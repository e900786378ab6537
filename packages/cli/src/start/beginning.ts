import type { FederationSpec, SimulatedParty } from "@concord/federation";
import type { Examples } from "@concord/learning";
import type { IdxSample } from "../sample.ts";

/** What `concord start` begins with: a federation, and what its built-in parties hold. */
export interface Beginning {
  /** Of the ids of such federations. */
  readonly prefix: "federation" | "recommender";
  readonly spec: FederationSpec;
  /**
   * It follows from the federation alone, so that the parties of one that is resumed find the examples that they had,
   * whatever the options are this time.
   */
  readonly sharesOf: (spec: FederationSpec) => Promise<{
    readonly shares: readonly SimulatedParty<Examples>[];
    readonly generated: boolean;
  }>;
  /** Examples for guests who bring none. */
  readonly sample: (() => IdxSample) | undefined;
}
