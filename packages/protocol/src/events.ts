import { z } from "zod";
import { scheduleSchema } from "./schedule.ts";

/** What happens in a federation, in the order it happened: stored with a sequence number, sent live over the socket. */
const event = <T extends string, S extends z.ZodRawShape>(type: T, shape: S) =>
  z.object({ seq: z.int().min(1), time: z.string(), federation: z.string(), type: z.literal(type), ...shape });

const party = z.string();
const round = z.int().min(1);

/** The members that were chosen to exchange more often, and KL(their labels ‖ all labels) in nats. */
export const groupSchema = z.object({ parties: z.array(z.string()), divergence: z.number() });

export const eventSchema = z.discriminatedUnion("type", [
  event("federation.started", {}),
  event("federation.finished", { rounds: z.int() }),
  event("federation.stopped", { reason: z.string() }),
  /** The coordinator came back with an unfinished federation. */
  event("federation.resumed", { round: z.int().min(0) }),
  event("party.joined", { party, name: z.string(), examples: z.int(), client: z.string() }),
  event("party.status", { party, status: z.enum(["active", "paused", "absent", "left"]), reason: z.string() }),
  event("round.started", {
    round,
    members: z.array(party),
    steps: z.int(),
    /** Which members exchange after which steps, those who exchange most first; none in events of older versions. */
    schedules: z.array(z.object({ parties: z.array(party), exchanges: scheduleSchema })).optional(),
    /** Only where the algorithm chooses a group. */
    group: groupSchema.optional(),
  }),
  /** A party was dropped from an exchange. */
  event("party.dropped", { party, round, step: z.int(), reason: z.string() }),
  event("update.accepted", { party, round, step: z.int(), loss: z.number(), bytes: z.int() }),
  /** An update or request was refused; nothing of it was kept. */
  event("update.refused", { party: party.nullable(), round: round.nullable(), code: z.string(), reason: z.string() }),
  /** `parties` is empty where nobody who was due at a step has replied: the model stays as it was. */
  event("exchange.merged", { round, step: z.int(), parties: z.array(party), missing: z.array(party) }),
  event("round.void", { round, reason: z.string() }),
  event("round.finished", {
    round,
    accuracy: z.number().nullable(),
    loss: z.number().nullable(),
    trainLoss: z.number().nullable(),
    evaluatedExamples: z.int(),
    parties: z.int(),
    seconds: z.number(),
    wireUp: z.int(),
    wireDown: z.int(),
  }),
  event("invite.created", { expiresAt: z.string(), uses: z.int() }),
]);

export type ConcordEvent = z.output<typeof eventSchema>;
export type EventType = ConcordEvent["type"];

/** An event before the store numbers and dates it. */
export type NewEvent = ConcordEvent extends infer E
  ? E extends ConcordEvent
    ? Omit<E, "seq" | "time">
    : never
  : never;

/**
 * The first message on the socket GET /v1/events: who asks (browsers cannot set headers on a socket), for which
 * federation, and after which sequence number to begin. Answered by `{ type: "hello" }`, then events.
 */
export const subscribeSchema = z.strictObject({
  key: z.string().min(1).max(100),
  federation: z.string().min(1).max(63),
  after: z.int().min(0).default(0),
});
