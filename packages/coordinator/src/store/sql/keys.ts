import type { Kysely } from "kysely";
import type { Transaction } from "../contract.ts";
import { checked, keyRecord, recalled } from "../records.ts";
import { taken } from "../refusals.ts";
import type { Tables } from "./tables.ts";

export function keys(db: Kysely<Tables>): Transaction["keys"] {
  return {
    async insert(record) {
      const row = checked(keyRecord, record, "the key");
      const { numInsertedOrUpdatedRows } = await db
        .insertInto("keys")
        .values({ ...row, once: row.once ? 1 : 0 })
        .onConflict((conflict) => conflict.doNothing())
        .executeTakeFirstOrThrow();
      if (numInsertedOrUpdatedRows !== 1n) throw taken("the key");
    },
    async get(hash) {
      const row = await db.selectFrom("keys").selectAll().where("hash", "=", hash).executeTakeFirst();
      return row && recalled(keyRecord, { ...row, once: row.once === 1 }, "a key");
    },
    async delete(hash) {
      await db.deleteFrom("keys").where("hash", "=", hash).execute();
    },
  };
}
