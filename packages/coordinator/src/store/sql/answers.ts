import type { Kysely } from "kysely";
import type { Transaction } from "../contract.ts";
import { answerRecord, checked, recalled } from "../records.ts";
import { missing } from "../refusals.ts";
import { fromJson, toJson } from "./json.ts";
import type { Tables } from "./tables.ts";

export function answers(db: Kysely<Tables>): Transaction["answers"] {
  return {
    async append(record) {
      const { palette, version } = record;
      const owner = await db
        .selectFrom("palettes")
        .select("name")
        .where("name", "=", palette)
        .where("version", "=", version)
        .executeTakeFirst();
      if (owner === undefined) throw missing(`version ${version} of palette "${palette}"`);
      const last = await db
        .selectFrom("answers")
        .select((column) => column.fn.max("seq").as("seq"))
        .executeTakeFirst();
      const row = checked(answerRecord, { ...record, seq: (last?.seq ?? 0) + 1 }, "the answer");
      await db
        .insertInto("answers")
        .values({ ...row, candidates: toJson(row.candidates) })
        .execute();
    },
    async list(palette, version, { after = 0, limit = 1_000 } = {}) {
      const rows = await db
        .selectFrom("answers")
        .selectAll()
        .where("palette", "=", palette)
        .where("version", "=", version)
        .where("seq", ">", after)
        .orderBy("seq")
        .limit(limit)
        .execute();
      return rows.map((row) => recalled(answerRecord, { ...row, candidates: fromJson(row.candidates) }, "an answer"));
    },
  };
}
