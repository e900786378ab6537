import type { ConcordEvent } from "@concord/protocol";
import { getFederation, lastEvent, listParties, listRounds } from "../api/federations.ts";
import { RequestError } from "../api/http.ts";
import { applyEvents } from "../state/apply-event.ts";
import type { FederationState, Snapshot } from "../state/federation-state.ts";
import { fromSnapshot, withSnapshot } from "../state/federation-state.ts";
import type { Store } from "../state/store.ts";
import { createStore } from "../state/store.ts";
import type { Connection } from "./event-socket.ts";
import { openEventSocket } from "./event-socket.ts";
import { batchByFrame } from "./frames.ts";

/** What the page shows of one federation. */
export interface Following {
  readonly federation: FederationState | null;
  readonly connection: Connection;
  /** Why there is nothing to show. */
  readonly problem: RequestError | null;
}

export interface Follower {
  readonly store: Store<Following>;
  stop(): void;
}

/** Least time between two reads of the parties, whose bytes and presence the events do not tell. */
const REFRESH_MS = 1_500;
/** How often presence is read when nothing happens. */
const PRESENCE_MS = 10_000;

const TELLS_LITTLE: ReadonlySet<ConcordEvent["type"]> = new Set([
  "party.joined",
  "party.status",
  "party.dropped",
  "round.finished",
  "round.void",
  "federation.started",
  "federation.finished",
  "federation.stopped",
]);

/** Follows a federation: a snapshot over REST first, then its events, and now and then the parties again. */
export function follow(key: string, id: string): Follower {
  const store = createStore<Following>({ federation: null, connection: "connecting", problem: null });
  const aborter = new AbortController();
  const { signal } = aborter;
  let closeSocket: (() => void) | undefined;
  let wasLost = false;
  let refreshTimer: ReturnType<typeof setTimeout> | undefined;

  const patch = (change: Partial<Following>) => store.update((before) => ({ ...before, ...change }));
  const change = (by: (state: FederationState) => FederationState) =>
    store.update((before) => {
      if (before.federation === null) return before;
      const federation = by(before.federation);
      return federation === before.federation ? before : { ...before, federation };
    });

  const events = batchByFrame<ConcordEvent>((batch) => {
    change((state) => applyEvents(state, batch));
    if (batch.some(({ type }) => TELLS_LITTLE.has(type))) refreshSoon();
  });

  const refreshSoon = () => {
    refreshTimer ??= setTimeout(async () => {
      await refresh();
      refreshTimer = undefined;
    }, REFRESH_MS);
  };
  const refresh = async () => {
    try {
      const snapshot = await load(key, id, signal);
      change((state) => withSnapshot(state, snapshot));
    } catch (error) {
      // The socket notices a lost server by itself; a lost key ends the page.
      if (error instanceof RequestError && error.status === 401) patch({ problem: error });
    }
  };
  const presence = setInterval(() => {
    const status = store.get().federation?.view.status;
    if (!document.hidden && (status === "running" || status === "waiting")) refreshSoon();
  }, PRESENCE_MS);

  const begin = async () => {
    try {
      const snapshot = await load(key, id, signal);
      patch({ federation: fromSnapshot(snapshot), problem: null });
    } catch (error) {
      if (signal.aborted) return;
      patch({ problem: error instanceof RequestError ? error : new RequestError(null, 0, String(error)) });
      return;
    }
    closeSocket = openEventSocket({
      key,
      federation: id,
      after: () => store.get().federation?.seq ?? 0,
      onEvent: events.add,
      onConnection: (connection) => {
        patch({ connection });
        // What happened meanwhile to presence and bytes is in no event.
        if (connection === "live" && wasLost) refreshSoon();
        wasLost = connection === "reconnecting";
      },
    });
  };
  void begin();

  return {
    store,
    stop() {
      aborter.abort();
      clearInterval(presence);
      clearTimeout(refreshTimer);
      events.stop();
      closeSocket?.();
    },
  };
}

async function load(key: string, id: string, signal: AbortSignal): Promise<Snapshot> {
  // First, so that nothing can have happened that is neither before this number nor in what is read after it.
  const last = await lastEvent(key, id, signal);
  const [view, parties, rounds] = await Promise.all([
    getFederation(key, id, signal),
    listParties(key, id, signal),
    listRounds(key, id, signal),
  ]);
  return { view, parties, rounds, last };
}
