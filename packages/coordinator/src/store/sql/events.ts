import { type ConcordEvent, eventSchema } from "@concord/protocol";
import type { Kysely } from "kysely";
import type { Transaction } from "../contract.ts";
import { numbered, PAGE_OF_EVENTS } from "../events.ts";
import { recalled } from "../records.ts";
import { fromJson, toJson } from "./json.ts";
import type { Tables } from "./tables.ts";

export function events(db: Kysely<Tables>): Transaction["events"] {
  const last = async () => {
    const row = await db
      .selectFrom("events")
      .select((column) => column.fn.max("seq").as("seq"))
      .executeTakeFirst();
    return row?.seq ?? 0;
  };

  return {
    last,
    async append(event, at) {
      const seq = (await last()) + 1;
      const whole = numbered(event, seq, at);
      const { seq: _, time, ...body } = whole;
      await db
        .insertInto("events")
        .values({ seq, federation: whole.federation, at, body: toJson(body) })
        .execute();
      return whole;
    },
    async list(federation, { after, limit = PAGE_OF_EVENTS }) {
      const rows = await db
        .selectFrom("events")
        .selectAll()
        .where("federation", "=", federation)
        .where("seq", ">", after)
        .orderBy("seq")
        .limit(limit)
        .execute();
      return rows.map(({ seq, at, body }): ConcordEvent => {
        const stored = { ...Object(fromJson(body)), seq, time: new Date(at).toISOString() };
        return recalled(eventSchema, stored, `event ${seq}`);
      });
    },
  };
}
