import { once } from "node:events";
import type { IncomingMessage, RequestOptions, ServerResponse } from "node:http";
import { Agent, createServer, request as httpRequest } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";

/**
 * Where a party's traffic can be when a process dies. Each is a point on the link between a party and the coordinator;
 * what comes after it on the wire waits until whoever observes it lets go.
 */
export const MOMENTS = [
  /** The invite has been exchanged for a key, the party has not been told. */
  "joined",
  /** A lease is given, the party does not know it. */
  "leased",
  /** Half of the model has come down. */
  "half down",
  /** All of it has; the party goes to work. */
  "downloaded",
  /** Half of an update has gone up. */
  "half up",
  /** The update is stored, the party has not been told. */
  "uploaded",
  /** The party replies, the coordinator does not know it. */
  "reply due",
  /** The reply is under way. */
  "reply sent",
  /** The coordinator has taken the reply, the party has not been told. */
  "replied",
] as const;
export type Moment = (typeof MOMENTS)[number];

/** Called at each moment; the link goes on when it resolves. */
export type Observer = (moment: Moment) => Promise<void>;

/** A proxy in front of a coordinator for one party. */
export interface ObservedLink {
  readonly origin: string;
  close(): Promise<void>;
}

export async function observedLink(coordinatorPort: () => number, observe: Observer): Promise<ObservedLink> {
  const agent = new Agent({ keepAlive: false });
  const server = createServer((request, response) => {
    pass(request, response).catch(() => response.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;

  async function pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = "", url = "" } = request;
    const body = await buffer(request);
    const to = coordinatorPort();
    const headers = { ...request.headers, host: `127.0.0.1:${to}`, connection: "close" };
    const upstream = httpRequest({ agent, host: "127.0.0.1", port: to, method, path: url, headers } as RequestOptions);
    const answered = once(upstream, "response") as Promise<[IncomingMessage]>;
    answered.catch(() => {});
    // Whoever dies takes the connection along, as without the proxy.
    response.once("close", () => upstream.destroy());
    upstream.once("error", () => response.destroy());

    const isReply = url.endsWith("/reply");
    const isUpload = method === "PUT";
    const isDownload = method === "GET" && url.startsWith("/v1/blobs/");
    if (isReply) await observe("reply due");
    if (isUpload) {
      await new Promise((resolve) => upstream.write(body.subarray(0, body.length / 2), resolve));
      await observe("half up");
      upstream.end(body.subarray(body.length / 2));
    } else {
      upstream.end(body);
    }
    if (isReply) await observe("reply sent");

    const [answer] = await answered;
    const content = await buffer(answer);
    const { statusCode = 502 } = answer;
    const ok = statusCode < 300;
    if (ok && isUpload) await observe("uploaded");
    if (ok && isReply) await observe("replied");
    if (ok && url === "/v1/join") await observe("joined");
    if (ok && url === "/v1/party/work" && isLease(content)) await observe("leased");
    response.writeHead(statusCode, { ...answer.headers, connection: "keep-alive" });
    if (ok && isDownload) {
      response.write(content.subarray(0, content.length / 2));
      await observe("half down");
      response.end(content.subarray(content.length / 2));
      await observe("downloaded");
    } else {
      response.end(content);
    }
  }

  return {
    origin: `http://127.0.0.1:${port}`,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

function isLease(content: Buffer): boolean {
  const { kind } = JSON.parse(content.toString("utf8")) as { kind: string };
  return kind === "train" || kind === "evaluate";
}
