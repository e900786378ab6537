import {
  API,
  createFederationRequestSchema,
  federationIdSchema,
  federationListSchema,
  federationViewSchema,
  partyListSchema,
  roundListSchema,
  stopRequestSchema,
  TENSOR_MEDIA_TYPE,
} from "@concord/protocol";
import { z } from "zod";
import { federationView, partyViews, roundViews } from "../../views.ts";
import type { App } from "../app.ts";
import type { Services } from "../services.ts";

const params = z.object({ federation: federationIdSchema });
const page = z.object({
  after: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(1).max(100_000).default(10_000),
});
const at = `${API}/federations/:federation`;
const tags = ["federations"];

/** What viewers read, and what operators begin and end. */
export function federationRoutes(app: App, { context, federations }: Services): void {
  app.get(
    `${API}/federations`,
    {
      config: { audience: ["viewer"] },
      schema: { tags, summary: "All federations, oldest first", response: { 200: federationListSchema } },
    },
    async () => ({ federations: await Promise.all(federations.list().map(federationView)) }),
  );
  app.post(
    `${API}/federations`,
    {
      schema: {
        tags,
        summary: "Begin a federation",
        body: createFederationRequestSchema,
        response: { 201: federationViewSchema },
      },
    },
    async ({ body }, reply) => reply.code(201).send(await federationView(await federations.create(body.id, body.spec))),
  );
  app.get(
    at,
    {
      config: { audience: ["viewer"] },
      schema: { tags, summary: "A federation", params, response: { 200: federationViewSchema } },
    },
    ({ params }) => federationView(federations.get(params.federation)),
  );
  app.get(
    `${at}/parties`,
    {
      config: { audience: ["viewer"] },
      schema: { tags, summary: "Its parties, by id", params, response: { 200: partyListSchema } },
    },
    async ({ params }) => ({ parties: await partyViews(context, federations.get(params.federation)) }),
  );
  app.get(
    `${at}/rounds`,
    {
      config: { audience: ["viewer"] },
      schema: { tags, summary: "Its rounds, in order", params, querystring: page, response: { 200: roundListSchema } },
    },
    async ({ params, query }) => ({ rounds: await roundViews(context, federations.get(params.federation), query) }),
  );
  app.get(
    `${at}/model`,
    {
      config: { audience: ["viewer"] },
      schema: { tags, summary: "The current global model, as safetensors", params, produces: [TENSOR_MEDIA_TYPE] },
    },
    async ({ params }, reply) => {
      const { content, sha256 } = await federations.get(params.federation).model();
      const name = `${params.federation}.safetensors`;
      reply.header("content-disposition", `attachment; filename="${name}"`).header("etag", `"${sha256}"`);
      return reply.type(TENSOR_MEDIA_TYPE).send(Buffer.from(content.buffer, content.byteOffset, content.byteLength));
    },
  );
  app.post(
    `${at}/stop`,
    {
      schema: {
        tags,
        summary: "End a federation before its last round",
        params,
        body: stopRequestSchema,
        response: { 200: federationViewSchema },
      },
    },
    async ({ params, body }) => {
      const driver = federations.get(params.federation);
      await driver.stop(body.reason);
      return federationView(driver);
    },
  );
}
