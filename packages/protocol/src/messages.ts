import { federationSpecSchema, trafficSchema } from "@concord/federation";
import { z } from "zod";
import { blobRefSchema } from "./blobs.ts";
import { eventSchema, groupSchema } from "./events.ts";
import { scheduleSchema } from "./schedule.ts";

/** The version of the protocol, the first part of every path. */
export const API = "/v1";

export const federationIdSchema = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, "expected a-z, 0-9 and -");
export const partyIdSchema = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, "expected a-z, 0-9 and -");

/** `cp_` and 192 random bits, as `newSecret("party")` makes them. */
const partyKeySchema = z.string().regex(/^cp_[A-Za-z0-9_-]{32}$/, "expected cp_ and 32 random characters");

const count = z.int().min(0).max(1e12);
const finite = z.number();

/** Counts of training examples by class; sent only with the owner's consent. */
export const labelsSchema = z.array(count).min(1).max(10_000);

/** POST /v1/session: a one-time token for a key. */
export const sessionRequestSchema = z.strictObject({ token: z.string().min(1).max(100) });
export const sessionResponseSchema = z.object({ key: z.string(), role: z.enum(["operator", "viewer"]) });

/** POST /v1/federations/:federation/invites (operator). */
export const inviteRequestSchema = z.strictObject({
  /** How many parties it serves. */
  uses: z.int().min(1).max(10_000).default(1),
  expiresInSeconds: z
    .int()
    .min(1)
    .max(30 * 86_400)
    .default(86_400),
  /** A party id that is fixed beforehand; a free one is chosen otherwise. */
  party: partyIdSchema.optional(),
});
export const inviteResponseSchema = z.object({ url: z.string(), expiresAt: z.string() });

/** POST /v1/invites/inspect: what an invite leads to, before anything is given; the invite is not used up. */
export const inspectRequestSchema = z.strictObject({
  federation: federationIdSchema,
  invite: z.string().min(1).max(100),
});
export const inspectResponseSchema = z.object({
  federation: z.object({ id: federationIdSchema, spec: federationSpecSchema }),
  status: z.enum(["waiting", "running", "finished", "stopped"]),
  parties: count,
  round: z.int().min(0),
  expiresAt: z.string(),
  /** True if the operator offers examples to those who bring none (POST /v1/invites/sample/images and …/labels, IDX). */
  sample: z.boolean(),
});

/** POST /v1/join: an invite for a party's own key. */
export const joinRequestSchema = z.strictObject({
  federation: federationIdSchema,
  invite: z.string().min(1).max(100),
  /** What people call the party. */
  name: z.string().min(1).max(60).optional(),
  examples: z.int().min(1).max(1e12),
  heldOut: count,
  labels: labelsSchema.optional(),
  /** Such as "node" or "browser". */
  client: z.string().max(100),
  /**
   * The key that the party has made for itself. If the answer is lost, the same request with the same key gets the same
   * party again, though its invite is used up by then. Without one the coordinator makes the key.
   */
  key: partyKeySchema.optional(),
});
export const joinResponseSchema = z.object({
  party: partyIdSchema,
  key: z.string(),
  federation: z.object({ id: federationIdSchema, spec: federationSpecSchema }),
});

const leaseSchema = z.object({
  id: z.string().min(1).max(100),
  round: z.int().min(1),
  /** When the lease ends unless a heartbeat renews it, in seconds from now. */
  expiresInSeconds: z.number(),
  heartbeatSeconds: z.number(),
  /** What to download: safetensors bytes. */
  model: blobRefSchema,
});

/** POST /v1/party/work: what to do now. The coordinator holds the request for a while if there is nothing. */
export const workRequestSchema = z.strictObject({ waitSeconds: z.number().min(0).max(60).default(20) });
export const workSchema = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("train"),
    lease: leaseSchema,
    /** T, the local steps of the round. */
    steps: z.int().min(1),
    segment: z.object({ index: z.int().min(0), from: z.int().min(0), to: z.int().min(1) }),
  }),
  z.object({ kind: z.literal("evaluate"), lease: leaseSchema }),
  z.object({ kind: z.literal("wait"), reason: z.string() }),
  /** The federation has ended, or this party has left it. */
  z.object({ kind: z.literal("finished"), reason: z.string() }),
]);

/** POST /v1/party/leases/:lease/heartbeat. */
export const heartbeatResponseSchema = z.object({ expiresInSeconds: z.number() });

/** A metric as a sum and a count, which the coordinator adds up. */
export const evaluationSchema = z.record(
  z.string().min(1).max(60),
  z.strictObject({ sum: finite, count: z.number().min(0) }),
);

/** POST /v1/party/leases/:lease/reply, once; a repeated reply gets the same answer. */
export const replyRequestSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("train"), update: blobRefSchema, loss: finite }),
  z.strictObject({ kind: z.literal("evaluate"), evaluation: evaluationSchema }),
]);
export const replyResponseSchema = z.object({
  /** `late`: its exchange was merged without it; nothing has changed. */
  status: z.enum(["accepted", "duplicate", "late"]),
});

/** POST /v1/party/status: a paused party is not selected; one that leaves is gone for good. */
export const statusRequestSchema = z.strictObject({ status: z.enum(["active", "paused", "left"]) });
export const partyStatusSchema = z.enum(["active", "paused", "absent", "left"]);
export type PartyStatus = z.output<typeof partyStatusSchema>;

/** A party as viewers see it. */
export const partyViewSchema = z.object({
  id: partyIdSchema,
  name: z.string(),
  status: partyStatusSchema,
  /** Seen within the last lease. */
  online: z.boolean(),
  /** What it does now. */
  activity: z.enum(["idle", "training", "evaluating"]),
  client: z.string(),
  examples: count,
  heldOut: count,
  labels: labelsSchema.nullable(),
  joinedAt: z.string(),
  updates: count,
  missed: count,
  train: trafficSchema,
  evaluate: trafficSchema,
});
export type PartyView = z.output<typeof partyViewSchema>;

/** A member of a round as viewers see it. */
export const roundMemberSchema = z.object({
  party: partyIdSchema,
  exchanges: scheduleSchema,
  /** The last of these steps for which its update is here or which it missed, 0 before the first. */
  reached: z.int().min(0),
  /** Those that it missed. */
  missed: z.array(z.int().min(1)),
  /** Its last update was merged. */
  completed: z.boolean(),
});
export type RoundMember = z.output<typeof roundMemberSchema>;

/** A round as viewers see it. */
export const roundViewSchema = z.object({
  round: z.int().min(1),
  status: z.enum(["training", "evaluating", "finished", "void"]),
  startedAt: z.string(),
  endedAt: z.string().nullable(),
  /** T, the local steps of each member. */
  steps: z.int().min(1),
  members: z.array(roundMemberSchema),
  group: groupSchema.nullable(),
  /** The last step whose exchange is over, 0 before the first. */
  merged: z.int().min(0),
  /** Mean training loss of the last segments, weighted by examples. */
  trainLoss: z.number().nullable(),
  /** Means over the held-out examples of the parties that evaluated. */
  accuracy: z.number().nullable(),
  loss: z.number().nullable(),
  evaluated: z.object({ parties: count, examples: count }).nullable(),
  /** Up to and including this round, all parties and purposes. */
  wireUp: count,
  wireDown: count,
});
export type RoundView = z.output<typeof roundViewSchema>;

export const federationStatusSchema = z.enum(["waiting", "running", "finished", "stopped"]);

/** A federation as viewers see it. */
export const federationViewSchema = z.object({
  id: federationIdSchema,
  spec: federationSpecSchema,
  status: federationStatusSchema,
  createdAt: z.string(),
  /** The last round that ended, 0 before the first. */
  round: z.int().min(0),
  parameters: count,
  /** The current global model. */
  model: blobRefSchema.nullable(),
  accuracySource: z.string(),
});
export type FederationView = z.output<typeof federationViewSchema>;

/** POST /v1/federations (operator): answered by the federation's view. */
export const createFederationRequestSchema = z.strictObject({ id: federationIdSchema, spec: federationSpecSchema });
/** POST /v1/federations/:federation/stop (operator). */
export const stopRequestSchema = z.strictObject({
  reason: z.string().min(1).max(200).default("stopped by the operator"),
});

/** GET /v1/federations, …/parties, …/rounds?after=&limit=, …/events?after=&limit= (`last` is the newest number of all). */
export const federationListSchema = z.object({ federations: z.array(federationViewSchema) });
export const partyListSchema = z.object({ parties: z.array(partyViewSchema) });
export const roundListSchema = z.object({ rounds: z.array(roundViewSchema) });
export const eventListSchema = z.object({ events: z.array(eventSchema), last: z.int().min(0) });

/** GET /v1/party: what a party may see of itself and its federation. */
export const ownViewSchema = partyViewSchema.extend({
  federation: z.object({
    id: federationIdSchema,
    name: z.string(),
    status: federationStatusSchema,
    /** The last round that ended. */
    round: z.int().min(0),
    rounds: z.int().min(1),
  }),
});
export type OwnView = z.output<typeof ownViewSchema>;

export type SessionRequest = z.input<typeof sessionRequestSchema>;
export type SessionResponse = z.output<typeof sessionResponseSchema>;
export type CreateFederationRequest = z.input<typeof createFederationRequestSchema>;
export type InviteRequest = z.input<typeof inviteRequestSchema>;
export type InviteResponse = z.output<typeof inviteResponseSchema>;
export type InspectRequest = z.input<typeof inspectRequestSchema>;
export type InspectResponse = z.output<typeof inspectResponseSchema>;
export type JoinRequest = z.input<typeof joinRequestSchema>;
export type JoinResponse = z.output<typeof joinResponseSchema>;
export type Work = z.output<typeof workSchema>;
export type ReplyRequest = z.input<typeof replyRequestSchema>;
export type ReplyResponse = z.output<typeof replyResponseSchema>;
