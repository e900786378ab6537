import type { Kysely } from "kysely";
import type { Transaction } from "../contract.ts";
import { checked, inviteRecord, recalled } from "../records.ts";
import { taken } from "../refusals.ts";
import type { Tables } from "./tables.ts";

export function invites(db: Kysely<Tables>): Transaction["invites"] {
  return {
    async insert(record) {
      const { numInsertedOrUpdatedRows } = await db
        .insertInto("invites")
        .values(checked(inviteRecord, record, "the invite"))
        .onConflict((conflict) => conflict.doNothing())
        .executeTakeFirstOrThrow();
      if (numInsertedOrUpdatedRows !== 1n) throw taken("the invite");
    },
    async get(hash) {
      const row = await db.selectFrom("invites").selectAll().where("hash", "=", hash).executeTakeFirst();
      return row && recalled(inviteRecord, row, "an invite");
    },
    async use(hash) {
      const { numUpdatedRows } = await db
        .updateTable("invites")
        .set((column) => ({ usesLeft: column("usesLeft", "-", 1) }))
        .where("hash", "=", hash)
        .where("usesLeft", ">", 0)
        .executeTakeFirst();
      return numUpdatedRows === 1n;
    },
  };
}
