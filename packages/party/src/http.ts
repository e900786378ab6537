import { ConcordError, fromZod } from "@concord/protocol";
import type { z } from "zod";

export interface HttpOptions {
  /** Such as `https://concord.example:7700`. */
  readonly origin: string;
  /** The party's key; requests without one are for those who hold an invite. */
  readonly key?: string | undefined;
  /** In place of the host's `fetch`, for tests and for hosts that go through a proxy. */
  readonly fetch?: typeof fetch | undefined;
}

export interface Exchange {
  readonly method: "GET" | "POST" | "PUT";
  /** Path on the origin. */
  readonly path: string;
  readonly body?: { readonly type: string; readonly content: Blob };
  /** The longest body that is accepted, in bytes. */
  readonly limit: number;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** Bytes of the bodies sent and received so far; what the headers add is metered by the coordinator. */
export interface BodyBytes {
  readonly up: number;
  readonly down: number;
}

export interface Http {
  /** Makes one request and returns the body of its answer. Throws ConcordError for every other outcome. */
  send(exchange: Exchange): Promise<Uint8Array<ArrayBuffer>>;
  readonly bytes: BodyBytes;
}

/**
 * HTTP as the protocol uses it: a bearer key, bodies of limited size, a time limit, no redirects, and every failure as a
 * ConcordError. What got no answer is `unavailable`, what took too long `deadline_exceeded`.
 */
export function http({ origin, key, fetch: given }: HttpOptions): Http {
  // Called as a plain function: a browser's fetch refuses any other `this`.
  const request = given ?? ((input: string, init: RequestInit) => fetch(input, init));
  const bytes = { up: 0, down: 0 };
  return {
    bytes,
    async send({ method, path, body, limit, timeoutMs, signal }) {
      const deadline = AbortSignal.timeout(timeoutMs);
      const what = `${method} ${path}`;
      try {
        const response = await request(new URL(path, origin).href, {
          method,
          headers: {
            ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
            ...(body === undefined ? {} : { "content-type": body.type }),
          },
          // A Blob, because Chromium takes eight times as long to send a Uint8Array.
          ...(body === undefined ? {} : { body: body.content }),
          redirect: "manual",
          credentials: "omit",
          cache: "no-store",
          referrerPolicy: "no-referrer",
          signal: signal === undefined ? deadline : AbortSignal.any([signal, deadline]),
        });
        bytes.up += body?.content.size ?? 0;
        refuseRedirect(response, what);
        const answer = await readBody(response, response.ok ? limit : ERROR_LIMIT, what);
        bytes.down += answer.length;
        if (!response.ok) throw ConcordError.fromBody(response.status, parseJson(answer));
        return answer;
      } catch (error) {
        signal?.throwIfAborted();
        if (error instanceof ConcordError) throw error;
        if (deadline.aborted) {
          throw new ConcordError("deadline_exceeded", `${what}: no answer within ${timeoutMs / 1000} s`);
        }
        throw new ConcordError("unavailable", `cannot reach ${origin}: ${explain(error)}`, { cause: error });
      }
    },
  };
}

const ERROR_LIMIT = 64 * 1024;
const JSON_LIMIT = 4 * 1024 * 1024;
const JSON_TIMEOUT_MS = 30_000;

/** A request with a JSON body (GET where it has none) whose JSON answer must satisfy the schema. */
export async function sendJson<T>(
  over: Http,
  path: string,
  body: unknown,
  schema: z.ZodType<T>,
  options: { readonly signal?: AbortSignal | undefined; readonly timeoutMs?: number } = {},
): Promise<T> {
  const answer = await over.send({
    method: "POST",
    path,
    body: { type: "application/json", content: new Blob([JSON.stringify(body)]) },
    limit: JSON_LIMIT,
    timeoutMs: options.timeoutMs ?? JSON_TIMEOUT_MS,
    signal: options.signal,
  });
  const parsed = schema.safeParse(parseJson(answer));
  if (parsed.success) return parsed.data;
  const { message } = fromZod(parsed.error, `the answer to POST ${path}`);
  throw new ConcordError(
    "failed_precondition",
    `${message}; the coordinator may speak another version of the protocol`,
  );
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}

/** A key must not travel to an address that an answer names, so redirects are not followed. */
function refuseRedirect(response: Response, what: string): void {
  const redirected = response.type === "opaqueredirect" || (response.status >= 300 && response.status < 400);
  if (redirected) throw new ConcordError("failed_precondition", `${what}: redirects are not followed`);
}

/** The body, read as it comes, so that one over the limit is dropped before it fills the memory. */
async function readBody(response: Response, limit: number, what: string): Promise<Uint8Array<ArrayBuffer>> {
  const tooLong = () => new ConcordError("payload_too_large", `the answer to ${what} has more than ${limit} bytes`);
  const announced = Number(response.headers.get("content-length") ?? 0);
  if (announced > limit) {
    await response.body?.cancel();
    throw tooLong();
  }
  if (response.body === null) return new Uint8Array();
  const chunks: Uint8Array[] = [];
  let length = 0;
  const reader = response.body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    length += value.length;
    if (length > limit) {
      await reader.cancel();
      throw tooLong();
    }
    chunks.push(value);
  }
  return joined(chunks, length);
}

function joined(chunks: readonly Uint8Array[], length: number): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}

/** What a failed fetch says: in Node the reason is in the cause, and a refused connection may be several errors in one. */
function explain(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return explain(error.errors[0]);
  if (error instanceof Error) return error.cause instanceof Error ? explain(error.cause) : error.message || error.name;
  return String(error);
}
