import type { IncomingMessage, Server } from "node:http";
import type { Duplex } from "node:stream";
import type { ConcordEvent } from "@concord/protocol";
import { API, ConcordError, fromZod, subscribeSchema } from "@concord/protocol";
import { WebSocket, WebSocketServer } from "ws";
import { eventsFrom } from "../events-from.ts";
import type { Services } from "./services.ts";

/** How long a client may take to say who it is. */
const GREETING_MS = 5_000;
const PING_MS = 20_000;
/** Bytes that may wait for a client; beyond them, sending waits for it. */
const MOST_WAITING = 256 * 1024;
/** A client that reads nothing for so long is cut off; it may come back to where it was. */
const STALLED_MS = 20_000;
/** The greeting is small; nothing else is expected. */
const LARGEST_MESSAGE = 4 * 1024;

export interface LiveEvents {
  close(): void;
}

/**
 * The socket GET /v1/events. The first message says who asks, for which federation and after which event
 * (`subscribeSchema`); the answer is `{ type: "hello", last }`, then come the events, first those in the store, then the
 * live ones, none twice and none left out. A refusal is the close code 4000 + HTTP status with the reason in words.
 */
export function liveEvents(server: Server, services: Services): LiveEvents {
  const { origins, refusals, context } = services;
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false, maxPayload: LARGEST_MESSAGE });
  const answered = new WeakSet<WebSocket>();

  const onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on("error", () => socket.destroy());
    try {
      origins.checkHost(request.headers.host);
      origins.checkOrigin(request.headers.origin);
      if (request.url?.split("?", 1)[0] !== `${API}/events`) throw new ConcordError("not_found", "no socket is here");
    } catch (error) {
      const refused = ConcordError.from(error);
      if (refused.code !== "not_found") refusals.noteAnonymous(refused);
      return refuse(socket, refused);
    }
    sockets.handleUpgrade(request, socket, head, greet);
  };
  server.on("upgrade", onUpgrade);

  const pings = setInterval(() => {
    for (const client of sockets.clients) {
      if (!answered.delete(client)) client.terminate();
      else client.ping();
    }
  }, PING_MS);
  pings.unref();

  function greet(client: WebSocket): void {
    answered.add(client);
    client.on("pong", () => answered.add(client));
    // A broken frame ends the connection; there is nobody to tell.
    client.on("error", () => client.terminate());
    const inTime = context.clock.after(GREETING_MS, () => {
      closeWith(client, new ConcordError("deadline_exceeded", "the first message must say who asks"));
    });
    client.once("close", inTime);
    client.once("message", (data) => {
      inTime();
      serve(client, String(data)).catch((error: unknown) => {
        const refused = ConcordError.from(error);
        if (refused.code === "internal") context.log.error({ err: error }, "an event socket failed");
        closeWith(client, refused);
      });
    });
  }

  async function serve(client: WebSocket, greeting: string): Promise<void> {
    const { key, federation, after } = parseGreeting(greeting);
    const principal = await services.principals.authenticate(key);
    if (principal.role === "party") {
      throw new ConcordError("permission_denied", "events are for operators and viewers, not for parties");
    }
    services.federations.get(federation);
    const last = await context.journal.read((tx) => tx.events.last());
    client.send(JSON.stringify({ type: "hello", last }));
    const gone = new AbortController();
    client.once("close", () => gone.abort());
    for await (const event of eventsFrom(context, federation, after, gone.signal)) await send(client, event);
  }

  async function send(client: WebSocket, event: ConcordEvent): Promise<void> {
    if (client.readyState !== WebSocket.OPEN) return;
    const text = JSON.stringify(event);
    if (client.bufferedAmount < MOST_WAITING) {
      client.send(text);
      return;
    }
    const cancel = context.clock.after(STALLED_MS, () => client.terminate());
    // Calls back when everything up to this event has gone out, or the connection has ended.
    await new Promise<void>((resolve) => client.send(text, () => resolve()));
    cancel();
  }

  return {
    close() {
      clearInterval(pings);
      server.off("upgrade", onUpgrade);
      for (const client of sockets.clients) client.terminate();
      sockets.close();
    },
  };
}

function parseGreeting(text: string) {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new ConcordError("invalid_argument", "the first message must be JSON: { key, federation, after }");
  }
  const parsed = subscribeSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw fromZod(parsed.error, "the first message");
}

/** Close codes 4000 … 4999 are for applications: ours are 4000 + the HTTP status. A reason has room for 123 bytes. */
function closeWith(client: WebSocket, error: ConcordError): void {
  client.close(4000 + error.status, `${error.code}: ${error.message}`.replace(/[^\x20-\x7e]/g, "?").slice(0, 120));
}

function refuse(socket: Duplex, error: ConcordError): void {
  const body = JSON.stringify(error.toBody());
  const head = [
    `HTTP/1.1 ${error.status} ${error.code}`,
    "content-type: application/json; charset=utf-8",
    `content-length: ${Buffer.byteLength(body)}`,
    "connection: close",
  ];
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`);
}
