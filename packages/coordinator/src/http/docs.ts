import swagger from "@fastify/swagger";
import swaggerUi from "@fastify/swagger-ui";
import { jsonSchemaTransform } from "fastify-type-provider-zod";
import type { App } from "./app.ts";

/** Where the description of the API is read by people; `/docs/json` is the OpenAPI document itself. */
export const DOCS = "/docs";

/** Describes the API from the schemas that check it. Everything the page of it needs comes from this server. */
export async function docs(app: App): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: {
        title: "Concord coordinator",
        version: "1",
        description: "Parties ask for work, hold a lease, send heartbeats and reply once. Tensors travel as blobs.",
      },
      components: { securitySchemes: { key: { type: "http", scheme: "bearer" } } },
    },
    transform: jsonSchemaTransform,
  });
  await app.register(swaggerUi, {
    routePrefix: DOCS,
    // The badge of the validator would be fetched from another host.
    uiConfig: { validatorUrl: null, docExpansion: "list" },
  });
}
