import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import { ConcordError } from "./errors.ts";
import { federationIdSchema } from "./messages.ts";

/** Random bytes of an invite, a key or a one-time token: 192 bits. */
const SECRET_BYTES = 24;

/**
 * What a secret is for is readable from its first letters, so that one in the wrong place is recognised. "own" is one that its owner
 * never shows to anybody.
 */
export type SecretKind = "invite" | "party" | "operator" | "viewer" | "tenant" | "once" | "own";

const PREFIX: Readonly<Record<SecretKind, string>> = {
  invite: "ci_",
  party: "cp_",
  operator: "co_",
  viewer: "cv_",
  tenant: "ct_",
  once: "c1_",
  own: "cs_",
};

/** A fresh secret from the host's cryptographic randomness. */
export function newSecret(kind: SecretKind): string {
  const bytes = crypto.getRandomValues(new Uint8Array(SECRET_BYTES));
  return PREFIX[kind] + base64Url(bytes);
}

/** What a store keeps of a secret: the hex SHA-256. The secrets are random, so no slow hash is needed. */
export function hashSecret(secret: string): string {
  return bytesToHex(sha256(new TextEncoder().encode(secret)));
}

/** The link that invites a party. The token is in the fragment, which browsers do not send to servers. */
export function inviteUrl(origin: string, federation: string, token: string): string {
  return `${origin}/join/${encodeURIComponent(federation)}#${token}`;
}

export interface Invite {
  readonly origin: string;
  readonly federation: string;
  readonly token: string;
}

/** Reads an invite link. Throws ConcordError `invalid_argument` for anything else. */
export function parseInvite(link: string): Invite {
  const wrong = (why: string) =>
    new ConcordError("invalid_argument", `not an invite link: ${why}; expected http(s)://HOST/join/FEDERATION#ci_…`, {
      param: "invite",
    });
  let url: URL;
  try {
    url = new URL(link);
  } catch {
    throw wrong("it is no URL");
  }
  if (url.protocol !== "http:" && url.protocol !== "https:") throw wrong(`its protocol is ${url.protocol}`);
  if (url.username !== "" || url.password !== "") throw wrong("it holds a user name or password");
  if (url.search !== "") throw wrong("it holds a query");
  const federation = /^\/join\/([^/]+)$/.exec(url.pathname)?.[1];
  if (federation === undefined) throw wrong(`its path is ${url.pathname}`);
  if (!federationIdSchema.safeParse(federation).success) throw wrong(`"${federation}" is no federation`);
  const token = url.hash.slice(1);
  if (!/^ci_[A-Za-z0-9_-]{32}$/.test(token)) throw wrong("its token is missing or damaged");
  return { origin: url.origin, federation, token };
}

function base64Url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}
