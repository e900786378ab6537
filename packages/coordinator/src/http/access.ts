import { ConcordError, type ErrorCode } from "@concord/protocol";
import type { FastifyRequest } from "fastify";
import type { Principal } from "../access/principals.ts";
import type { App } from "./app.ts";
import { DOCS } from "./docs.ts";
import type { Services } from "./services.ts";

/** Who may use a route: everybody, or whoever holds a key of one of the roles. An operator may do what a viewer may. */
type Audience = "open" | readonly Principal["role"][];

declare module "fastify" {
  interface FastifyContextConfig {
    /** A route that says nothing is for operators only. */
    audience?: Audience;
    /** A refusal that happens to everybody now and then, and is no matter for the event log. */
    ordinary?: ErrorCode;
  }
  interface FastifyRequest {
    principal: Principal | undefined;
    /** The federation that a request without a key names, once it is known to exist. */
    invitedTo: string | undefined;
  }
}

/** Checks every request before its body is read: the host that it names, the page that it comes from, the key that it brings. */
export function access(app: App, { origins, principals }: Services): void {
  app.decorateRequest("principal", undefined);
  app.decorateRequest("invitedTo", undefined);
  app.addHook("onRequest", async (request) => {
    const { headers, method, routeOptions } = request;
    origins.checkHost(headers.host);
    if (method !== "GET" && method !== "HEAD") origins.checkOrigin(headers.origin);
    const audience = request.is404 ? "open" : (routeOptions.config.audience ?? []);
    if (audience === "open") return;
    const principal = await principals.authenticate(bearerKey(request));
    request.principal = principal;
    const roles: readonly string[] = audience.includes("viewer") ? [...audience, "operator"] : audience;
    if (roles.includes(principal.role) || (roles.length === 0 && principal.role === "operator")) return;
    const needed = roles.length === 0 ? "operator" : roles[0];
    throw new ConcordError(
      "permission_denied",
      `this needs the key of another role (${needed}), yours is: ${principal.role}`,
    );
  });
  app.addHook("onRoute", (route) => {
    if (route.url === DOCS || route.url.startsWith(`${DOCS}/`)) route.config = { ...route.config, audience: "open" };
    const audience = route.config?.audience ?? [];
    if (audience !== "open" && route.schema !== undefined) route.schema.security = [{ key: [] }];
  });
}

/** The party whose key a request brought. */
export function partyOf({ principal }: FastifyRequest): { readonly federation: string; readonly party: string } {
  if (principal?.role === "party") return principal;
  throw new ConcordError("permission_denied", "this needs the key of a party");
}

function bearerKey({ headers }: FastifyRequest): string {
  const match = /^Bearer ([\x21-\x7e]{1,100})$/.exec(headers.authorization ?? "");
  if (match?.[1] !== undefined) return match[1];
  throw new ConcordError("unauthenticated", "this needs a key: send the header Authorization: Bearer KEY", {
    param: "authorization",
  });
}
