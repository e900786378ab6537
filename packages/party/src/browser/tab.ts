import { isFinal, type Status, statusFeed } from "../status.ts";
import { sayGone } from "./gone.ts";
import type { Device, FromWorker, JoinFromTab, Member, SavedParty, ToWorker } from "./messages.ts";
import { type SavedParties, savedParties } from "./saved-party.ts";
import { spawnWorker } from "./spawn.ts";

export type TabOpening =
  /** Joins with an invite. */
  | (JoinFromTab & { readonly device?: Device })
  /** Goes on after a reload, with what `savedParty` found. */
  | { readonly saved: SavedParty; readonly device?: Device };

/**
 * A party in this tab, as the page sees it; the work is done in a Web Worker. It never throws: what goes wrong is a
 * status, `failed` with a reason.
 */
export interface TabParty extends AsyncIterable<Status> {
  /** The latest. */
  readonly status: Status;
  /** Who it is and what it trains on; undefined until it has joined. */
  readonly member: Member | undefined;
  /** True if another tab is this party already, so that this tab must join anew. */
  readonly taken: boolean;
  /** Resolves with the last status. */
  readonly done: Promise<Status>;
  /** Calls back after every change of what is above; returns how to stop that. */
  subscribe(listener: () => void): () => void;
  /** Brings the segment under way to its end and takes no other until `resume`; remembered over a reload. */
  pause(): void;
  resume(): void;
  /** Leaves the federation for good and forgets everything. */
  leave(): void;
  /** Ends the worker, as closing the tab does; the party may go on after a reload. */
  close(): void;
}

/** The party that this tab was before it was reloaded. */
export function savedParty(): SavedParty | undefined {
  return savedParties(sessionStorage).load();
}

/** Forgets the party that this tab was. It stays a member of its federation until that drops it. */
export function forgetSavedParty(): void {
  savedParties(sessionStorage).forget();
}

/** What a page offers; a test has its own. */
export interface TabHost {
  readonly spawn: () => Pick<Worker, "postMessage" | "terminate" | "onmessage" | "onerror">;
  readonly saved: SavedParties;
  /** Calls back when the page goes away for good; returns how to stop that. */
  readonly onGoing: (listener: () => void) => () => void;
  readonly sayGone: (saved: SavedParty) => void;
}

/**
 * Makes this tab a party.
 *
 *     const saved = savedParty();
 *     const party = openTabParty(saved ? { saved } : { invite: location.href, shareLabels: false });
 *     party.subscribe(() => show(party.status, party.member));
 */
export function openTabParty(opening: TabOpening, host: TabHost = pageHost()): TabParty {
  const worker = host.spawn();
  const listeners = new Set<() => void>();
  const done = Promise.withResolvers<Status>();
  const idle = { bytesUp: 0, bytesDown: 0, updates: 0, loss: undefined };
  const feed = statusFeed({ kind: "connecting", ...idle }, notify);
  let member: Member | undefined;
  let taken = false;

  worker.onmessage = ({ data }: MessageEvent<FromWorker>) => receive(data);
  worker.onerror = ({ message }) => fail(`the worker has failed: ${message}`);
  tell(first(opening));
  const stay = host.onGoing(() => {
    const saved = host.saved.load();
    // Before it is a member, this may be the copy of a tab that goes on.
    if (member !== undefined && saved?.kind === "member" && !isFinal(feed.current)) host.sayGone(saved);
  });

  return {
    get status() {
      return feed.current;
    },
    get member() {
      return member;
    },
    get taken() {
      return taken;
    },
    done: done.promise,
    [Symbol.asyncIterator]: () => feed[Symbol.asyncIterator](),
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    pause: () => setPaused(true),
    resume: () => setPaused(false),
    leave: () => tell({ type: "leave" }),
    close: () => end({ ...feed.current, kind: "stopped" }),
  };

  function receive(message: FromWorker): void {
    switch (message.type) {
      case "keep":
        host.saved.save(message.saved);
        tell({ type: "kept" });
        break;
      case "member":
        member = message.member;
        notify();
        break;
      case "status":
        if (isFinal(message.status)) end(message.status);
        else feed.show(message.status);
        break;
      case "taken":
        taken = true;
        host.saved.forget();
        fail("another tab is this party already; join anew with an invite of your own");
    }
  }

  function setPaused(paused: boolean): void {
    const saved = host.saved.load();
    if (saved !== undefined) host.saved.save({ ...saved, paused });
    tell({ type: paused ? "pause" : "unpause" });
  }

  function fail(reason: string): void {
    end({ ...idle, kind: "failed", code: "failed_precondition", reason });
  }

  function end(status: Status): void {
    if (isFinal(feed.current)) return;
    if (status.kind === "finished" || status.kind === "left" || isRefusedJoin(status)) host.saved.forget();
    stay();
    worker.terminate();
    feed.show(status);
    done.resolve(status);
  }

  /** A join that was refused will be refused again; one that found nobody may be taken up after a reload. */
  function isRefusedJoin(status: Status): boolean {
    return status.kind === "failed" && status.code !== "unavailable" && host.saved.load()?.kind === "joining";
  }

  function tell(message: ToWorker): void {
    worker.postMessage(message);
  }

  function notify(): void {
    for (const listener of listeners) listener();
  }
}

function first(opening: TabOpening): ToWorker {
  const { device = "wasm" } = opening;
  if ("saved" in opening) return { type: "resume", saved: opening.saved, device };
  const { invite, source, name, shareLabels } = opening;
  return { type: "join", join: { invite, source, name, shareLabels }, device };
}

function pageHost(): TabHost {
  return {
    spawn: spawnWorker,
    saved: savedParties(sessionStorage),
    onGoing(listener) {
      // A page that the browser keeps for the way back is not gone.
      const leaving = (event: PageTransitionEvent) => {
        if (!event.persisted) listener();
      };
      addEventListener("pagehide", leaving);
      return () => removeEventListener("pagehide", leaving);
    },
    sayGone,
  };
}
