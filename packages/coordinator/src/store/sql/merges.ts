import type { Kysely } from "kysely";
import type { Transaction } from "../contract.ts";
import { checked, mergeRecord, recalled } from "../records.ts";
import { taken } from "../refusals.ts";
import { fromJson, toJson } from "./json.ts";
import type { Tables } from "./tables.ts";

export function merges(db: Kysely<Tables>): Transaction["merges"] {
  const name = (federation: string, round: number, step: number) =>
    `the merge at step ${step} of round ${round} of federation "${federation}"`;

  return {
    async insert(record) {
      const { federation, round, step } = record;
      const row = checked(mergeRecord, record, name(federation, round, step));
      const { numInsertedOrUpdatedRows } = await db
        .insertInto("merges")
        .values({ ...row, parties: toJson(row.parties) })
        .onConflict((conflict) => conflict.doNothing())
        .executeTakeFirstOrThrow();
      if (numInsertedOrUpdatedRows !== 1n) throw taken(name(federation, round, step));
    },
    async list(federation, round) {
      const rows = await db
        .selectFrom("merges")
        .selectAll()
        .where("federation", "=", federation)
        .where("round", "=", round)
        .orderBy("step")
        .execute();
      return rows.map((row) =>
        recalled(mergeRecord, { ...row, parties: fromJson(row.parties) }, name(federation, round, row.step)),
      );
    },
  };
}
