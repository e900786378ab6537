import { API, eventListSchema, federationIdSchema } from "@concord/protocol";
import { z } from "zod";
import type { App } from "../app.ts";
import type { Services } from "../services.ts";

const query = z.object({
  after: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(1).max(10_000).default(1_000),
});

/** The event log of a federation, page by page; live events come over the socket of the same path without federation. */
export function eventRoutes(app: App, { context, federations }: Services): void {
  app.get(
    `${API}/federations/:federation/events`,
    {
      config: { audience: ["viewer"] },
      schema: {
        tags: ["federations"],
        summary: "Its events after a sequence number",
        params: z.object({ federation: federationIdSchema }),
        querystring: query,
        response: { 200: eventListSchema },
      },
    },
    async ({ params, query }) => {
      const { id } = federations.get(params.federation).live.record;
      return context.journal.read(async (tx) => ({
        events: await tx.events.list(id, query),
        last: await tx.events.last(),
      }));
    },
  );
}
