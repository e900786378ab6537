import { z } from "zod";
import { identitySchema, joiningSchema } from "../identity.ts";

/** What a tab keeps before it joins, so that after a reload it can take the same join up again. */
export const tabJoinSchema = joiningSchema.extend({
  origin: identitySchema.shape.origin,
  name: z.string().optional(),
  shareLabels: z.boolean(),
  /** Under which name its examples are kept. */
  place: z.string().min(1),
});

export type TabJoin = z.output<typeof tabJoinSchema>;
