import {
  API,
  type BlobRef,
  blobId,
  type Catalogue,
  ConcordError,
  catalogueSchema,
  heartbeatResponseSchema,
  type InspectResponse,
  type Invite,
  inspectResponseSchema,
  type JoinRequest,
  type JoinResponse,
  joinResponseSchema,
  type ReplyRequest,
  type ReplyResponse,
  replyResponseSchema,
  TENSOR_MEDIA_TYPE,
  type Work,
  workSchema,
} from "@concord/protocol";
import { z } from "zod";
import type { BodyBytes, Exchange, HttpOptions } from "./http.ts";
import { http, sendJson } from "./http.ts";
import type { RetryPolicy } from "./retry.ts";
import { DEFAULT_RETRY, retrying } from "./retry.ts";

export interface ClientOptions extends HttpOptions {
  /** Five attempts unless said otherwise. */
  readonly retry?: Partial<RetryPolicy>;
}

/** What a party says to its coordinator. Every method rejects with ConcordError, or with the reason of its signal. */
export interface CoordinatorClient {
  /** What an invite leads to; it is not used up. */
  inspect(invite: Invite, signal?: AbortSignal): Promise<InspectResponse>;
  /** The operator's examples for those who bring none: an IDX file. */
  sample(invite: Invite, part: "images" | "labels", signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>>;
  /** What there is to rate and to recommend. */
  catalogue(invite: Invite, signal?: AbortSignal): Promise<Catalogue>;
  /** The current model, for one who is only invited: safetensors of so many bytes at most. */
  invitedModel(invite: Invite, limit: number, signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>>;
  /** The same for a party. */
  currentModel(limit: number, signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>>;
  /** Exchanges an invite for a party's own key. */
  join(request: JoinRequest, signal?: AbortSignal): Promise<JoinResponse>;
  /** What to do now; the coordinator may hold the question for `waitSeconds`. */
  work(waitSeconds: number, signal?: AbortSignal): Promise<Work>;
  /** Renews a lease. Made once: the next heartbeat is its retry. */
  heartbeat(lease: string, signal?: AbortSignal): Promise<void>;
  /** The bytes of a blob, which have the length and the hash that the reference says. */
  download(ref: BlobRef, signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>>;
  /** Sends safetensors bytes, which the reference then names. */
  upload(bytes: Uint8Array<ArrayBuffer>, signal?: AbortSignal): Promise<BlobRef>;
  /** Hands in the result of a lease. May be repeated: the coordinator counts it once. */
  reply(lease: string, reply: ReplyRequest, signal?: AbortSignal): Promise<ReplyResponse>;
  setStatus(status: "active" | "paused" | "left", signal?: AbortSignal): Promise<void>;
  /** Bytes of all bodies so far, repeated ones included. */
  readonly bytes: BodyBytes;
}

/** What an upload or download may take beyond what a link of 32 KB/s needs. */
const BLOB_SLACK_MS = 60_000;
const SLOWEST_BYTES_PER_MS = 32;
const SAMPLE_LIMIT = 64 * 1024 * 1024;

/** A client of one coordinator, for a party (with its key) or for somebody with an invite (without one). */
export function coordinatorClient({ retry, ...options }: ClientOptions): CoordinatorClient {
  const over = http(options);
  const policy = { ...DEFAULT_RETRY, ...retry };
  const post = <T>(path: string, body: unknown, schema: z.ZodType<T>, signal?: AbortSignal, timeoutMs = 30_000) =>
    retrying(() => sendJson(over, `${API}${path}`, body, schema, { signal, timeoutMs }), policy, signal);

  const fetchModel = (what: Pick<Exchange, "method" | "path" | "body">, limit: number, signal?: AbortSignal) =>
    retrying(() => over.send({ ...what, limit, timeoutMs: blobTimeout(limit), signal }), policy, signal);

  return {
    bytes: over.bytes,
    inspect: ({ federation, token }, signal) =>
      post("/invites/inspect", { federation, invite: token }, inspectResponseSchema, signal),
    sample: ({ federation, token }, part, signal) =>
      retrying(
        () =>
          over.send({
            method: "POST",
            path: `${API}/invites/sample/${part}`,
            body: { type: "application/json", content: new Blob([JSON.stringify({ federation, invite: token })]) },
            limit: SAMPLE_LIMIT,
            timeoutMs: blobTimeout(SAMPLE_LIMIT),
            signal,
          }),
        policy,
        signal,
      ),
    catalogue: ({ federation, token }, signal) =>
      post("/invites/catalogue", { federation, invite: token }, catalogueSchema, signal, 60_000),
    invitedModel: ({ federation, token }, limit, signal) => {
      const content = new Blob([JSON.stringify({ federation, invite: token })]);
      return fetchModel(
        { method: "POST", path: `${API}/invites/model`, body: { type: "application/json", content } },
        limit,
        signal,
      );
    },
    currentModel: (limit, signal) => fetchModel({ method: "GET", path: `${API}/party/model` }, limit, signal),
    join: (request, signal) => post("/join", request, joinResponseSchema, signal),
    work: (waitSeconds, signal) =>
      post("/party/work", { waitSeconds }, workSchema, signal, Math.ceil(30_000 + 1_000 * waitSeconds)),
    async heartbeat(lease, signal) {
      const path = `${API}/party/leases/${encodeURIComponent(lease)}/heartbeat`;
      await sendJson(over, path, {}, heartbeatResponseSchema, { signal, timeoutMs: 15_000 });
    },
    download: (ref, signal) =>
      retrying(
        async () => {
          const bytes = await over.send({
            method: "GET",
            path: `${API}/blobs/${ref.sha256}`,
            limit: ref.bytes,
            timeoutMs: blobTimeout(ref.bytes),
            signal,
          });
          await verify(bytes, ref);
          return bytes;
        },
        policy,
        signal,
      ),
    async upload(bytes, signal) {
      const ref = { sha256: await blobId(bytes), bytes: bytes.length };
      await retrying(
        () =>
          over.send({
            method: "PUT",
            path: `${API}/blobs/${ref.sha256}`,
            body: { type: TENSOR_MEDIA_TYPE, content: new Blob([bytes]) },
            limit: 64 * 1024,
            timeoutMs: blobTimeout(ref.bytes),
            signal,
          }),
        policy,
        signal,
      );
      return ref;
    },
    reply: (lease, reply, signal) =>
      post(`/party/leases/${encodeURIComponent(lease)}/reply`, reply, replyResponseSchema, signal),
    async setStatus(status, signal) {
      await post("/party/status", { status }, z.unknown(), signal);
    },
  };
}

/** A body cut short or damaged on its way may come whole the next time, so it counts as a failure that passes. */
async function verify(bytes: Uint8Array<ArrayBuffer>, ref: BlobRef): Promise<void> {
  if (bytes.length !== ref.bytes) {
    throw new ConcordError("unavailable", `blob ${ref.sha256}: ${bytes.length} of ${ref.bytes} bytes arrived`);
  }
  const hash = await blobId(bytes);
  if (hash !== ref.sha256) {
    throw new ConcordError("unavailable", `blob ${ref.sha256}: the bytes that arrived have the hash ${hash}`);
  }
}

function blobTimeout(bytes: number): number {
  return Math.ceil(BLOB_SLACK_MS + bytes / SLOWEST_BYTES_PER_MS);
}
