import { ConcordError } from "@concord/protocol";
import type { InviteRecord } from "../store/contract.ts";

/** The invite, if it may be used now. Throws ConcordError `not_found` for an unknown one, `gone` for a used or expired one. */
export function usableInvite(invite: InviteRecord | undefined, federation: string, now: number): InviteRecord {
  const wrong = (code: "not_found" | "gone", message: string) => new ConcordError(code, message, { param: "invite" });
  if (invite === undefined || invite.federation !== federation) {
    throw wrong("not_found", `federation "${federation}" knows no such invite; ask for the whole link`);
  }
  if (invite.expiresAt <= now) {
    throw wrong("gone", `this invite expired at ${new Date(invite.expiresAt).toISOString()}; ask for a new one`);
  }
  if (invite.usesLeft < 1) throw wrong("gone", "this invite has been used; ask for a new one");
  return invite;
}
