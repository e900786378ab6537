import type { Socket } from "node:net";
import type { Purpose } from "@concord/federation";
import { currentRound } from "../driver/live.ts";
import type { App } from "./app.ts";
import type { Services } from "./services.ts";

declare module "fastify" {
  interface FastifyRequest {
    /** What a party's bytes are spent on. */
    purpose: Purpose;
  }
}

interface Counted {
  readonly read: number;
  readonly written: number;
}

/**
 * Meters the wire: all bytes that the socket of a party's request has read and written since the request before it on
 * the same connection, so start lines, headers, chunk frames and broken bodies count as they crossed the link. Below
 * HTTP nothing is counted: no TLS records, no TCP and IP headers. A request that is still running is not counted yet.
 */
export function metering(app: App, { context, federations }: Services): void {
  const counted = new WeakMap<Socket, Counted>();
  app.decorateRequest("purpose", "train");
  app.addHook("onRequest", async (request, reply) => {
    const { principal } = request;
    const { socket } = request.raw;
    const driver = principal?.role === "party" ? federations.find(principal.federation) : undefined;
    if (principal?.role === "party") driver?.contact(principal.party);
    reply.raw.once("close", () => {
      // Without a network (an injected request) there is nothing to count.
      const now = { read: socket.bytesRead ?? 0, written: socket.bytesWritten ?? 0 };
      const before = counted.get(socket) ?? { read: 0, written: 0 };
      counted.set(socket, now);
      if (principal?.role !== "party" || driver === undefined) return;
      const { federation, party } = principal;
      const to = { federation, party, round: currentRound(driver.live), purpose: request.purpose };
      context.meter.add(to, { wireUp: now.read - before.read, wireDown: now.written - before.written });
    });
  });
}
