import type { Principals } from "../access/principals.ts";
import type { RateLimit } from "../access/rate-limit.ts";
import type { Tenants } from "../access/tenants.ts";
import type { Context } from "../context.ts";
import type { Federations } from "../federations.ts";
import type { Gateway } from "../gateway/gateway.ts";
import type { CoordinatorOptions } from "../options.ts";
import type { Refusals } from "../refusals.ts";
import type { GuestSample } from "../sample.ts";
import type { Origins } from "./origins.ts";

/** What the routes are made of; a call in the same process goes through the same functions. */
export interface Services {
  readonly context: Context;
  readonly federations: Federations;
  readonly principals: Principals;
  readonly tenants: Tenants;
  /** Undefined where the operator has given none. */
  readonly gateway: Gateway | undefined;
  readonly refusals: Refusals;
  readonly origins: Origins;
  /** Wrong invites and one-time tokens, by address. */
  readonly guesses: RateLimit;
  readonly sample: GuestSample | undefined;
  readonly catalogue: CoordinatorOptions["catalogue"];
  readonly pageDir: () => Promise<string | undefined>;
}
