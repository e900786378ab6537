import {
  API,
  ConcordError,
  gatewayViewSchema,
  keptAnswersSchema,
  paletteListSchema,
  paletteNameSchema,
  paletteRequestSchema,
  paletteViewSchema,
  pilotRewardsSchema,
  tenantListSchema,
  tenantRequestSchema,
  tenantResponseSchema,
} from "@concord/protocol";
import { z } from "zod";
import type { Gateway } from "../../gateway/gateway.ts";
import type { App } from "../app.ts";
import type { Services } from "../services.ts";

const named = z.object({ name: paletteNameSchema });
const versioned = named.extend({ version: z.coerce.number().int().min(1) });
const page = z.object({
  after: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(1).max(10_000).default(1_000),
});
const path = `${API}/palettes`;
const tags = ["palettes"];
const config = { audience: ["viewer"] } as const;

/** The rewards of a pilot come as text: 20,000 prompts with 8 answers and 6 values. */
const PILOT_LIMIT = 32 * 1024 * 1024;

/** Palettes, which operators make and viewers read, and the keys of those who may ask. */
export function paletteRoutes(app: App, { gateway, tenants }: Services): void {
  app.get(
    `${API}/gateway`,
    { config, schema: { tags, summary: "What palettes can be made of", response: { 200: gatewayViewSchema } } },
    async () => gateway?.view() ?? { enabled: false, bases: [], rewards: [], keepPrompts: false },
  );
  app.post(
    path,
    {
      bodyLimit: PILOT_LIMIT,
      schema: {
        tags,
        summary: "Make a palette, or the next version of one",
        description:
          "With rewards it is solved at once. With prompts the gateway draws and scores candidates first: it is `piloting` until then.",
        body: paletteRequestSchema,
        response: { 201: paletteViewSchema },
      },
    },
    async ({ body }, reply) => reply.code(201).send(await needed(gateway).palettes.create(body)),
  );
  app.get(
    path,
    { config, schema: { tags, summary: "The newest version of each", response: { 200: paletteListSchema } } },
    async () => ({ palettes: gateway?.palettes.list() ?? [] }),
  );
  app.get(
    `${path}/:name`,
    {
      config,
      schema: {
        tags,
        summary: "The newest version, with its live levels",
        params: named,
        response: { 200: paletteViewSchema },
      },
    },
    async ({ params }) => needed(gateway).palettes.get(params.name),
  );
  app.get(
    `${path}/:name/versions`,
    {
      config,
      schema: { tags, summary: "Its versions, oldest first", params: named, response: { 200: paletteListSchema } },
    },
    async ({ params }) => ({ palettes: needed(gateway).palettes.versions(params.name) }),
  );
  app.get(
    `${path}/:name/:version`,
    {
      config,
      schema: { tags, summary: "A version", params: versioned, response: { 200: paletteViewSchema } },
    },
    async ({ params }) => needed(gateway).palettes.get(params.name, params.version),
  );
  app.get(
    `${path}/:name/:version/rewards`,
    {
      config,
      schema: {
        tags,
        summary: "The rewards that a version was solved on",
        params: versioned,
        response: { 200: pilotRewardsSchema },
      },
    },
    async ({ params }) => ({ rewards: await needed(gateway).palettes.pilot(params.name, params.version) }),
  );

  app.get(
    `${path}/:name/:version/answers`,
    {
      schema: {
        tags,
        summary: "Answers with their prompts and candidates, where the operator has them kept",
        params: versioned,
        querystring: page,
        response: { 200: keptAnswersSchema },
      },
    },
    async ({ params, query }) => needed(gateway).kept(params.name, params.version, query),
  );

  app.post(
    `${API}/tenants`,
    {
      schema: {
        tags: ["tenants"],
        summary: "A key for somebody who may ask the gateway; it is shown once",
        body: tenantRequestSchema,
        response: { 201: tenantResponseSchema },
      },
    },
    async ({ body }, reply) => reply.code(201).send({ name: body.name, key: await tenants.admit(body.name) }),
  );
  app.get(
    `${API}/tenants`,
    { schema: { tags: ["tenants"], summary: "Who may ask", response: { 200: tenantListSchema } } },
    async () => ({
      tenants: (await tenants.list()).map(({ name, createdAt }) => ({
        name,
        createdAt: new Date(createdAt).toISOString(),
      })),
    }),
  );
  app.delete(
    `${API}/tenants/:name`,
    {
      schema: { tags: ["tenants"], summary: "Take a key back", params: named, response: { 204: z.null() } },
    },
    async ({ params }, reply) => {
      await tenants.dismiss(params.name);
      return reply.code(204).send(null);
    },
  );
}

/** The gateway. Throws ConcordError `failed_precondition` where there is none. */
export function needed(gateway: Gateway | undefined): Gateway {
  if (gateway !== undefined) return gateway;
  throw new ConcordError("failed_precondition", "this coordinator has no gateway; start it with --gateway FILE");
}
