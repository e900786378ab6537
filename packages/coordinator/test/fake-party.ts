import type { Tensor, Tree } from "@concord/engine";
import { encodeSafetensors, float32 } from "@concord/engine";
import type { BlobRef, JoinRequest, JoinResponse, ReplyRequest, ReplyResponse, Work } from "@concord/protocol";
import { blobId, ConcordError, parseInvite, TENSOR_MEDIA_TYPE } from "@concord/protocol";
import type { Coordinator } from "../src/index.ts";

/** A party that sends what a test tells it to, over real HTTP. */
export interface FakeParty {
  readonly id: string;
  readonly key: string;
  work(waitSeconds?: number): Promise<Work>;
  download(ref: BlobRef): Promise<Uint8Array<ArrayBuffer>>;
  /** Sends bytes under their hash, or under another name. */
  upload(bytes: Uint8Array<ArrayBuffer>, sha256?: string): Promise<BlobRef>;
  reply(lease: string, body: ReplyRequest): Promise<ReplyResponse>;
  heartbeat(lease: string): Promise<unknown>;
  setStatus(status: "active" | "paused" | "left"): Promise<unknown>;
  request(method: string, path: string, body?: unknown): Promise<Response>;
  /** Downloads, uploads the model filled with `value`, and replies. */
  train(work: Work, value: number, loss?: number): Promise<ReplyResponse>;
  evaluate(work: Work, correct: number, count: number): Promise<ReplyResponse>;
}

export type Lease<K extends "train" | "evaluate"> = Extract<Work, { kind: K }>;

export function leaseOf<K extends "train" | "evaluate">(work: Work, kind: K): Lease<K> {
  if (work.kind !== kind) throw new Error(`expected a lease to ${kind}, got ${JSON.stringify(work)}`);
  return work as Lease<K>;
}

/** The tensors of softmax regression on 4 inputs and 3 classes, all elements alike. */
export function constantModel(value: number): Tree<Tensor> {
  return {
    fc1: { weight: float32([4, 3], Array(12).fill(value)), bias: float32([3], Array(3).fill(value)) },
  };
}

export async function invite(coordinator: Coordinator, federation: string, party: string): Promise<string> {
  const { url } = await coordinator.createInvite(federation, { party });
  return parseInvite(url).token;
}

export async function joinAs(
  coordinator: Coordinator,
  federation: string,
  party: string,
  how: Partial<JoinRequest> = {},
): Promise<FakeParty> {
  const request = { federation, invite: await invite(coordinator, federation, party), client: "test" };
  const body = { ...request, examples: 1, heldOut: 10, ...how };
  const joined = await json<JoinResponse>(await send(coordinator.url, "POST", "/v1/join", body));
  return fakeParty(() => coordinator.url, joined.party, joined.key);
}

/** A party whose coordinator may move, as it does when a test starts it again. */
export function fakeParty(url: () => string, id: string, key: string): FakeParty {
  const request = (method: string, path: string, body?: unknown) => send(url(), method, path, body, key);
  const post = async <T>(path: string, body: unknown) => json<T>(await request("POST", path, body));
  const party: FakeParty = {
    id,
    key,
    request,
    work: (waitSeconds = 5) => post<Work>("/v1/party/work", { waitSeconds }),
    async download({ sha256 }) {
      const response = await request("GET", `/v1/blobs/${sha256}`);
      if (!response.ok) throw ConcordError.fromBody(response.status, await response.json());
      return new Uint8Array(await response.arrayBuffer());
    },
    async upload(bytes, sha256) {
      const name = sha256 ?? (await blobId(bytes));
      return json<BlobRef>(await request("PUT", `/v1/blobs/${name}`, bytes));
    },
    reply: (lease, body) => post(`/v1/party/leases/${lease}/reply`, body),
    heartbeat: (lease) => post(`/v1/party/leases/${lease}/heartbeat`, {}),
    setStatus: (status) => post("/v1/party/status", { status }),
    async train(work, value, loss = 0.5) {
      const { lease } = leaseOf(work, "train");
      await party.download(lease.model);
      const update = await party.upload(encodeSafetensors(constantModel(value)));
      return party.reply(lease.id, { kind: "train", update, loss });
    },
    async evaluate(work, correct, count) {
      const { lease } = leaseOf(work, "evaluate");
      await party.download(lease.model);
      const evaluation = { accuracy: { sum: correct, count }, loss: { sum: count / 2, count } };
      return party.reply(lease.id, { kind: "evaluate", evaluation });
    },
  };
  return party;
}

/** A request with a JSON body, or with tensors. */
export function send(url: string, method: string, path: string, body?: unknown, key?: string): Promise<Response> {
  const headers: Record<string, string> = {};
  if (key !== undefined) headers.authorization = `Bearer ${key}`;
  if (body === undefined) return fetch(url + path, { method, headers });
  const tensors = body instanceof Uint8Array;
  headers["content-type"] = tensors ? TENSOR_MEDIA_TYPE : "application/json";
  return fetch(url + path, {
    method,
    headers,
    body: tensors ? new Blob([body as Uint8Array<ArrayBuffer>]) : JSON.stringify(body),
  });
}

export async function json<T>(response: Response): Promise<T> {
  const body: unknown = await response.json();
  if (!response.ok) throw ConcordError.fromBody(response.status, body);
  return body as T;
}
