import type { Kysely, Selectable } from "kysely";
import type { RoundRecord, Transaction } from "../contract.ts";
import { checked, recalled, roundChange, roundRecord } from "../records.ts";
import { missing, taken } from "../refusals.ts";
import { fromJson, toJson } from "./json.ts";
import type { Tables } from "./tables.ts";

export function rounds(db: Kysely<Tables>): Transaction["rounds"] {
  const name = (federation: string, round: number) => `round ${round} of federation "${federation}"`;

  const read = (row: Selectable<Tables["rounds"]>): RoundRecord =>
    recalled(
      roundRecord,
      { ...row, plan: fromJson(row.plan), evaluators: fromJson(row.evaluators), result: fromJson(row.result) },
      name(row.federation, row.round),
    );

  const get = async (federation: string, round: number) => {
    const row = await db
      .selectFrom("rounds")
      .selectAll()
      .where("federation", "=", federation)
      .where("round", "=", round)
      .executeTakeFirst();
    return row && read(row);
  };

  return {
    get,
    async insert(record) {
      const row = checked(roundRecord, record, name(record.federation, record.round));
      const { numInsertedOrUpdatedRows } = await db
        .insertInto("rounds")
        .values({
          ...row,
          plan: toJson(row.plan),
          evaluators: toJson(row.evaluators),
          result: toJson(row.result),
        })
        .onConflict((conflict) => conflict.doNothing())
        .executeTakeFirstOrThrow();
      if (numInsertedOrUpdatedRows !== 1n) throw taken(name(record.federation, record.round));
    },
    async list(federation, { after = 0, limit } = {}) {
      const rows = await db
        .selectFrom("rounds")
        .selectAll()
        .where("federation", "=", federation)
        .where("round", ">", after)
        .orderBy("round")
        .$if(limit !== undefined, (query) => query.limit(limit ?? 0))
        .execute();
      return rows.map(read);
    },
    async update(federation, round, change) {
      const before = await get(federation, round);
      if (before === undefined) throw missing(name(federation, round));
      const { status, endedAt, evaluators, result } = {
        ...before,
        ...checked(roundChange, change, name(federation, round)),
      };
      await db
        .updateTable("rounds")
        .set({ status, endedAt, evaluators: toJson(evaluators), result: toJson(result) })
        .where("federation", "=", federation)
        .where("round", "=", round)
        .execute();
    },
  };
}
