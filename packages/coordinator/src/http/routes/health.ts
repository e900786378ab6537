import { z } from "zod";
import type { App } from "../app.ts";

/** For load balancers and scripts that wait for the start. */
export function healthRoutes(app: App): void {
  app.get(
    "/healthz",
    {
      config: { audience: "open" },
      schema: { tags: ["operations"], summary: "Is it up?", response: { 200: z.object({ status: z.literal("ok") }) } },
    },
    async () => ({ status: "ok" as const }),
  );
}
