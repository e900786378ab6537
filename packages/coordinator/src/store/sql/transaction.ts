import type { Kysely } from "kysely";
import type { Transaction } from "../contract.ts";
import { answers } from "./answers.ts";
import { blobs } from "./blobs.ts";
import { evaluations } from "./evaluations.ts";
import { events } from "./events.ts";
import { federations } from "./federations.ts";
import { invites } from "./invites.ts";
import { keys } from "./keys.ts";
import { leases } from "./leases.ts";
import { merges } from "./merges.ts";
import { palettes } from "./palettes.ts";
import { parties } from "./parties.ts";
import { rounds } from "./rounds.ts";
import { segments } from "./segments.ts";
import type { Tables } from "./tables.ts";
import { tenants } from "./tenants.ts";
import { traffic } from "./traffic.ts";

/** The contract in SQL, without what only one database understands. `db` runs everything in one open transaction. */
export function sqlTransaction(db: Kysely<Tables>): Transaction {
  return {
    federations: federations(db),
    keys: keys(db),
    invites: invites(db),
    parties: parties(db),
    rounds: rounds(db),
    segments: segments(db),
    merges: merges(db),
    evaluations: evaluations(db),
    leases: leases(db),
    traffic: traffic(db),
    events: events(db),
    tenants: tenants(db),
    palettes: palettes(db),
    answers: answers(db),
    blobs: blobs(db),
  };
}
