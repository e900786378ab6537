import type { Kysely } from "kysely";
import type { Transaction } from "../contract.ts";
import { checked, recalled, tenantRecord } from "../records.ts";
import { taken } from "../refusals.ts";
import type { Tables } from "./tables.ts";

export function tenants(db: Kysely<Tables>): Transaction["tenants"] {
  const all = () => db.selectFrom("tenants").selectAll();
  const read = (row: unknown) => recalled(tenantRecord, row, "a tenant");
  return {
    async insert(record) {
      const { numInsertedOrUpdatedRows } = await db
        .insertInto("tenants")
        .values(checked(tenantRecord, record, "the tenant"))
        .onConflict((conflict) => conflict.doNothing())
        .executeTakeFirstOrThrow();
      if (numInsertedOrUpdatedRows !== 1n) throw taken(`tenant "${record.name}"`);
    },
    async get(name) {
      const row = await all().where("name", "=", name).executeTakeFirst();
      return row && read(row);
    },
    async ofKey(hash) {
      const row = await all().where("hash", "=", hash).executeTakeFirst();
      return row && read(row);
    },
    list: async () => (await all().orderBy("name").execute()).map(read),
    async delete(name) {
      await db.deleteFrom("tenants").where("name", "=", name).execute();
    },
  };
}
