import {
  API,
  ConcordError,
  catalogueSchema,
  federationIdSchema,
  inspectRequestSchema,
  inspectResponseSchema,
  inviteRequestSchema,
  inviteResponseSchema,
  joinRequestSchema,
  joinResponseSchema,
  TENSOR_MEDIA_TYPE,
} from "@concord/protocol";
import { z } from "zod";
import { checkInvite, createInvite, inspectInvite, invitedSample } from "../../access/invites.ts";
import type { App } from "../app.ts";
import { countingGuesses } from "../guesses.ts";
import type { Services } from "../services.ts";

const tags = ["invites"];

/** Invites are made by operators; whoever holds one looks at what it leads to, and joins. */
export function inviteRoutes(app: App, services: Services): void {
  const { context, federations, sample, catalogue } = services;

  app.post(
    `${API}/federations/:federation/invites`,
    {
      schema: {
        tags,
        summary: "Invite parties",
        params: z.object({ federation: federationIdSchema }),
        body: inviteRequestSchema,
        response: { 201: inviteResponseSchema },
      },
    },
    async ({ params, body, protocol, headers }, reply) => {
      const driver = federations.get(params.federation);
      // Both were checked. They are the name under which the operator reaches this server, so others may too; where a
      // proxy speaks TLS, only the page's origin knows of it.
      const origin = headers.origin ?? `${protocol}://${headers.host}`;
      return reply.code(201).send(await createInvite(context, driver, origin, body));
    },
  );
  app.post(
    `${API}/invites/inspect`,
    {
      config: { audience: "open" },
      schema: {
        tags,
        summary: "What an invite leads to; it is not used up",
        body: inspectRequestSchema,
        response: { 200: inspectResponseSchema },
      },
    },
    (request) =>
      countingGuesses(services, request, async () => {
        const driver = invited(request, request.body.federation);
        return inspectInvite(context, driver, request.body.invite, sample !== undefined);
      }),
  );
  app.post(
    `${API}/invites/sample/:part`,
    {
      config: { audience: "open" },
      schema: {
        tags,
        summary: "Examples for a guest who brings none, as an IDX file",
        params: z.object({ part: z.enum(["images", "labels"]) }),
        body: inspectRequestSchema,
      },
    },
    (request, reply) =>
      countingGuesses(services, request, async () => {
        const driver = invited(request, request.body.federation);
        const files = await invitedSample(context, driver, request.body.invite, sample);
        const bytes = files[request.params.part];
        return reply
          .type("application/octet-stream")
          .send(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
      }),
  );
  app.post(
    `${API}/invites/catalogue`,
    {
      config: { audience: "open" },
      schema: {
        tags,
        summary: "What there is to rate, for the holder of an invite to a recommender",
        body: inspectRequestSchema,
        response: { 200: catalogueSchema },
      },
    },
    (request) =>
      countingGuesses(services, request, async () => {
        const driver = invited(request, request.body.federation);
        await checkInvite(context, driver, request.body.invite);
        const { dataset } = driver.live.record.spec;
        const found = await catalogue?.(dataset);
        if (found !== undefined) return found;
        throw new ConcordError("not_found", `this coordinator has no catalogue of ${dataset}`);
      }),
  );
  app.post(
    `${API}/invites/model`,
    {
      config: { audience: "open" },
      schema: {
        tags,
        summary: "The current model, for the holder of an invite",
        description: "Who is invited may use the model before joining, and without joining at all.",
        body: inspectRequestSchema,
        produces: [TENSOR_MEDIA_TYPE],
      },
    },
    (request, reply) =>
      countingGuesses(services, request, async () => {
        const driver = invited(request, request.body.federation);
        await checkInvite(context, driver, request.body.invite);
        const { content } = await driver.model();
        return reply.type(TENSOR_MEDIA_TYPE).send(Buffer.from(content.buffer, content.byteOffset, content.byteLength));
      }),
  );
  app.post(
    `${API}/join`,
    {
      config: { audience: "open" },
      schema: {
        tags,
        summary: "Exchange an invite for a party's own key",
        body: joinRequestSchema,
        response: { 201: joinResponseSchema },
      },
    },
    (request, reply) =>
      countingGuesses(services, request, async () => {
        const driver = invited(request, request.body.federation);
        return reply.code(201).send(await driver.join(request.body));
      }),
  );

  /** The federation that an invite is said to be of. An unknown one sounds like a wrong invite: nothing can be learnt. */
  function invited(request: { invitedTo: string | undefined }, federation: string) {
    const driver = federations.find(federation);
    if (driver === undefined) {
      throw new ConcordError("not_found", `federation "${federation}" knows no such invite; ask for the whole link`, {
        param: "invite",
      });
    }
    request.invitedTo = federation;
    return driver;
  }
}
