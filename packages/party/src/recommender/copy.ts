import { decodeSafetensors, encodeSafetensors, firstNonFinite, flatten } from "@concord/engine";
import { keepPrivate, openPrivate, type PrivateTree } from "@concord/federation";
import type { Catalogue } from "@concord/protocol";
import { ConcordError, fromZod } from "@concord/protocol";
import { z } from "zod";
import { checkRating } from "./own-ratings.ts";
import type { OwnRating } from "./shelf.ts";

/**
 * The owner's copy of what a recommender keeps. It holds no key, so another device takes part as a party of its own; but it holds the
 * secret, so that the updates of both are disguised alike, and one does not give away what the other hides.
 */
const copySchema = z.strictObject({
  kind: z.literal("concord recommender"),
  version: z.literal(1),
  /** Name of the data set that the items are of. */
  catalogue: z.string(),
  ratings: z
    .array(z.strictObject({ item: z.string(), title: z.string(), value: z.number(), time: z.number() }))
    .max(65_536),
  /** What training has made: safetensors in base64. Null for one that has not trained. */
  privateState: z.string().nullable(),
  /** Copies of earlier versions have none. */
  secret: z.string().min(24).optional(),
});

export interface Copy {
  readonly ratings: readonly OwnRating[];
  readonly privateState: PrivateTree | undefined;
  readonly secret: string | undefined;
}

/** Writes a copy, as JSON for a file. */
export function writeCopy({ ratings, privateState, secret }: Copy, { name, items }: Catalogue): string {
  const titles = new Map(items.map(({ id, title }) => [id, title]));
  const copy: z.input<typeof copySchema> = {
    kind: "concord recommender",
    version: 1,
    catalogue: name,
    ratings: ratings.map(({ item, value, time }) => ({ item, title: titles.get(item) ?? "", value, time })),
    privateState: privateState === undefined ? null : toBase64(encodeSafetensors(openPrivate(privateState))),
    secret,
  };
  return `${JSON.stringify(copy, null, 1)}\n`;
}

/**
 * Reads a copy for this catalogue. Throws ConcordError `invalid_argument`, saying what is wrong with which value, for a file
 * that is none, is of another catalogue, or holds a rating that cannot be.
 */
export function readCopy(text: string, catalogue: Catalogue): Copy {
  const parsed = copySchema.safeParse(jsonOf(text));
  if (!parsed.success) throw wrong(`this is no copy of a recommender: ${fromZod(parsed.error, "the file").message}`);
  const { catalogue: name, ratings, privateState, secret } = parsed.data;
  if (name !== catalogue.name) throw wrong(`this copy is of ${name}, not of ${catalogue.name}`);
  const own = ratings.map(({ item, value, time }) => ({ item, value, time }));
  for (const rating of own) checkRating(rating, catalogue);
  const twice = own.find(({ item }, i) => own.findIndex((other) => other.item === item) !== i);
  if (twice !== undefined) throw wrong(`this copy rates item "${twice.item}" twice`);
  return { ratings: own, privateState: privateState === null ? undefined : stateOf(privateState), secret };
}

function stateOf(base64: string): PrivateTree {
  try {
    const { tensors } = decodeSafetensors(fromBase64(base64));
    for (const [path, leaf] of flatten(tensors)) {
      const at = firstNonFinite(leaf);
      if (at >= 0) throw new TypeError(`"${path}" holds ${leaf.data[at]} at element ${at}`);
    }
    return keepPrivate(tensors);
  } catch (error) {
    throw wrong(`the private state of this copy is damaged: ${error instanceof Error ? error.message : error}`);
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Byte by byte: the whole array as arguments of one call would be too many. */
function toBase64(bytes: Uint8Array): string {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}

function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}

function wrong(message: string): ConcordError {
  return new ConcordError("invalid_argument", message, { param: "copy" });
}
