import { byCodeUnits } from "@concord/engine";
import type { Kysely } from "kysely";
import type { LeaseRecord, Transaction } from "../contract.ts";
import { checked, leaseRecord, recalled } from "../records.ts";
import { missing, taken } from "../refusals.ts";
import type { Tables } from "./tables.ts";

export function leases(db: Kysely<Tables>): Transaction["leases"] {
  const name = (id: string) => `lease "${id}"`;
  const read = (row: Tables["leases"]): LeaseRecord => recalled(leaseRecord, row, name(row.id));

  return {
    async put(record) {
      const row = checked(leaseRecord, record, name(record.id));
      const sameId = await db.selectFrom("leases").selectAll().where("id", "=", row.id).executeTakeFirst();
      if (sameId !== undefined && (sameId.federation !== row.federation || sameId.party !== row.party)) {
        throw taken(name(row.id));
      }
      await db
        .insertInto("leases")
        .values(row)
        .onConflict((conflict) => conflict.columns(["federation", "party"]).doUpdateSet(row))
        .execute();
    },
    async get(id) {
      const row = await db.selectFrom("leases").selectAll().where("id", "=", id).executeTakeFirst();
      return row && read(row);
    },
    async ofParty(federation, party) {
      const row = await db
        .selectFrom("leases")
        .selectAll()
        .where("federation", "=", federation)
        .where("party", "=", party)
        .executeTakeFirst();
      return row && read(row);
    },
    async list(federation) {
      const rows = await db.selectFrom("leases").selectAll().where("federation", "=", federation).execute();
      return rows.map(read).sort(byCodeUnits((lease) => lease.party));
    },
    async renew(id, expiresAt) {
      const { numUpdatedRows } = await db
        .updateTable("leases")
        .set({ expiresAt: checked(leaseRecord.shape.expiresAt, expiresAt, name(id)) })
        .where("id", "=", id)
        .executeTakeFirst();
      if (numUpdatedRows !== 1n) throw missing(name(id));
    },
    async delete(id) {
      await db.deleteFrom("leases").where("id", "=", id).execute();
    },
  };
}
