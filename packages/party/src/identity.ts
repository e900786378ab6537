import { federationSpecSchema } from "@concord/federation";
import { federationIdSchema, partyIdSchema } from "@concord/protocol";
import { z } from "zod";

/** Who a party is, and in which federation: what joining gave it and what it needs to go on later. */
export const identitySchema = z.strictObject({
  /** Of the coordinator, such as `https://concord.example:7700`. */
  origin: z.string().min(1),
  federation: federationIdSchema,
  party: partyIdSchema,
  /** The party's own key: a secret. */
  key: z.string().min(1),
  /** Made on this device and never sent: what the coordinator must not be able to draw again is drawn from it. */
  secret: z.string().min(24),
  /** What was agreed on joining. Only this is ever run, whatever the coordinator says later. */
  spec: federationSpecSchema,
});

export type Identity = z.output<typeof identitySchema>;

/** What a party writes down before it joins, so that one that is killed in the middle can take the same join up again. */
export const joiningSchema = identitySchema.pick({ federation: true, key: true, secret: true, spec: true }).extend({
  /** The token of the invite. */
  invite: z.string().min(1),
});

export type Joining = z.output<typeof joiningSchema>;
