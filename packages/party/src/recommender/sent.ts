import { decodeSafetensors, flatten, payloadBytes, type Tensor } from "@concord/engine";

/** One tensor of an update. */
export interface SentPart {
  readonly tensor: string;
  readonly shape: readonly number[];
  readonly bytes: number;
  /** "rows": of the items in `index`; "index": which items these are; "dense": of all. */
  readonly kind: "rows" | "index" | "dense";
}

/** A message that left the device. */
export interface SentMessage {
  /** Counted from 1 over those that are kept. */
  readonly number: number;
  readonly kind: MessageKind;
  /** When: milliseconds since 1970. */
  readonly time: number;
  /** Bytes of the body; a request's headers come on top. */
  readonly bytes: number;
  /** The body of a small message, with the secrets left out. */
  readonly text?: string;
  /** What an update holds. */
  readonly parts?: readonly SentPart[];
  /** Columns of the catalogue that an update names. */
  readonly items?: readonly number[];
}

export type MessageKind = "update" | "reply" | "join" | "status" | "invite" | "model" | "work" | "heartbeat";

/** All that left the device: the latest messages, and the sums over all of them. */
export interface SentLog {
  /** The latest of those that say something, newest first; questions and heartbeats are only counted. */
  readonly messages: readonly SentMessage[];
  readonly totals: Readonly<Partial<Record<MessageKind, { readonly count: number; readonly bytes: number }>>>;
  /** Bytes of the tensors of updates, and of the numbers of their rows, as the coordinator meters them. */
  readonly payload: number;
  readonly index: number;
}

export const NOTHING_SENT: SentLog = { messages: [], totals: {}, payload: 0, index: 0 };

type Unnumbered = Omit<SentMessage, "number">;

/** So many messages are kept whole. */
const LATEST = 50;

/** Said often and always the same. */
const COUNTED: ReadonlySet<MessageKind> = new Set(["work", "heartbeat", "model"]);

/** The log after one more message. */
export function addSent(log: SentLog, unnumbered: Unnumbered): SentLog {
  const message = { ...unnumbered, number: (log.messages[0]?.number ?? 0) + 1 };
  const { kind, bytes, parts = [] } = message;
  const { count, bytes: before } = log.totals[kind] ?? { count: 0, bytes: 0 };
  const sum = (of: readonly SentPart[]) => of.reduce((total, part) => total + part.bytes, 0);
  const counted = COUNTED.has(kind);
  return {
    messages: counted ? log.messages : [message, ...log.messages].slice(0, LATEST),
    totals: { ...log.totals, [kind]: { count: count + 1, bytes: before + bytes } },
    payload: log.payload + sum(parts.filter((part) => part.kind !== "index")),
    index: log.index + sum(parts.filter((part) => part.kind === "index")),
  };
}

/** A `fetch` that tells of every request it makes, answered or not, from the very bytes that it sends. */
export function tellingFetch(request: typeof fetch, tell: (message: Unnumbered) => void): typeof fetch {
  return async (input, init) => {
    const body = init?.body;
    if (body !== undefined && body !== null && !(body instanceof Blob)) {
      throw new TypeError("only bodies that can be read twice are sent");
    }
    const bytes = new Uint8Array((await body?.arrayBuffer()) ?? new ArrayBuffer(0));
    tell(messageOf(init?.method ?? "GET", new URL(String(input)).pathname, bytes, Date.now()));
    return await request(input, init);
  };
}

/** What a request with this body is. */
export function messageOf(method: string, path: string, body: Uint8Array, time: number): Unnumbered {
  const kind = kindOf(method, path);
  const base = { kind, time, bytes: body.length };
  if (kind !== "update") return body.length === 0 ? base : { ...base, text: withoutSecrets(body) };
  const { tensors } = decodeSafetensors(body);
  const leaves = flatten(tensors);
  const index = leaves.find(([path]) => path === "items.index")?.[1];
  const parts = leaves.map(([tensor, leaf]) => partOf(tensor, leaf, index !== undefined));
  return { ...base, parts, ...(index !== undefined && { items: Array.from(index.data) }) };
}

function kindOf(method: string, path: string): MessageKind {
  if (method === "PUT") return "update";
  const last = path.split("/").at(-1);
  if (path.includes("/invites/")) return "invite";
  if (last === "reply" || last === "heartbeat" || last === "work" || last === "join" || last === "status") return last;
  return "model";
}

function partOf(tensor: string, leaf: Tensor, sparse: boolean): SentPart {
  const isRows = tensor === "items.weight" || tensor === "items.bias";
  const kind = tensor === "items.index" ? "index" : isRows && sparse ? "rows" : "dense";
  return { tensor, shape: leaf.shape, bytes: payloadBytes(leaf), kind };
}

/** Keys and invites are bytes that left the device, but they open doors: the log does not keep them. */
function withoutSecrets(body: Uint8Array): string {
  return new TextDecoder()
    .decode(body)
    .replaceAll(/\bc[a-z0-9]_[A-Za-z0-9_-]{32}/g, (secret) => `${secret.slice(0, 3)}…`);
}
