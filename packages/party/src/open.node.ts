import { join as joinPath } from "node:path";
import type { Engine } from "@concord/engine";
import { engineFor, removeUnfinished } from "@concord/engine/node";
import type { FederationSpec } from "@concord/federation";
import type { Invite } from "@concord/protocol";
import { ConcordError, newSecret, parseInvite } from "@concord/protocol";
import { type CoordinatorClient, coordinatorClient } from "./client.ts";
import { lockFolder } from "./folder-lock.node.ts";
import {
  forgetIdentity,
  loadIdentity,
  loadJoining,
  makePrivateFolder,
  saveIdentity,
  saveJoining,
} from "./identity.node.ts";
import type { Identity, Joining } from "./identity.ts";
import type { PartyData } from "./join.ts";
import { join } from "./join.ts";
import type { Party, PartyOptions } from "./party.ts";
import { runParty } from "./party.ts";
import { fileStore } from "./private-state.node.ts";

export interface OpenOptions extends Pick<PartyOptions, "onStatus" | "signal" | "paused" | "fetch" | "retry"> {
  /** The party's folder: its identity (with its key) and its private state. It is made if need be. */
  readonly dir: string;
  /** The link it was invited with. Needed on first use; later it only must be of the same federation. */
  readonly invite?: string | undefined;
  /** Where the coordinator answers now, if it has moved since the party joined. */
  readonly origin?: string | undefined;
  /** What people call the party. */
  readonly name?: string | undefined;
  /** Its examples, or a function that gets them when it is known what the federation trains. */
  readonly data: PartyData | ((spec: FederationSpec) => PartyData | Promise<PartyData>);
  /** Consents that others see how many training examples of each class the party has. */
  readonly shareLabels?: boolean | undefined;
  /** The fastest engine of this host unless said otherwise. */
  readonly engine?: Engine | undefined;
}

/**
 * Opens the party of a folder: on first use it joins with the invite, later it goes on as the same party.
 *
 *     import { openParty } from "@concord/party/node";
 *     import { key } from "@concord/engine";
 *     import { handwriting, holdOut } from "@concord/learning";
 *
 *     const digits = handwriting({ key: key("my hand"), writers: 1, digitsPerWriter: 400 });
 *     const data = holdOut(digits, key("held out"), 0.2);
 *     const party = await openParty({ dir: "./my-party", invite: process.argv[2], data });
 *     for await (const status of party) console.log(status.kind, status.loss);
 *     console.log(`sent ${party.status.updates} updates, ${party.status.bytesUp} bytes`);
 *
 * Rejects with ConcordError: `invalid_argument` for a link that is none or data that do not fit, `gone` for an invite
 * that is used or expired, `failed_precondition` without an invite where the folder holds no party, or where another
 * process is the party of the folder.
 */
export async function openParty(options: OpenOptions): Promise<Party> {
  const { dir } = options;
  if (options.invite !== undefined) parseInvite(options.invite);
  else if ((await loadIdentity(dir)) === undefined) throw noParty(dir);
  await makePrivateFolder(dir);
  const unlock = await lockFolder(dir);
  try {
    const party = await openLocked(options);
    const done = party.done.finally(unlock);
    done.catch(() => {});
    return {
      ...party,
      done,
      get status() {
        return party.status;
      },
    };
  } catch (error) {
    unlock();
    throw error;
  }
}

async function openLocked(options: OpenOptions): Promise<Party> {
  const { dir, onStatus, signal, paused, fetch, retry } = options;
  for (const folder of [dir, joinPath(dir, "private")]) await removeUnfinished(folder);
  const known = await loadIdentity(dir);
  const { identity, data } = known === undefined ? await joinFirst(options) : await recall(known, options);
  const party = runParty({
    identity,
    data,
    engine: options.engine ?? (await engineFor()),
    privateStore: fileStore(joinPath(dir, "private")),
    onStatus,
    signal,
    paused,
    fetch,
    retry,
  });
  return {
    ...party,
    get status() {
      return party.status;
    },
    async leave() {
      await party.leave();
      await forgetIdentity(dir);
    },
  };
}

async function joinFirst(options: OpenOptions): Promise<{ identity: Identity; data: PartyData }> {
  const { dir, name, shareLabels, signal, fetch, retry } = options;
  if (options.invite === undefined) throw noParty(dir);
  const invite = parseInvite(options.invite);
  const client = coordinatorClient({ origin: invite.origin, fetch, ...(retry === undefined ? {} : { retry }) });
  const joining = (await begun(dir, invite)) ?? (await begin(client, invite, signal));
  const { spec, key, secret } = joining;
  const data = await dataFor(spec, options);
  // Before the invite is used: were the key known only from the answer, a party killed before it kept it would be lost.
  await saveJoining(dir, joining);
  const identity = await join(client, { invite, spec, data, name, shareLabels, client: "node", key, secret, signal });
  await saveIdentity(dir, identity);
  return { identity, data };
}

function noParty(dir: string): ConcordError {
  return new ConcordError("failed_precondition", `${dir} holds no party yet: an invite link is needed`, {
    param: "invite",
  });
}

/** The join with this invite that an earlier run has begun: it may have used the invite up. */
async function begun(dir: string, { federation, token }: Invite): Promise<Joining | undefined> {
  const joining = await loadJoining(dir);
  return joining?.federation === federation && joining.invite === token ? joining : undefined;
}

async function begin(client: CoordinatorClient, invite: Invite, signal: AbortSignal | undefined): Promise<Joining> {
  const { id, spec } = (await client.inspect(invite, signal)).federation;
  return { federation: id, invite: invite.token, key: newSecret("party"), secret: newSecret("own"), spec };
}

async function recall(identity: Identity, options: OpenOptions): Promise<{ identity: Identity; data: PartyData }> {
  const here = { ...identity, origin: options.origin ?? identity.origin };
  if (options.invite !== undefined) checkSameFederation(here, parseInvite(options.invite), options.dir);
  return { identity: here, data: await dataFor(identity.spec, options) };
}

function checkSameFederation({ federation }: Identity, invite: Invite, dir: string): void {
  if (invite.federation === federation) return;
  throw new ConcordError(
    "failed_precondition",
    `${dir} holds a party of ${federation}; take another folder to join ${invite.federation}`,
    { param: "dir" },
  );
}

async function dataFor(spec: FederationSpec, { data }: OpenOptions): Promise<PartyData> {
  return typeof data === "function" ? await data(spec) : data;
}
