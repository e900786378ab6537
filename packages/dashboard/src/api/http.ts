import type { ErrorBody, ErrorCode } from "@concord/protocol";

/** A request that did not work, with a sentence for people. `code` is null where no coordinator answered. */
export class RequestError extends Error {
  override readonly name = "RequestError";
  readonly code: ErrorCode | null;
  readonly status: number;

  constructor(code: ErrorCode | null, status: number, message: string) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

export interface Request {
  readonly key?: string;
  /** Sent as JSON with POST; GET without it. */
  readonly body?: unknown;
  readonly signal?: AbortSignal | undefined;
}

/** One request to the coordinator that served the page. Throws RequestError for every outcome but an answer of 2xx. */
export async function request(path: string, { key, body, signal }: Request = {}): Promise<Response> {
  const response = await answerTo(path, {
    method: body === undefined ? "GET" : "POST",
    headers: {
      accept: "*/*",
      ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(signal === undefined ? {} : { signal }),
    cache: "no-store",
    credentials: "omit",
    redirect: "error",
  });
  if (response.ok) return response;
  const error = errorIn(await response.json().catch(() => undefined));
  throw new RequestError(
    error?.code ?? null,
    response.status,
    error?.message ?? `the coordinator answered ${response.status} without an explanation`,
  );
}

/**
 * The JSON of an answer. The page and the server are of one build and one origin, so the type is taken at its word; the
 * schemas would double the size of the first load.
 */
export async function requestJson<T>(path: string, options: Request = {}): Promise<T> {
  const response = await request(path, options);
  return (await response.json()) as T;
}

async function answerTo(path: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(path, init);
  } catch (cause) {
    if (init.signal?.aborted) throw cause;
    throw new RequestError(null, 0, "the coordinator does not answer; it may have stopped, or the network is down");
  }
}

function errorIn(body: unknown): ErrorBody["error"] | undefined {
  if (typeof body !== "object" || body === null || !("error" in body)) return undefined;
  const { error } = body as Partial<ErrorBody>;
  return typeof error?.message === "string" && typeof error.code === "string" ? error : undefined;
}
