import type { Traffic } from "@concord/federation";

/** The tables as Kysely sees them. Columns that hold JSON are strings; null there is SQL's null. */
export interface Tables {
  readonly federations: {
    readonly id: string;
    readonly spec: string;
    readonly status: string;
    readonly createdAt: number;
    readonly round: number;
    readonly state: string;
  };
  readonly keys: {
    readonly hash: string;
    readonly role: string;
    readonly federation: string | null;
    readonly party: string | null;
    /** 0 or 1. */
    readonly once: number;
    readonly expiresAt: number | null;
  };
  readonly invites: {
    readonly hash: string;
    readonly federation: string;
    readonly party: string | null;
    readonly usesLeft: number;
    readonly expiresAt: number;
  };
  readonly parties: {
    readonly federation: string;
    readonly id: string;
    readonly name: string;
    readonly status: string;
    readonly client: string;
    readonly examples: number;
    readonly heldOut: number;
    readonly labels: string | null;
    readonly joinedAt: number;
  };
  readonly rounds: {
    readonly federation: string;
    readonly round: number;
    readonly status: string;
    readonly plan: string;
    readonly startedAt: number;
    readonly endedAt: number | null;
    readonly evaluators: string | null;
    readonly stateBefore: string;
    readonly result: string | null;
  };
  readonly segments: {
    readonly federation: string;
    readonly round: number;
    readonly party: string;
    readonly segment: number;
    readonly outcome: string;
    readonly update: string | null;
    readonly loss: number | null;
    readonly at: number;
  };
  readonly merges: {
    readonly federation: string;
    readonly round: number;
    readonly step: number;
    readonly state: string;
    readonly parties: string;
  };
  readonly evaluations: {
    readonly federation: string;
    readonly round: number;
    readonly party: string;
    readonly evaluation: string | null;
  };
  readonly leases: {
    readonly id: string;
    readonly federation: string;
    readonly party: string;
    readonly round: number;
    readonly kind: string;
    readonly segment: number | null;
    readonly model: string;
    readonly expiresAt: number;
  };
  readonly traffic: {
    readonly federation: string;
    readonly party: string;
    readonly round: number;
    readonly purpose: string;
  } & Traffic;
  readonly events: {
    readonly seq: number;
    readonly federation: string;
    readonly at: number;
    /** The event without `seq` and `time`. */
    readonly body: string;
  };
  readonly tenants: { readonly name: string; readonly hash: string; readonly createdAt: number };
  readonly palettes: {
    readonly name: string;
    readonly version: number;
    readonly createdAt: number;
    readonly base: string;
    readonly targets: string;
    readonly k: number;
    readonly sampling: string;
    readonly status: string;
    readonly problem: string | null;
    readonly solution: string | null;
    readonly live: string | null;
  };
  readonly pilots: { readonly name: string; readonly version: number; readonly rewards: string };
  readonly answers: {
    readonly seq: number;
    readonly palette: string;
    readonly version: number;
    readonly at: number;
    readonly prompt: string;
    readonly picked: number;
    readonly candidates: string;
  };
}
