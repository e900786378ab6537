import { z } from "zod";

/** Most items of a catalogue: as many as a task may have outputs. */
const MAX_ITEMS = 65_536;

/**
 * What there is to rate and to recommend, in the order of the decoder's rows. It comes from the operator's own folder, so a
 * coordinator without the data set has none.
 */
export const catalogueSchema = z
  .object({
    /** Name of the data set. */
    name: z.string().min(1).max(200),
    /** True if items and ratings were made by a program. */
    generated: z.boolean(),
    /** The least and greatest rating, and the distance between two neighbouring ones. */
    scale: z
      .object({ min: z.number(), max: z.number(), step: z.number().gt(0) })
      .refine(({ min, max }) => min < max, "min must be less than max"),
    items: z
      .array(
        z.object({
          id: z.string().min(1).max(100),
          title: z.string().max(500),
          genres: z.array(z.string().max(100)).max(20),
          /** Ratings that the operator's data set has of it. */
          popularity: z.int().min(0),
        }),
      )
      .min(1)
      .max(MAX_ITEMS),
  })
  .refine(({ items }) => new Set(items.map(({ id }) => id)).size === items.length, "an item is there twice");

export type Catalogue = z.output<typeof catalogueSchema>;
export type CatalogueItem = Catalogue["items"][number];
