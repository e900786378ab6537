import { byCodeUnits } from "@concord/engine";
import type { Kysely, Selectable } from "kysely";
import type { SegmentRecord, Transaction } from "../contract.ts";
import { checked, recalled, segmentRecord } from "../records.ts";
import type { Tables } from "./tables.ts";

export function segments(db: Kysely<Tables>): Transaction["segments"] {
  const name = (at: Pick<SegmentRecord, "federation" | "round" | "party" | "segment">) =>
    `segment ${at.segment} of party "${at.party}" in round ${at.round} of federation "${at.federation}"`;

  const read = (row: Selectable<Tables["segments"]>): SegmentRecord => recalled(segmentRecord, row, name(row));

  return {
    async insert(record) {
      const { numInsertedOrUpdatedRows } = await db
        .insertInto("segments")
        .values(checked(segmentRecord, record, name(record)))
        .onConflict((conflict) => conflict.doNothing())
        .executeTakeFirstOrThrow();
      return numInsertedOrUpdatedRows === 1n;
    },
    async get(federation, round, party, segment) {
      const row = await db
        .selectFrom("segments")
        .selectAll()
        .where("federation", "=", federation)
        .where("round", "=", round)
        .where("party", "=", party)
        .where("segment", "=", segment)
        .executeTakeFirst();
      return row && read(row);
    },
    async list(federation, round) {
      const rows = await db
        .selectFrom("segments")
        .selectAll()
        .where("federation", "=", federation)
        .where("round", "=", round)
        .orderBy("segment")
        .execute();
      // The sort is stable: the segments of a party stay ascending.
      return rows.map(read).sort(byCodeUnits((segment) => segment.party));
    },
  };
}
