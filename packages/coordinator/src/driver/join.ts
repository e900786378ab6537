import type { JoinRequest, JoinResponse } from "@concord/protocol";
import { ConcordError, fromZod, hashSecret, joinRequestSchema, newSecret } from "@concord/protocol";
import { usableInvite } from "../access/invites.ts";
import type { Context } from "../context.ts";
import type { PartyRecord, Transaction } from "../store/contract.ts";
import type { Live } from "./live.ts";
import { hasEnded, newcomer } from "./live.ts";

/**
 * Exchanges an invite for a party of the federation and its key, all in one transaction. A party that brings a key which
 * is known already has joined with it and lost the answer: it gets the same one again.
 */
export async function join({ journal, clock }: Context, live: Live, request: JoinRequest): Promise<JoinResponse> {
  const parsed = joinRequestSchema.safeParse(request);
  if (!parsed.success) throw fromZod(parsed.error);
  const { federation, invite, name, examples, heldOut, labels, client, key = newSecret("party") } = parsed.data;
  const { spec } = live.record;
  if (labels !== undefined && labels.length !== spec.task.outputs) {
    throw new ConcordError("invalid_argument", `${labels.length} label counts for ${spec.task.outputs} classes`, {
      param: "labels",
    });
  }
  const unfit = live.algorithm.unfit?.({ id: name ?? "guest", examples, ...(labels && { labels }) });
  if (unfit !== undefined) {
    throw new ConcordError("invalid_argument", `${unfit.field} ${unfit.problem}`, { param: unfit.field });
  }
  const now = clock.now();
  const record = await journal.commit(async (tx, emit): Promise<PartyRecord> => {
    const joined = await holderOf(tx, key, federation);
    if (joined !== undefined) return joined;
    const hash = hashSecret(invite);
    const known = usableInvite(await tx.invites.get(hash), federation, now);
    if (hasEnded(live)) {
      throw new ConcordError(
        "failed_precondition",
        `federation "${federation}" has ended; nobody can join it any more`,
      );
    }
    const id = known.party ?? (await freeId(tx, federation, name));
    const record: PartyRecord = {
      federation,
      id,
      name: name ?? id,
      status: "active",
      client,
      examples,
      heldOut,
      labels: labels ?? null,
      joinedAt: now,
    };
    await tx.parties.insert(record);
    await tx.invites.use(hash);
    await tx.keys.insert({ hash: hashSecret(key), role: "party", federation, party: id, once: false, expiresAt: null });
    await emit({ type: "party.joined", federation, party: id, name: record.name, examples, client });
    return record;
  });
  if (!live.parties.has(record.id)) live.parties.set(record.id, newcomer(record, now));
  return { party: record.id, key, federation: { id: federation, spec } };
}

/** The party that has joined with this key. Throws ConcordError `permission_denied` for the key of somebody else. */
async function holderOf(tx: Transaction, key: string, federation: string): Promise<PartyRecord | undefined> {
  const known = await tx.keys.get(hashSecret(key));
  if (known === undefined) return undefined;
  const party = known.federation === federation && known.party !== null ? known.party : undefined;
  const record = party === undefined ? undefined : await tx.parties.get(federation, party);
  if (record !== undefined) return record;
  throw new ConcordError("permission_denied", "this key belongs to another federation; make a new one", {
    param: "key",
  });
}

/** The name as an id, or `guest`, with a number behind it where somebody has it already. */
async function freeId(tx: Transaction, federation: string, name: string | undefined): Promise<string> {
  const stem = name === undefined ? "guest" : idFrom(name);
  for (let n = 1; ; n++) {
    const id = n === 1 && name !== undefined ? stem : `${stem}-${n}`;
    if ((await tx.parties.get(federation, id)) === undefined) return id;
  }
}

function idFrom(name: string): string {
  const id = name
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, 50)
    .replace(/^-+|-+$/g, "");
  return id === "" ? "guest" : id;
}
