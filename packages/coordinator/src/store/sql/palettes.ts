import type { Kysely, Selectable } from "kysely";
import type { PaletteRecord, Transaction } from "../contract.ts";
import { checked, paletteChange, paletteRecord, recalled } from "../records.ts";
import { missing, taken } from "../refusals.ts";
import { fromJson, toJson } from "./json.ts";
import type { Tables } from "./tables.ts";

export function palettes(db: Kysely<Tables>): Transaction["palettes"] {
  const called = (name: string, version: number) => `version ${version} of palette "${name}"`;

  const read = (row: Selectable<Tables["palettes"]>): PaletteRecord =>
    recalled(
      paletteRecord,
      { ...row, sampling: fromJson(row.sampling), solution: fromJson(row.solution), live: fromJson(row.live) },
      called(row.name, row.version),
    );

  const one = (name: string, version: number) =>
    db.selectFrom("palettes").selectAll().where("name", "=", name).where("version", "=", version).executeTakeFirst();

  return {
    async get(name, version) {
      const row = await one(name, version);
      return row && read(row);
    },
    async insert(record) {
      const row = checked(paletteRecord, record, called(record.name, record.version));
      const { numInsertedOrUpdatedRows } = await db
        .insertInto("palettes")
        .values({
          ...row,
          sampling: toJson(row.sampling),
          solution: toJson(row.solution),
          live: toJson(row.live),
        })
        .onConflict((conflict) => conflict.doNothing())
        .executeTakeFirstOrThrow();
      if (numInsertedOrUpdatedRows !== 1n) throw taken(called(record.name, record.version));
    },
    async list({ name } = {}) {
      const all = db.selectFrom("palettes").selectAll().orderBy("name").orderBy("version");
      return (await (name === undefined ? all : all.where("name", "=", name)).execute()).map(read);
    },
    async update(name, version, change) {
      const before = await one(name, version);
      if (before === undefined) throw missing(called(name, version));
      const { status, problem, solution, live } = {
        ...read(before),
        ...checked(paletteChange, change, called(name, version)),
      };
      await db
        .updateTable("palettes")
        .set({ status, problem, solution: toJson(solution), live: toJson(live) })
        .where("name", "=", name)
        .where("version", "=", version)
        .execute();
    },
    async insertPilot(name, version, rewards) {
      if ((await one(name, version)) === undefined) throw missing(called(name, version));
      const { numInsertedOrUpdatedRows } = await db
        .insertInto("pilots")
        .values({ name, version, rewards })
        .onConflict((conflict) => conflict.doNothing())
        .executeTakeFirstOrThrow();
      if (numInsertedOrUpdatedRows !== 1n) throw taken(`the pilot of ${called(name, version)}`);
    },
    async pilot(name, version) {
      const row = await db
        .selectFrom("pilots")
        .select("rewards")
        .where("name", "=", name)
        .where("version", "=", version)
        .executeTakeFirst();
      return row?.rewards;
    },
  };
}
