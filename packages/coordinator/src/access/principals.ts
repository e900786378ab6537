import type { SessionResponse } from "@concord/protocol";
import { ConcordError, hashSecret, newSecret } from "@concord/protocol";
import type { Clock } from "../clock.ts";
import type { Journal } from "../journal.ts";

/** Who makes a request. An operator may do what a viewer may; a party may touch only what is its own; a tenant only asks. */
export type Principal =
  | { readonly role: "operator" | "viewer" }
  | { readonly role: "party"; readonly federation: string; readonly party: string }
  | { readonly role: "tenant"; readonly tenant: string };

/** Keys and one-time tokens. Secrets are kept as hashes only. */
export interface Principals {
  /** Throws ConcordError `unauthenticated` for an unknown or expired key. */
  authenticate(key: string): Promise<Principal>;
  /** Makes a secret that somebody else holds (the operator's file) count as an operator's key. */
  admitOperator(key: string): Promise<void>;
  /** A token that is good for one key of an operator, within ten minutes. */
  newOneTimeToken(): Promise<string>;
  /** Forgets what was looked up for a key that is taken back. */
  forget(hash: string): void;
  /** A one-time token for a key. Throws ConcordError `unauthenticated`; the token is used up by the first who brings it. */
  redeem(token: string): Promise<SessionResponse>;
}

const TOKEN_LIFE_MS = 10 * 60_000;
/** A page that was not opened for a month asks for a new token. */
const SESSION_LIFE_MS = 30 * 86_400_000;

export function principals(journal: Journal, clock: Clock): Principals {
  // What was looked up once stays true until it expires or is taken back, which comes through `forget`.
  const known = new Map<string, { readonly principal: Principal; readonly expiresAt: number | null }>();
  // A key that is taken back while it is being looked up must not come back with the answer.
  const gone = new Set<string>();
  const refused = (what: string) =>
    new ConcordError("unauthenticated", `this ${what} is unknown or has expired`, { param: "authorization" });

  return {
    async authenticate(key) {
      const hash = hashSecret(key);
      const entry = known.get(hash) ?? (await look(hash));
      if (entry === undefined || gone.has(hash) || (entry.expiresAt !== null && entry.expiresAt <= clock.now()))
        throw refused("key");
      known.set(hash, entry);
      return entry.principal;
    },
    async admitOperator(key) {
      const hash = hashSecret(key);
      await journal.commit(async (tx) => {
        if ((await tx.keys.get(hash)) === undefined) await tx.keys.insert(operatorKey(hash, false, null));
      });
    },
    async newOneTimeToken() {
      const token = newSecret("once");
      const record = operatorKey(hashSecret(token), true, clock.now() + TOKEN_LIFE_MS);
      await journal.commit((tx) => tx.keys.insert(record));
      return token;
    },
    forget(hash) {
      gone.add(hash);
      known.delete(hash);
    },
    async redeem(token) {
      const hash = hashSecret(token);
      const key = newSecret("operator");
      const now = clock.now();
      await journal.commit(async (tx) => {
        const record = await tx.keys.get(hash);
        if (record === undefined || !record.once || (record.expiresAt ?? 0) <= now) throw refused("one-time token");
        await tx.keys.delete(hash);
        await tx.keys.insert(operatorKey(hashSecret(key), false, now + SESSION_LIFE_MS));
      });
      return { key, role: "operator" };
    },
  };

  async function look(hash: string) {
    const { record, tenant } = await journal.read(async (tx) => ({
      record: await tx.keys.get(hash),
      tenant: await tx.tenants.ofKey(hash),
    }));
    if (record === undefined || record.once) return undefined;
    const { role, federation, party, expiresAt } = record;
    if (role === "tenant") return tenant && { principal: { role, tenant: tenant.name }, expiresAt };
    if (role !== "party") return { principal: { role }, expiresAt };
    if (federation === null || party === null) return undefined;
    return { principal: { role, federation, party }, expiresAt };
  }
}

function operatorKey(hash: string, once: boolean, expiresAt: number | null) {
  return { hash, role: "operator", federation: null, party: null, once, expiresAt } as const;
}
