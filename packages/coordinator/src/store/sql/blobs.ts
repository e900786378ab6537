import type { Kysely } from "kysely";
import type { Transaction } from "../contract.ts";
import type { Tables } from "./tables.ts";

/** A round of one of these may still go back, go on or be resumed. */
const OPEN = ["training", "evaluating"];

export function blobs(db: Kysely<Tables>): Transaction["blobs"] {
  const ofFederations = db.selectFrom("federations").select("state as sha256");
  const ofLeases = db.selectFrom("leases").select("model as sha256");
  const ofRounds = db.selectFrom("rounds").select("rounds.stateBefore as sha256");
  const ofMerges = db.selectFrom("merges").select("merges.state as sha256");
  const ofSegments = db
    .selectFrom("segments")
    .where("segments.update", "is not", null)
    .select((column) => column.ref("segments.update").$notNull().as("sha256"));

  return {
    async referenced() {
      const rows = await ofFederations.union(ofLeases).union(ofRounds).union(ofMerges).union(ofSegments).execute();
      return new Set(rows.map((row) => row.sha256));
    },
    async needed() {
      const ofOpenMerges = ofMerges
        .innerJoin("rounds", (on) =>
          on.onRef("rounds.federation", "=", "merges.federation").onRef("rounds.round", "=", "merges.round"),
        )
        .where("rounds.status", "in", OPEN);
      const ofOpenSegments = ofSegments
        .innerJoin("rounds", (on) =>
          on.onRef("rounds.federation", "=", "segments.federation").onRef("rounds.round", "=", "segments.round"),
        )
        .where("rounds.status", "in", OPEN);
      const rows = await ofFederations
        .union(ofLeases)
        .union(ofRounds.where("rounds.status", "in", OPEN))
        .union(ofOpenMerges)
        .union(ofOpenSegments)
        .execute();
      return new Set(rows.map((row) => row.sha256));
    },
  };
}
