import type { IncomingMessage, ServerResponse } from "node:http";
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from "fastify";
import Fastify from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import { serializerCompiler, validatorCompiler } from "fastify-type-provider-zod";
import { access } from "./access.ts";
import { docs } from "./docs.ts";
import { errors } from "./errors.ts";
import { lingeringUploads } from "./lingering-uploads.ts";
import { metering } from "./metering.ts";
import { blobRoutes } from "./routes/blobs.ts";
import { completionRoutes } from "./routes/completions.ts";
import { eventRoutes } from "./routes/events.ts";
import { federationRoutes } from "./routes/federations.ts";
import { healthRoutes } from "./routes/health.ts";
import { inviteRoutes } from "./routes/invites.ts";
import { metricsRoutes } from "./routes/metrics.ts";
import { pageRoutes } from "./routes/page.ts";
import { paletteRoutes } from "./routes/palettes.ts";
import { partyRoutes } from "./routes/party.ts";
import { runtimeRoutes } from "./routes/runtime.ts";
import { sessionRoutes } from "./routes/session.ts";
import { securityHeaders } from "./security-headers.ts";
import type { Services } from "./services.ts";

/** A Fastify instance whose schemas are zod's. */
export type App = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  ZodTypeProvider
>;

/** The largest JSON body, in bytes. */
const JSON_LIMIT = 1024 * 1024;

export interface AppOptions {
  readonly services: Services;
  readonly tls: { readonly cert: string | Buffer; readonly key: string | Buffer } | undefined;
}

/** The HTTP API: one file for each resource, and what holds for every request. */
export async function buildApp({ services, tls }: AppOptions): Promise<App> {
  const options = {
    bodyLimit: JSON_LIMIT,
    logger: false,
    // A request for work is held for up to a minute; connections of parties stay open between their heartbeats.
    keepAliveTimeout: 75_000,
    requestTimeout: 0,
    forceCloseConnections: true,
    exposeHeadRoutes: false,
    routerOptions: { maxParamLength: 200 },
  } as const;
  const server = tls === undefined ? Fastify(options) : Fastify({ ...options, https: { ...tls } });
  const app = (server as FastifyInstance as App).withTypeProvider<ZodTypeProvider>();
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);

  errors(app, services);
  securityHeaders(app);
  lingeringUploads(app);
  access(app, services);
  metering(app, services);
  await docs(app);
  await app.register(async (routes: App) => {
    sessionRoutes(routes, services);
    federationRoutes(routes, services);
    eventRoutes(routes, services);
    inviteRoutes(routes, services);
    partyRoutes(routes, services);
    blobRoutes(routes, services);
    paletteRoutes(routes, services);
    completionRoutes(routes, services);
    healthRoutes(routes);
    metricsRoutes(routes, services);
    runtimeRoutes(routes);
    await pageRoutes(routes, services);
  });
  return app;
}
