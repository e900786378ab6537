import type { InspectResponse, InviteRequest, InviteResponse } from "@concord/protocol";
import { ConcordError, fromZod, hashSecret, inviteRequestSchema, inviteUrl, newSecret } from "@concord/protocol";
import type { Context } from "../context.ts";
import type { Driver } from "../driver/driver.ts";
import { hasEnded } from "../driver/live.ts";
import type { GuestSample, SampleFiles } from "../sample.ts";
import type { InviteRecord } from "../store/contract.ts";

/** Makes an invite. Throws ConcordError `failed_precondition` for a federation that has ended or a party that is there. */
export async function createInvite(
  { journal, clock }: Context,
  { live }: Driver,
  origin: string,
  request: InviteRequest,
): Promise<InviteResponse> {
  const parsed = inviteRequestSchema.safeParse(request);
  if (!parsed.success) throw fromZod(parsed.error);
  const { uses, expiresInSeconds, party } = parsed.data;
  const federation = live.record.id;
  if (hasEnded(live)) throw new ConcordError("failed_precondition", `federation "${federation}" has ended`);
  if (party !== undefined && live.parties.has(party)) {
    throw new ConcordError("failed_precondition", `"${party}" has joined already`, { param: "party" });
  }
  if (party !== undefined && uses !== 1) {
    throw new ConcordError("invalid_argument", "an invite for a certain party serves once", { param: "uses" });
  }
  const token = newSecret("invite");
  const until = clock.now() + 1000 * expiresInSeconds;
  const expiresAt = new Date(until).toISOString();
  await journal.commit(async (tx, emit) => {
    const hash = hashSecret(token);
    await tx.invites.insert({ hash, federation, party: party ?? null, usesLeft: uses, expiresAt: until });
    await emit({ type: "invite.created", federation, expiresAt, uses });
  });
  return { url: inviteUrl(origin, federation, token), expiresAt };
}

/** What an invite leads to; it is not used up. Throws as `usableInvite`. */
export async function inspectInvite(
  { journal, clock }: Context,
  { live }: Driver,
  token: string,
  sample: boolean,
): Promise<InspectResponse> {
  const { id, spec, status, round } = live.record;
  const record = await journal.read((tx) => tx.invites.get(hashSecret(token)));
  const { expiresAt } = usableInvite(record, id, clock.now());
  const parties = [...live.parties.values()].filter(({ record }) => record.status !== "left").length;
  return { federation: { id, spec }, status, parties, round, expiresAt: new Date(expiresAt).toISOString(), sample };
}

/** Throws as `usableInvite` for one that may not be used now. It is not used up. */
export async function checkInvite({ journal, clock }: Context, { live }: Driver, token: string): Promise<void> {
  usableInvite(await journal.read((tx) => tx.invites.get(hashSecret(token))), live.record.id, clock.now());
}

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

/** The examples that a guest with this invite may train on: each gets its own, the same ones every time it asks. */
export async function invitedSample(
  { journal, clock }: Context,
  { live }: Driver,
  token: string,
  sample: GuestSample | undefined,
): Promise<SampleFiles> {
  const hash = hashSecret(token);
  usableInvite(await journal.read((tx) => tx.invites.get(hash)), live.record.id, clock.now());
  if (sample === undefined) throw new ConcordError("not_found", "this coordinator offers no examples; bring your own");
  return sample(hash);
}
