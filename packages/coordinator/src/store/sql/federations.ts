import type { Kysely, Selectable } from "kysely";
import type { FederationRecord, Transaction } from "../contract.ts";
import { checked, federationChange, federationRecord, recalled } from "../records.ts";
import { missing, taken } from "../refusals.ts";
import { fromJson, toJson } from "./json.ts";
import type { Tables } from "./tables.ts";

export function federations(db: Kysely<Tables>): Transaction["federations"] {
  const name = (id: string) => `federation "${id}"`;

  const read = (row: Selectable<Tables["federations"]>): FederationRecord =>
    recalled(federationRecord, { ...row, spec: fromJson(row.spec) }, name(row.id));

  const get = async (id: string) => {
    const row = await db.selectFrom("federations").selectAll().where("id", "=", id).executeTakeFirst();
    return row && read(row);
  };

  return {
    get,
    async insert(record) {
      const row = checked(federationRecord, record, name(record.id));
      const { numInsertedOrUpdatedRows } = await db
        .insertInto("federations")
        .values({ ...row, spec: toJson(row.spec) })
        .onConflict((conflict) => conflict.doNothing())
        .executeTakeFirstOrThrow();
      if (numInsertedOrUpdatedRows !== 1n) throw taken(name(record.id));
    },
    async list() {
      const rows = await db.selectFrom("federations").selectAll().orderBy("createdAt").orderBy("id").execute();
      return rows.map(read);
    },
    async update(id, change) {
      const before = await get(id);
      if (before === undefined) throw missing(name(id));
      const { status, round, state } = { ...before, ...checked(federationChange, change, name(id)) };
      await db.updateTable("federations").set({ status, round, state }).where("id", "=", id).execute();
    },
  };
}
