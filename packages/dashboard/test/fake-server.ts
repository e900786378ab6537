import { readFile } from "node:fs/promises";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import type { ConcordEvent, PaletteView } from "@concord/protocol";
import type { WebSocket } from "ws";
import { WebSocketServer } from "ws";
import { ensurePage } from "../src/build.node.ts";
import { scriptedFederation } from "./scripted-federation.ts";
import { scriptedGateway } from "./scripted-gateway.ts";

/** The policy under which the page must work. */
export const POLICY = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "worker-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

export const OPERATOR_KEY = "co_fakeOperatorKey";
export const ONCE_TOKEN = "c1_fakeOneTimeToken";

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
};

export interface FakeServer {
  readonly origin: string;
  readonly server: Server;
  /** The palettes that the gateway has. */
  readonly palettes: readonly PaletteView[];
  /** Cuts every socket, as a lost network would. */
  cut(): void;
  close(): void;
}

/** Serves the built page and replays a scripted federation, one thing every `intervalMs`. For work on the page alone. */
export async function startFakeServer({ port = 0, rounds = 30, intervalMs = 60, skip = 0 } = {}): Promise<FakeServer> {
  const dist = await ensurePage();
  const listeners = new Set<{ readonly socket: WebSocket; readonly federation: string }>();
  const tell = (event: ConcordEvent) => {
    for (const { socket, federation } of listeners) {
      if (federation === event.federation) socket.send(JSON.stringify(event));
    }
  };
  const federation = scriptedFederation("digits", rounds, tell);
  for (let i = 0; i < skip; i++) federation.step();
  const timer = setInterval(() => federation.step() || clearInterval(timer), intervalMs);
  let tokenUsed = false;
  const gateway = scriptedGateway();

  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const { pathname } = new URL(request.url ?? "/", "http://x");
    const json = (value: unknown, status = 200) => {
      response.writeHead(status, { "content-type": "application/json" });
      response.end(JSON.stringify(value));
    };
    const refuse = (status: number, code: string, message: string) => json({ error: { code, message } }, status);
    if (!pathname.startsWith("/v1/")) return serveFile(dist, pathname, response);
    const body = request.method === "POST" ? JSON.parse((await text(request)) || "{}") : {};
    if (pathname === "/v1/session") {
      if (body.token !== ONCE_TOKEN || tokenUsed) return refuse(410, "gone", "the token has been used");
      tokenUsed = true;
      return json({ key: OPERATOR_KEY, role: "operator" });
    }
    if (request.headers.authorization !== `Bearer ${OPERATOR_KEY}`) {
      return refuse(401, "unauthenticated", "the key is not known");
    }
    if (pathname === "/v1/federations") return json({ federations: [federation.view()] });
    if (pathname === "/v1/federations/digits") return json(federation.view());
    if (pathname === "/v1/federations/digits/parties") return json({ parties: federation.parties() });
    if (pathname === "/v1/federations/digits/rounds") return json({ rounds: federation.rounds() });
    if (pathname === "/v1/federations/digits/events") {
      return json({ events: federation.events.slice(0, 1), last: federation.events.length });
    }
    if (pathname === "/v1/federations/digits/invites") {
      return json(federation.invite(`http://${request.headers.host}/join/digits#ci_${"x".repeat(32)}`));
    }
    const ofGateway = gateway.answer(request.method ?? "GET", pathname, body);
    if (ofGateway !== undefined) return json(ofGateway);
    return refuse(404, "not_found", `there is nothing at ${pathname}`);
  };

  const server = createServer((request, response) => void answer(request, response));
  const sockets = new WebSocketServer({ server, path: "/v1/events" });
  sockets.on("connection", (socket) => {
    socket.once("message", (data) => {
      const { key, federation: wanted, after } = JSON.parse(String(data));
      if (key !== OPERATOR_KEY) return socket.close(1008);
      socket.send(JSON.stringify({ type: "hello" }));
      for (const event of federation.events) if (event.seq > after) socket.send(JSON.stringify(event));
      const listener = { socket, federation: wanted };
      listeners.add(listener);
      socket.once("close", () => listeners.delete(listener));
    });
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const cut = () => {
    for (const socket of sockets.clients) socket.terminate();
  };
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    server,
    palettes: gateway.palettes,
    cut,
    close() {
      clearInterval(timer);
      cut();
      server.closeAllConnections();
      server.close();
    },
  };
}

async function serveFile(dist: string, pathname: string, response: ServerResponse): Promise<void> {
  const wanted = extname(pathname) === "" ? "/index.html" : normalize(pathname);
  const headers = { "content-security-policy": POLICY, "content-type": TYPES[extname(wanted)] ?? "text/plain" };
  try {
    const content = await readFile(join(dist, wanted));
    response.writeHead(200, headers).end(content);
  } catch {
    response.writeHead(404, headers).end("not found");
  }
}

async function text(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { origin } = await startFakeServer({ port: Number(process.env.PORT ?? 7_799), intervalMs: 120 });
  console.log(`${origin}/#${ONCE_TOKEN}`);
}
