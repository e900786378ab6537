import {
  API,
  ConcordError,
  heartbeatResponseSchema,
  ownViewSchema,
  partyStatusSchema,
  replyRequestSchema,
  replyResponseSchema,
  statusRequestSchema,
  TENSOR_MEDIA_TYPE,
  workRequestSchema,
  workSchema,
} from "@concord/protocol";
import type { FastifyReply } from "fastify";
import { z } from "zod";
import { parseLeaseId } from "../../driver/lease-id.ts";
import { ownView } from "../../views.ts";
import { partyOf } from "../access.ts";
import type { App } from "../app.ts";
import type { Services } from "../services.ts";

const config = { audience: ["party"] } as const;
const tags = ["party"];
const leaseParams = z.object({ lease: z.string().min(1).max(100) });

/** What a party does with its key: ask for work, keep its lease alive, reply, say how it is. */
export function partyRoutes(app: App, { context, federations, refusals }: Services): void {
  app.get(
    `${API}/party`,
    { config, schema: { tags, summary: "The party as its coordinator sees it", response: { 200: ownViewSchema } } },
    async (request) => {
      const { federation, party } = partyOf(request);
      const driver = federations.get(federation);
      const { id, spec, status, round } = driver.live.record;
      const view = await ownView(context, driver, party);
      return { ...view, federation: { id, name: spec.name, status, round, rounds: spec.rounds } };
    },
  );
  app.get(
    `${API}/party/model`,
    { config, schema: { tags, summary: "The current model, all of it", produces: [TENSOR_MEDIA_TYPE] } },
    async (request, reply) => {
      const { federation } = partyOf(request);
      const { content } = await federations.get(federation).model();
      return reply.type(TENSOR_MEDIA_TYPE).send(Buffer.from(content.buffer, content.byteOffset, content.byteLength));
    },
  );
  app.post(
    `${API}/party/work`,
    {
      config,
      schema: {
        tags,
        summary: "Ask what to do now; the answer may take a while",
        body: workRequestSchema,
        response: { 200: workSchema },
      },
    },
    async (request, reply) => {
      const { federation, party } = partyOf(request);
      const work = await federations.get(federation).work(party, request.body.waitSeconds, untilGone(reply));
      if (work.kind === "evaluate") request.purpose = "evaluate";
      return work;
    },
  );
  app.post(
    `${API}/party/leases/:lease/heartbeat`,
    {
      // A heartbeat that crosses the reply, or the end of an exchange, on its way.
      config: { ...config, ordinary: "gone" },
      schema: {
        tags,
        summary: "Renew a lease",
        params: leaseParams,
        body: z.object({}).optional(),
        response: { 200: heartbeatResponseSchema },
      },
    },
    async (request) => {
      const { federation, party } = partyOf(request);
      const { lease } = request.params;
      request.purpose = parseLeaseId(lease)?.kind ?? "train";
      return { expiresInSeconds: await federations.get(federation).heartbeat(party, lease) };
    },
  );
  app.post(
    `${API}/party/leases/:lease/reply`,
    {
      config,
      schema: {
        tags,
        summary: "Hand in the result of a lease; it counts once",
        params: leaseParams,
        body: replyRequestSchema,
        response: { 200: replyResponseSchema },
      },
    },
    async (request) => {
      const { federation, party } = partyOf(request);
      const { lease } = request.params;
      request.purpose = request.body.kind;
      const answer = await federations.get(federation).reply(party, lease, request.body);
      if (answer.status !== "accepted") refusals.note(federation, party, notCounted(answer.status, lease));
      return answer;
    },
  );
  app.post(
    `${API}/party/status`,
    {
      config,
      schema: {
        tags,
        summary: "Pause, go on, or leave for good",
        body: statusRequestSchema,
        response: { 200: z.object({ status: partyStatusSchema }) },
      },
    },
    async (request) => {
      const { federation, party } = partyOf(request);
      const { status } = request.body;
      await federations.get(federation).setStatus(party, status);
      return { status };
    },
  );
}

/** Why a reply changed nothing, for the event log; to the party it is no error. */
function notCounted(status: "duplicate" | "late", lease: string): ConcordError {
  const round = parseLeaseId(lease)?.round;
  return status === "duplicate"
    ? new ConcordError("failed_precondition", `a reply of round ${round} came again; it was counted once`)
    : new ConcordError("gone", `a reply of round ${round} came too late; the round went on without it`);
}

/** Aborted when the connection is lost before the answer. */
function untilGone({ raw }: FastifyReply): AbortSignal {
  const gone = new AbortController();
  raw.once("close", () => gone.abort());
  return gone.signal;
}
