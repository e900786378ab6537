import type { IncomingMessage } from "node:http";
import { Agent as HttpAgent, request as httpRequest } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";

interface Post {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly timeoutMs: number;
  /** More bytes than this end the request. */
  readonly mostBytes: number;
  readonly signal: AbortSignal;
}

interface Posted {
  readonly status: number;
  /** Empty unless the status is a success: what an error says is nobody's business. */
  readonly text: string;
}

/** Why there was no answer. */
export class PostError extends Error {
  override readonly name = "PostError";
  readonly why: "timeout" | "too large" | "unreachable" | "given up";

  constructor(why: PostError["why"], cause?: unknown) {
    super(why, { cause });
    this.why = why;
  }
}

export interface Poster {
  post(post: Post): Promise<Posted>;
  close(): void;
}

/**
 * Posts JSON over connections that stay open. It takes a third of the time of `fetch` for small answers, which counts where
 * each request asks for eight, and follows no redirect.
 */
export function poster(parallel: number): Poster {
  const options = { keepAlive: true, maxSockets: parallel, maxFreeSockets: parallel };
  const agents = { "http:": new HttpAgent(options), "https:": new HttpsAgent(options) };

  function once(post: Post): Promise<Posted> {
    const { url, headers, body, timeoutMs, mostBytes, signal } = post;
    return new Promise((resolve, reject) => {
      const secure = url.protocol === "https:";
      const request = (secure ? httpsRequest : httpRequest)(url, {
        method: "POST",
        agent: secure ? agents["https:"] : agents["http:"],
        headers: { ...headers, "content-length": Buffer.byteLength(body) },
      });
      const fail = (error: PostError) => {
        settle();
        reject(error);
        request.destroy();
      };
      const giveUp = () => fail(new PostError("given up"));
      const timer = setTimeout(() => fail(new PostError("timeout")), timeoutMs);
      const settle = () => {
        clearTimeout(timer);
        signal.removeEventListener("abort", giveUp);
      };
      if (signal.aborted) return giveUp();
      signal.addEventListener("abort", giveUp, { once: true });
      request.on("error", (error) => fail(new PostError("unreachable", { error, reused: request.reusedSocket })));
      request.on("response", (response) => {
        read(response, mostBytes).then((text) => {
          settle();
          resolve({ status: response.statusCode ?? 0, text });
        }, fail);
      });
      request.end(body);
    });
  }

  return {
    async post(post) {
      try {
        return await once(post);
      } catch (error) {
        // A connection may close while it lies idle, just as it is taken again; nothing was answered then.
        const cause = error instanceof PostError ? error.cause : undefined;
        if (typeof cause === "object" && cause !== null && "reused" in cause && cause.reused === true)
          return once(post);
        throw error;
      }
    },
    close() {
      for (const agent of Object.values(agents)) agent.destroy();
    },
  };
}

function read(response: IncomingMessage, mostBytes: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const isFine = response.statusCode !== undefined && response.statusCode >= 200 && response.statusCode < 300;
    const chunks: Buffer[] = [];
    let size = 0;
    response.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size > mostBytes) reject(new PostError("too large"));
      else if (isFine) chunks.push(chunk);
    });
    response.on("end", () => resolve(Buffer.concat(chunks, isFine ? size : 0).toString("utf8")));
    response.on("error", (error) => reject(new PostError("unreachable", { error })));
    response.on("close", () => {
      if (!response.complete) reject(new PostError("unreachable"));
    });
  });
}
