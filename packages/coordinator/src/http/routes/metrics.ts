import type { App } from "../app.ts";
import { metrics } from "../metrics.ts";
import type { Services } from "../services.ts";

/** Counts for Prometheus. They name no federation and no party, so they need no key. */
export function metricsRoutes(app: App, services: Services): void {
  const registry = metrics(app, services);
  app.get(
    "/metrics",
    { config: { audience: "open" }, schema: { tags: ["operations"], summary: "Counts for Prometheus" } },
    async (_request, reply) => reply.type(registry.contentType).send(await registry.metrics()),
  );
}
