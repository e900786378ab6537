import type { RewardModel } from "@concord/alignment/scoring";
import type { BaseModel } from "./base-model.ts";

/** What an operator gives a gateway. */
export interface GatewayParts {
  readonly bases: readonly BaseModel[];
  readonly rewards: readonly RewardModel[];
  /** Keep prompts and candidates of what was answered. */
  readonly keepPrompts: boolean;
  /** Requests in the gateway at a time, those that wait included; one more is refused. */
  readonly requests: number;
}
