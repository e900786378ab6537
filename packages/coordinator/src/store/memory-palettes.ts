import type { AnswerRecord, PaletteRecord, TenantRecord, Transaction } from "./contract.ts";
import * as record from "./records.ts";
import { checked } from "./records.ts";
import { missing, taken } from "./refusals.ts";

/** What the gateway keeps, in memory. */
export interface PaletteTables {
  readonly tenants: Map<string, TenantRecord>;
  readonly palettes: Map<string, PaletteRecord>;
  readonly pilots: Map<string, string>;
  readonly answers: AnswerRecord[];
}

export function newPaletteTables(): PaletteTables {
  return { tenants: new Map(), palettes: new Map(), pilots: new Map(), answers: [] };
}

/** Records are never changed in place, so copies of the tables may share them. */
export function copyOfPaletteTables({ tenants, palettes, pilots, answers }: PaletteTables): PaletteTables {
  return {
    tenants: new Map(tenants),
    palettes: new Map(palettes),
    pilots: new Map(pilots),
    answers: [...answers],
  };
}

const key = (name: string, version: number): string => JSON.stringify([name, version]);
const called = (name: string, version: number) => `version ${version} of palette "${name}"`;
const given = <T>(item: T): T => structuredClone(item);
/** Names are ASCII, so that this is the order of every database. */
const byName = (a: { readonly name: string }, b: { readonly name: string }) =>
  a.name < b.name ? -1 : a.name > b.name ? 1 : 0;

export function palettesInMemory(tables: () => PaletteTables): Pick<Transaction, "tenants" | "palettes" | "answers"> {
  return {
    tenants: {
      async insert(tenant) {
        const { tenants } = tables();
        const row = checked(record.tenantRecord, tenant, "the tenant");
        const known = [...tenants.values()];
        if (known.some(({ name, hash }) => name === row.name || hash === row.hash)) {
          throw taken(`tenant "${row.name}"`);
        }
        tenants.set(row.name, row);
      },
      get: async (name) => given(tables().tenants.get(name)),
      ofKey: async (hash) => given([...tables().tenants.values()].find((tenant) => tenant.hash === hash)),
      list: async () => given([...tables().tenants.values()]).sort(byName),
      async delete(name) {
        tables().tenants.delete(name);
      },
    },
    palettes: {
      get: async (name, version) => given(tables().palettes.get(key(name, version))),
      async insert(palette) {
        const { palettes } = tables();
        const row = checked(record.paletteRecord, palette, called(palette.name, palette.version));
        if (palettes.has(key(row.name, row.version))) throw taken(called(row.name, row.version));
        palettes.set(key(row.name, row.version), row);
      },
      async list({ name } = {}) {
        const all = [...tables().palettes.values()].filter((palette) => name === undefined || palette.name === name);
        return given(all.sort((a, b) => a.version - b.version).sort(byName));
      },
      async update(name, version, change) {
        const { palettes } = tables();
        const before = palettes.get(key(name, version));
        if (before === undefined) throw missing(called(name, version));
        const after = { ...before, ...checked(record.paletteChange, change, called(name, version)) };
        palettes.set(key(name, version), checked(record.paletteRecord, after, called(name, version)));
      },
      async insertPilot(name, version, rewards) {
        const { palettes, pilots } = tables();
        if (!palettes.has(key(name, version))) throw missing(called(name, version));
        if (pilots.has(key(name, version))) throw taken(`the pilot of ${called(name, version)}`);
        pilots.set(key(name, version), rewards);
      },
      pilot: async (name, version) => tables().pilots.get(key(name, version)),
    },
    answers: {
      async append(answer) {
        const { palettes, answers } = tables();
        const { palette, version } = answer;
        if (!palettes.has(key(palette, version))) throw missing(called(palette, version));
        answers.push(checked(record.answerRecord, { ...answer, seq: answers.length + 1 }, "the answer"));
      },
      async list(palette, version, { after = 0, limit = 1_000 } = {}) {
        const own = tables().answers.filter((answer) => answer.palette === palette && answer.version === version);
        return given(own.filter(({ seq }) => seq > after).slice(0, limit));
      },
    },
  };
}
