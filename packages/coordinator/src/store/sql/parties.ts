import { byCodeUnits } from "@concord/engine";
import { partyStatusSchema } from "@concord/protocol";
import type { Kysely, Selectable } from "kysely";
import type { PartyRecord, Transaction } from "../contract.ts";
import { checked, partyRecord, recalled } from "../records.ts";
import { missing, taken } from "../refusals.ts";
import { fromJson, toJson } from "./json.ts";
import type { Tables } from "./tables.ts";

export function parties(db: Kysely<Tables>): Transaction["parties"] {
  const name = (federation: string, id: string) => `party "${id}" of federation "${federation}"`;

  const read = (row: Selectable<Tables["parties"]>): PartyRecord =>
    recalled(partyRecord, { ...row, labels: fromJson(row.labels) }, name(row.federation, row.id));

  return {
    async insert(record) {
      const row = checked(partyRecord, record, name(record.federation, record.id));
      const { numInsertedOrUpdatedRows } = await db
        .insertInto("parties")
        .values({ ...row, labels: toJson(row.labels) })
        .onConflict((conflict) => conflict.doNothing())
        .executeTakeFirstOrThrow();
      if (numInsertedOrUpdatedRows !== 1n) throw taken(name(record.federation, record.id));
    },
    async get(federation, id) {
      const row = await db
        .selectFrom("parties")
        .selectAll()
        .where("federation", "=", federation)
        .where("id", "=", id)
        .executeTakeFirst();
      return row && read(row);
    },
    async list(federation) {
      const rows = await db.selectFrom("parties").selectAll().where("federation", "=", federation).execute();
      return rows.map(read).sort(byCodeUnits((party) => party.id));
    },
    async setStatus(federation, id, status) {
      const { numUpdatedRows } = await db
        .updateTable("parties")
        .set({ status: checked(partyStatusSchema, status, name(federation, id)) })
        .where("federation", "=", federation)
        .where("id", "=", id)
        .executeTakeFirst();
      if (numUpdatedRows !== 1n) throw missing(name(federation, id));
    },
  };
}
