import { ConcordError } from "@concord/protocol";
import fastifyStatic from "@fastify/static";
import type { FastifyReply } from "fastify";
import { z } from "zod";
import type { App } from "../app.ts";
import type { Services } from "../services.ts";

/** File names with a hash of their content (`index-B1x9Qz3k.js`) never change. */
const HASHED = /-[A-Za-z0-9_-]{8,}\.[a-z0-9]+$/;

/** The operator's page and the page of those who join: one application, whose addresses are its own business. */
export async function pageRoutes(app: App, { pageDir }: Services): Promise<void> {
  // Files are sent from a folder that is known only when the page has been built, hence no folder here.
  await app.register(fastifyStatic, { root: import.meta.dirname, serve: false });
  app.get(
    "/*",
    { config: { audience: "open" }, schema: { hide: true, params: z.object({ "*": z.string() }) } },
    async (request, reply) => {
      const path = request.params["*"];
      if (path.startsWith("v1/")) throw new ConcordError("not_found", `there is nothing at GET /${path}`);
      const dir = await pageDir();
      if (dir === undefined) return notBuilt(reply);
      if (path === "" || path.startsWith("join/") || !path.includes(".")) {
        return reply.sendFile("index.html", dir, { cacheControl: false });
      }
      if (!HASHED.test(path)) return reply.sendFile(path, dir, { cacheControl: false });
      return reply
        .header("cache-control", "public, max-age=31536000, immutable")
        .sendFile(path, dir, { cacheControl: false });
    },
  );
}

function notBuilt(reply: FastifyReply): FastifyReply {
  const title = "Concord";
  const text = "The page is being built. It appears here in a moment.";
  return reply
    .code(503)
    .headers({ "retry-after": "2", refresh: "2" })
    .type("text/html; charset=utf-8")
    .send(`<!doctype html><html lang="en"><title>${title}</title><p>${text}</p></html>\n`);
}
