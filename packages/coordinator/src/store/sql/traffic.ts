import { byCodeUnits } from "@concord/engine";
import type { Traffic } from "@concord/federation";
import type { Kysely } from "kysely";
import type { Transaction } from "../contract.ts";
import { checked, recalled, trafficRecord } from "../records.ts";
import type { Tables } from "./tables.ts";

const COLUMNS = ["payloadUp", "payloadDown", "indexUp", "indexDown", "wireUp", "wireDown"] as const;

const sums = trafficRecord.omit({ round: true });

export function traffic(db: Kysely<Tables>): Transaction["traffic"] {
  const name = (party: string, federation: string) => `the traffic of party "${party}" in federation "${federation}"`;

  return {
    async add(record) {
      const { traffic: bytes, ...key } = checked(trafficRecord, record, name(record.party, record.federation));
      await db
        .insertInto("traffic")
        .values({ ...key, ...bytes })
        .onConflict((conflict) =>
          conflict.columns(["federation", "party", "round", "purpose"]).doUpdateSet((column) => ({
            payloadUp: column("traffic.payloadUp", "+", column.ref("excluded.payloadUp")),
            payloadDown: column("traffic.payloadDown", "+", column.ref("excluded.payloadDown")),
            indexUp: column("traffic.indexUp", "+", column.ref("excluded.indexUp")),
            indexDown: column("traffic.indexDown", "+", column.ref("excluded.indexDown")),
            wireUp: column("traffic.wireUp", "+", column.ref("excluded.wireUp")),
            wireDown: column("traffic.wireDown", "+", column.ref("excluded.wireDown")),
          })),
        )
        .execute();
    },
    async list(federation, { round, party } = {}) {
      const rows = await db
        .selectFrom("traffic")
        .selectAll()
        .where("federation", "=", federation)
        .$if(round !== undefined, (query) => query.where("round", "=", round ?? 0))
        .$if(party !== undefined, (query) => query.where("party", "=", party ?? ""))
        .orderBy("round")
        .orderBy("purpose")
        .execute();
      return rows
        .map((row) => {
          const key = { federation, party: row.party, round: row.round, purpose: row.purpose };
          return recalled(trafficRecord, { ...key, traffic: bytesOf(row) }, name(row.party, federation));
        })
        .sort(byCodeUnits((record) => record.party));
    },
    async byParty(federation) {
      const rows = await db
        .selectFrom("traffic")
        .select(["party", "purpose"])
        .select((column) => COLUMNS.map((bytes) => column.fn.sum<number>(bytes).as(bytes)))
        .where("federation", "=", federation)
        .groupBy(["party", "purpose"])
        .orderBy("purpose")
        .execute();
      return rows
        .map((row) => {
          const key = { federation, party: row.party, purpose: row.purpose };
          return recalled(sums, { ...key, traffic: bytesOf(row) }, name(row.party, federation));
        })
        .sort(byCodeUnits((record) => record.party));
    },
  };
}

function bytesOf({ payloadUp, payloadDown, indexUp, indexDown, wireUp, wireDown }: Traffic): Traffic {
  return { payloadUp, payloadDown, indexUp, indexDown, wireUp, wireDown };
}
