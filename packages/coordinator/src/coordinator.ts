import type { FederationSpec } from "@concord/federation";
import type {
  ConcordEvent,
  FederationView,
  InviteRequest,
  InviteResponse,
  PartyView,
  RoundView,
} from "@concord/protocol";
import { newSecret } from "@concord/protocol";
import { createInvite } from "./access/invites.ts";
import { operatorKey } from "./access/operator-key.ts";
import { principals } from "./access/principals.ts";
import { rateLimit } from "./access/rate-limit.ts";
import { tenants } from "./access/tenants.ts";
import { systemClock } from "./clock.ts";
import type { Context } from "./context.ts";
import { openDepot } from "./depot.ts";
import { eventsFrom } from "./events-from.ts";
import { openFederations } from "./federations.ts";
import { eventFeed } from "./feed.ts";
import { flushing } from "./flushing.ts";
import { openGateway } from "./gateway/gateway.ts";
import { type App, buildApp } from "./http/app.ts";
import { liveEvents } from "./http/live-events.ts";
import { origins } from "./http/origins.ts";
import type { Services } from "./http/services.ts";
import { openJournal } from "./journal.ts";
import { listen } from "./listen.ts";
import { defaultLog } from "./log.ts";
import { trafficMeter } from "./meter.ts";
import { type CoordinatorOptions, checkExposure } from "./options.ts";
import { pageFolder } from "./page-folder.ts";
import { refusals } from "./refusals.ts";
import { guestSample } from "./sample.ts";
import { federationView, partyViews, roundViews } from "./views.ts";

/** A running coordinator. What it does in process goes through the same functions as what it does over HTTP. */
export interface Coordinator {
  /** Where it can be reached, such as `http://127.0.0.1:7700`. */
  readonly url: string;
  readonly port: number;
  /** The key in the operator's file. */
  readonly operatorKey: string;
  /** Throws ConcordError `invalid_argument` for a spec that is not valid, `failed_precondition` for an id that is taken. */
  createFederation(id: string, spec: FederationSpec): Promise<void>;
  federations(): Promise<FederationView[]>;
  federation(id: string): Promise<FederationView>;
  parties(federation: string): Promise<PartyView[]>;
  rounds(federation: string): Promise<RoundView[]>;
  createInvite(federation: string, request?: InviteRequest): Promise<InviteResponse>;
  /** Events after a number, stored ones first, then live ones; ends when the coordinator closes. */
  events(federation: string, after?: number): AsyncIterableIterator<ConcordEvent>;
  /** Calls back for every event from now on; returns what ends that. */
  onEvent(listener: (event: ConcordEvent) => void): () => void;
  /** What the last round that was evaluated gave, and where the accuracy comes from. */
  result(federation: string): Promise<FederationResult>;
  /** The current global model, as safetensors. */
  currentModel(federation: string): Promise<Uint8Array<ArrayBuffer>>;
  stop(federation: string, reason?: string): Promise<void>;
  /** A token that the operator's page exchanges for a key: good once, for ten minutes. */
  newOneTimeToken(): Promise<string>;
  /** Resolves when every command so far has been carried out, and everything that it made possible is done. */
  settled(): Promise<void>;
  /** Stops listening, ends the command under way, and closes the store. */
  close(): Promise<void>;
}

export interface FederationResult {
  readonly federation: FederationView;
  /** The last round that ended; null before the first. */
  readonly last: RoundView | null;
  readonly accuracy: number | null;
  readonly loss: number | null;
  readonly accuracySource: string;
}

/**
 * Starts a coordinator over the given stores; federations that have not ended go on where they were.
 *
 * Throws ConcordError `invalid_argument` for an address that would be open to others without TLS, `failed_precondition`
 * for a port or a data folder that cannot be used. The stores are then left to the caller.
 */
export async function startCoordinator(options: CoordinatorOptions): Promise<Coordinator> {
  checkExposure(options);
  const { store, blobs, dataDir, host = "127.0.0.1", clock = systemClock, log = defaultLog(), sample, tls } = options;
  const feed = eventFeed((error) => log.error({ err: error }, "a listener of events failed"));
  const meter = trafficMeter();
  const context: Context = {
    journal: openJournal(store, feed, meter, clock),
    feed,
    depot: openDepot(blobs),
    meter,
    clock,
    log,
  };
  const keys = principals(context.journal, clock);
  const operator = dataDir === undefined ? newSecret("operator") : await operatorKey(dataDir);
  await keys.admitOperator(operator);

  let port = options.port;
  const federations = await openFederations(context);
  const gateway = options.gateway && (await openGateway(context, options.gateway));
  const services: Services = {
    context,
    federations,
    principals: keys,
    tenants: tenants(context.journal, keys, clock),
    gateway,
    refusals: refusals(context, federations),
    origins: origins({ port: () => port, isTls: tls !== undefined, allowedHosts: options.allowedHosts ?? [] }),
    guesses: rateLimit(clock),
    sample: sample && guestSample(sample),
    catalogue: options.catalogue,
    pageDir: pageFolder(options.pageDir, log),
  };
  let app: App | undefined;
  try {
    app = await buildApp({ services, tls });
    port = await listen(app, host, port);
    // Only a coordinator that can be reached goes on with its rounds: one whose port is in use has changed nothing.
    await federations.resume();
  } catch (error) {
    await federations.close();
    await gateway?.close();
    await app?.close();
    throw error;
  }
  const sockets = liveEvents(app.server, services);
  const flusher = flushing(context);
  const closing = new AbortController();
  const url = `${tls === undefined ? "http" : "https"}://${nameOf(host)}:${port}`;
  return { ...inProcess(services, url, closing.signal), url, port, operatorKey: operator, close: once(close) };

  async function close(): Promise<void> {
    closing.abort();
    sockets.close();
    await federations.close();
    await app?.close();
    await gateway?.close();
    await flusher.close();
    await store.close();
  }
}

function inProcess(services: Services, url: string, closed: AbortSignal) {
  const { context, federations, principals } = services;
  const rounds = (id: string) => roundViews(context, federations.get(id), { after: 0, limit: 1_000_000 });
  const federation = async (id: string) => federationView(federations.get(id));
  return {
    federation,
    rounds,
    async createFederation(id: string, spec: FederationSpec) {
      await federations.create(id, spec);
    },
    federations: () => Promise.all(federations.list().map(federationView)),
    parties: async (id: string) => partyViews(context, federations.get(id)),
    createInvite: async (id: string, request: InviteRequest = {}) =>
      createInvite(context, federations.get(id), url, request),
    events(id: string, after = 0) {
      federations.get(id);
      return eventsFrom(context, id, after, closed);
    },
    onEvent: (listener: (event: ConcordEvent) => void) => context.feed.subscribe(listener),
    async result(id: string): Promise<FederationResult> {
      const view = await federation(id);
      const ended = (await rounds(id)).filter(({ endedAt }) => endedAt !== null);
      const evaluated = ended.findLast(({ accuracy, loss }) => accuracy !== null || loss !== null);
      return {
        federation: view,
        last: ended.at(-1) ?? null,
        accuracy: evaluated?.accuracy ?? null,
        loss: evaluated?.loss ?? null,
        accuracySource: view.accuracySource,
      };
    },
    currentModel: async (id: string) => (await federations.get(id).model()).content,
    stop: async (id: string, reason = "stopped by the operator") => federations.get(id).stop(reason),
    newOneTimeToken: () => principals.newOneTimeToken(),
    settled: () => federations.settled(),
  };
}

/** The address to write into links: a server on all addresses is reached on this machine by loopback. */
function nameOf(host: string): string {
  if (host === "0.0.0.0" || host === "::") return "localhost";
  return host.includes(":") ? `[${host}]` : host;
}

function once(close: () => Promise<void>): () => Promise<void> {
  let closed: Promise<void> | undefined;
  return () => {
    closed ??= close();
    return closed;
  };
}
