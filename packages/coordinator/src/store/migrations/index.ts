import { records } from "./001-records.ts";
import { palettes } from "./002-palettes.ts";

/**
 * Every change of the schema, in order; the version of a store is how many of them it has. A migration that was released
 * is never edited: a change is a new one at the end.
 */
export const MIGRATIONS: readonly string[] = [records, palettes];
