import type { SessionResponse } from "@concord/protocol";
import { exchangeToken } from "../api/federations.ts";
import { RequestError } from "../api/http.ts";
import { createStore } from "../state/store.ts";

export type Role = SessionResponse["role"];

/** Who looks at the page. */
export type Session =
  | { readonly kind: "opening" }
  | { readonly kind: "open"; readonly key: string; readonly role: Role }
  | { readonly kind: "none"; readonly problem: string | null };

const STORED = "concord.session";
const TOKEN = /^#?(c1_[A-Za-z0-9_-]+)$/;
const KEY = /^c([ov])_[A-Za-z0-9_-]+$/;

/** The session of this tab. */
export const session = createStore<Session>({ kind: "opening" });

/**
 * Opens the session: with the one-time token of the address if there is one, otherwise with the key that this tab
 * keeps. The token leaves the address before anything else happens, so that it is in no history and no screenshot.
 */
export async function openSession(): Promise<void> {
  const token = takeToken();
  if (token !== null) return enterWith(token);
  const stored = readStored();
  session.update(() => stored ?? { kind: "none", problem: null });
}

/** Opens the session with what somebody pasted: a key, a one-time token, or the address that holds one. */
export async function enterWith(pasted: string): Promise<void> {
  const text = pasted.trim().replace(/^.*#/, "");
  const token = TOKEN.exec(text)?.[1];
  if (token !== undefined) return enterWithToken(token);
  const kind = KEY.exec(text)?.[1];
  if (kind === undefined) {
    const problem = "That is neither a key (co_… or cv_…) nor an address with a one-time token (#c1_…).";
    session.update(() => ({ kind: "none", problem }));
    return;
  }
  open(text, kind === "o" ? "operator" : "viewer");
}

/** Ends the session of this tab; `problem` says why if it was not the reader's wish. */
export function closeSession(problem: string | null = null): void {
  sessionStorage.removeItem(STORED);
  session.update(() => ({ kind: "none", problem }));
}

async function enterWithToken(token: string): Promise<void> {
  session.update(() => ({ kind: "opening" }));
  try {
    const { key, role } = await exchangeToken(token);
    open(key, role);
  } catch (error) {
    const stored = readStored();
    session.update(() => stored ?? { kind: "none", problem: problemOf(error) });
  }
}

function open(key: string, role: Role): void {
  sessionStorage.setItem(STORED, JSON.stringify({ key, role }));
  session.update(() => ({ kind: "open", key, role }));
}

function problemOf(error: unknown): string {
  if (!(error instanceof RequestError) || error.code === null) return "The coordinator does not answer.";
  const used = error.code === "gone" || error.code === "unauthenticated" || error.code === "not_found";
  return used
    ? "This address has been used already: its token works once. Run `concord start` again for a fresh one, or paste a key."
    : `The coordinator refused the token: ${error.message}.`;
}

function takeToken(): string | null {
  const token = TOKEN.exec(location.hash)?.[1];
  if (token === undefined) return null;
  history.replaceState(history.state, "", location.pathname + location.search);
  return token;
}

function readStored(): Session | null {
  try {
    const { key, role } = JSON.parse(sessionStorage.getItem(STORED) ?? "null") as { key?: unknown; role?: unknown };
    if (typeof key !== "string" || (role !== "operator" && role !== "viewer")) return null;
    return { kind: "open", key, role };
  } catch {
    return null;
  }
}
