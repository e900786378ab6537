import type { Engine } from "@concord/engine";
import { labelHistogram, type TaskSpec } from "@concord/learning";
import { ConcordError, newSecret, parseInvite } from "@concord/protocol";
import { coordinatorClient } from "../client.ts";
import { type Identity, identitySchema } from "../identity.ts";
import { join, type PartyData } from "../join.ts";
import { type Party, runParty } from "../party.ts";
import { isFinal, type Status } from "../status.ts";
import { claim } from "./claim.ts";
import { defaultSource, loadData, personalHandwriting, randomName } from "./data.ts";
import { forgetfulDatabase, type PartyDatabase, partyDatabase } from "./database.ts";
import type { Device, FromWorker, JoinFromTab, Member, SavedParty, ToWorker } from "./messages.ts";
import { tabEngine } from "./tab-engine.ts";
import { type TabJoin, tabJoinSchema } from "./tab-join.ts";

/** What the worker has of its surroundings. */
export interface WorkerHost {
  post(message: FromWorker): void;
  readonly locks: LockManager | undefined;
  readonly database: (party: string) => Promise<PartyDatabase>;
  readonly engine: (device: Device, task: TaskSpec) => Promise<Engine>;
  readonly fetch?: typeof fetch;
}

/**
 * The party of a tab: engine, examples, training and all of the party's traffic, away from the thread that draws the
 * page. Returns what to do with each message of the page.
 */
export function partyWorker(host: WorkerHost): (message: ToWorker) => void {
  const opened = Promise.withResolvers<Party>();
  // A party that could not be opened is told of by its status; a later pause has nobody to reach.
  opened.promise.catch(() => {});
  let goodbye: Promise<void> | undefined;
  let whenKept = () => {};

  return (message) => {
    switch (message.type) {
      case "join":
        return begin(() => joinAnew(message.join), message.device);
      case "resume":
        return begin(() => goOn(message.saved), message.device);
      case "kept":
        return whenKept();
      case "pause":
        return withParty((party) => party.pause());
      case "unpause":
        return withParty((party) => party.resume());
      case "leave":
        return withParty((party) => {
          goodbye ??= party.leave();
          // Who leaves is gone, whether or not the coordinator could be told.
          goodbye.catch(() => {});
        });
    }
  };

  function withParty(act: (party: Party) => void): void {
    opened.promise.then(act, () => {});
  }

  async function begin(open: () => Promise<Opened | undefined>, device: Device): Promise<void> {
    try {
      const found = await open();
      if (found === undefined) return host.post({ type: "taken" });
      const { identity, data, database, paused } = found;
      const engine = await host.engine(device, identity.spec.task);
      host.post({ type: "member", member: describe(identity, data, engine) });
      const party = runParty({
        identity,
        data,
        engine,
        paused,
        privateStore: database.privateStore,
        fetch: host.fetch,
        onStatus: (status) => {
          if (!isFinal(status)) host.post({ type: "status", status });
        },
      });
      opened.resolve(party);
      await party.done.catch(() => {});
      await goodbye?.catch(() => {});
      const last = party.status;
      // The page ends this thread on a final status, so the tidying comes first.
      if (last.kind === "finished" || last.kind === "left") await database.clear();
      host.post({ type: "status", status: last });
    } catch (error) {
      host.post({ type: "status", status: failed(error) });
    }
  }

  async function joinAnew({ invite: link, source: given, name, shareLabels }: JoinFromTab) {
    const invite = parseInvite(link);
    const client = coordinatorClient({ origin: invite.origin, fetch: host.fetch });
    const { federation, sample } = await client.inspect(invite);
    const source = given ?? defaultSource(federation.spec, sample);
    if (source === undefined) {
      const why = `the federation trains on ${federation.spec.dataset}, and its operator offers no examples: bring IDX files`;
      throw new ConcordError("invalid_argument", why, { param: "source" });
    }
    const data = await loadData(source, federation.spec, { invite, client });
    const attempt: TabJoin = {
      origin: invite.origin,
      federation: invite.federation,
      invite: invite.token,
      key: newSecret("party"),
      secret: newSecret("own"),
      spec: federation.spec,
      name,
      shareLabels,
      place: randomName(),
    };
    const kept = source.kind === "handwriting" ? source : ({ kind: "stored" } as const);
    if (kept.kind === "stored") await (await host.database(placeOf(attempt))).saveData(data);
    const saved: SavedParty = { kind: "joining", identity: JSON.stringify(attempt), source: kept, paused: false };
    // Before the invite is used: were the key known only from the answer, a tab reloaded before it came would be lost.
    await keep(saved);
    return bringToEnd(attempt, data, saved);
  }

  /** Joins, perhaps for the second time: the coordinator knows the key, and answers as it did before. */
  async function bringToEnd(attempt: TabJoin, data: PartyData, saved: SavedParty): Promise<Opened | undefined> {
    const { origin, federation, invite: token, key, secret, spec, name, shareLabels } = attempt;
    const invite = { origin, federation, token };
    const client = coordinatorClient({ origin, fetch: host.fetch });
    const identity = await join(client, { invite, spec, data, name, shareLabels, client: "browser", key, secret });
    const database = await host.database(nameOf(identity));
    if (saved.source.kind === "stored") await database.saveData(data);
    await keep({ ...saved, kind: "member", identity: JSON.stringify(identity) });
    if (saved.source.kind === "stored") await (await host.database(placeOf(attempt))).clear();
    // A tab that was duplicated while it joined has a copy that joined with the same key.
    if (!(await claim(nameOf(identity), host.locks))) return undefined;
    return { identity, data, database, paused: saved.paused };
  }

  async function goOn(saved: SavedParty): Promise<Opened | undefined> {
    const json: unknown = JSON.parse(saved.identity);
    if (saved.kind === "joining") {
      const attempt = tabJoinSchema.parse(json);
      return bringToEnd(attempt, await dataOf(saved, await host.database(placeOf(attempt))), saved);
    }
    const identity = identitySchema.parse(json);
    if (!(await claim(nameOf(identity), host.locks))) return undefined;
    const database = await host.database(nameOf(identity));
    return { identity, data: await dataOf(saved, database), database, paused: saved.paused };
  }

  /** Resolves when the page has kept it. */
  async function keep(saved: SavedParty): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    whenKept = resolve;
    host.post({ type: "keep", saved });
    await promise;
  }
}

async function dataOf({ source }: SavedParty, database: PartyDatabase): Promise<PartyData> {
  const data = source.kind === "handwriting" ? personalHandwriting(source.seed) : await database.loadData();
  if (data !== undefined) return data;
  throw new ConcordError("failed_precondition", "the browser no longer has this tab's examples: join anew");
}

/** The host of a real worker. */
export function browserHost(post: (message: FromWorker) => void): WorkerHost {
  return {
    post,
    locks: navigator.locks,
    database: (party) => partyDatabase(party).catch(forgetfulDatabase),
    engine: (device, task) => tabEngine({ device, task, home: location.origin }),
  };
}

interface Opened {
  readonly identity: Identity;
  readonly data: PartyData;
  readonly database: PartyDatabase;
  readonly paused: boolean;
}

function nameOf({ origin, federation, party }: Identity): string {
  return `${origin}/${federation}/${party}`;
}

/** Where the examples of a tab wait until it is known which party it is. */
function placeOf({ origin, federation, place }: TabJoin): string {
  return `${origin}/${federation} joining ${place}`;
}

function describe({ federation, party, spec }: Identity, { train, heldOut }: PartyData, engine: Engine): Member {
  return {
    federation,
    title: spec.name,
    party,
    rounds: spec.rounds,
    dataset: train.name,
    generated: train.generated,
    examples: train.size,
    heldOut: heldOut.size,
    labels: train.kind !== "ratings" && train.classes > 0 ? [...labelHistogram(train)] : [],
    classNames: train.classNames ?? Array.from({ length: train.classes }, (_, label) => String(label)),
    engine: engine.description,
  };
}

function failed(error: unknown): Status {
  const { code, message } =
    error instanceof ConcordError || !(error instanceof Error)
      ? ConcordError.from(error)
      : new ConcordError("internal", `the party cannot start: ${error.message}`, { cause: error });
  return { kind: "failed", code, reason: message, bytesUp: 0, bytesDown: 0, updates: 0, loss: undefined };
}
