import { API, sessionRequestSchema, sessionResponseSchema } from "@concord/protocol";
import type { App } from "../app.ts";
import { countingGuesses } from "../guesses.ts";
import type { Services } from "../services.ts";

/** How the operator's page gets its key: from the one-time token in the fragment of its address. */
export function sessionRoutes(app: App, services: Services): void {
  app.post(
    `${API}/session`,
    {
      config: { audience: "open" },
      schema: {
        tags: ["session"],
        summary: "Exchange a one-time token for a key",
        body: sessionRequestSchema,
        response: { 200: sessionResponseSchema },
      },
    },
    (request) => countingGuesses(services, request, () => services.principals.redeem(request.body.token)),
  );
}
