import { byCodeUnits } from "@concord/engine";
import type { Kysely } from "kysely";
import type { EvaluationRecord, Transaction } from "../contract.ts";
import { checked, evaluationRecord, recalled } from "../records.ts";
import { fromJson, toJson } from "./json.ts";
import type { Tables } from "./tables.ts";

export function evaluations(db: Kysely<Tables>): Transaction["evaluations"] {
  const name = (federation: string, round: number, party: string) =>
    `the evaluation of party "${party}" in round ${round} of federation "${federation}"`;

  return {
    async insert(record) {
      const row = checked(evaluationRecord, record, name(record.federation, record.round, record.party));
      const { numInsertedOrUpdatedRows } = await db
        .insertInto("evaluations")
        .values({ ...row, evaluation: toJson(row.evaluation) })
        .onConflict((conflict) => conflict.doNothing())
        .executeTakeFirstOrThrow();
      return numInsertedOrUpdatedRows === 1n;
    },
    async list(federation, round) {
      const rows = await db
        .selectFrom("evaluations")
        .selectAll()
        .where("federation", "=", federation)
        .where("round", "=", round)
        .execute();
      return rows
        .map(
          (row): EvaluationRecord =>
            recalled(
              evaluationRecord,
              { ...row, evaluation: fromJson(row.evaluation) },
              name(federation, round, row.party),
            ),
        )
        .sort(byCodeUnits((evaluation) => evaluation.party));
    },
  };
}
