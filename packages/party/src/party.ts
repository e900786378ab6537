import { type Engine, key } from "@concord/engine";
import { algorithmOf, createTrainer, federationKeys } from "@concord/federation";
import { buildTask } from "@concord/learning";
import type { ErrorCode } from "@concord/protocol";
import { ConcordError } from "@concord/protocol";
import { coordinatorClient } from "./client.ts";
import type { Identity } from "./identity.ts";
import type { PartyData } from "./join.ts";
import { checkData } from "./join.ts";
import { holding, type LeasedWork } from "./lease.ts";
import type { PrivateStore } from "./private-state.ts";
import type { RetryPolicy } from "./retry.ts";
import { backoff, DEFAULT_RETRY, pause } from "./retry.ts";
import { evaluateRound, trainSegment, type Workbench } from "./segment.ts";
import type { Activity, Status, StatusFeed } from "./status.ts";
import { statusFeed } from "./status.ts";

export interface PartyOptions {
  readonly identity: Identity;
  readonly data: PartyData;
  readonly engine: Engine;
  readonly privateStore: PrivateStore;
  /** Told of every status, as an alternative to iterating over the party. */
  readonly onStatus?: ((status: Status) => void) | undefined;
  /** Stops the party when it is aborted; the party may be run again later. */
  readonly signal?: AbortSignal | undefined;
  /** Begins paused. */
  readonly paused?: boolean | undefined;
  readonly fetch?: typeof fetch | undefined;
  /** Waits between attempts; the number of attempts is not limited. */
  readonly retry?: Partial<Pick<RetryPolicy, "firstDelayMs" | "longestDelayMs">> | undefined;
}

/**
 * A party at work. Iterate over it to follow its status; the iteration ends when the party does.
 *
 *     for await (const status of party) console.log(status.kind);
 */
export interface Party extends AsyncIterable<Status> {
  readonly identity: Identity;
  /** The latest. */
  readonly status: Status;
  /**
   * Resolves with the last status once the federation has finished, the party has left or its owner has stopped it.
   * Rejects with ConcordError if it cannot go on (its key is not accepted, its data do not fit).
   */
  readonly done: Promise<Status>;
  /** Takes part in no new segment until `resume`. One that is under way is brought to its end, so that nobody waits for it. */
  pause(): void;
  resume(): void;
  /** Ends now, keeping everything for a later run. Resolves when nothing runs any more. */
  stop(): Promise<void>;
  /** Leaves the federation for good. Rejects if the coordinator could not be told. */
  leave(): Promise<void>;
}

/** Seconds for which the coordinator may hold a question for work. */
const WAIT_SECONDS = 20;
/** Between two questions for work, if the coordinator does not hold them. */
const IDLE_MS = 250;
/** After these a party cannot go on; after any other error it gives up the segment and asks for work again. */
const LASTING: ReadonlySet<ErrorCode> = new Set(["unauthenticated", "permission_denied"]);

/**
 * Takes part in a federation: asks for work, holds the lease with heartbeats, trains or evaluates on its own data,
 * replies once, and so on until the federation has finished. A coordinator that is away is waited for, however long.
 */
export function runParty(options: PartyOptions): Party {
  const { identity, privateStore } = options;
  const ending = new AbortController();
  const signal = options.signal === undefined ? ending.signal : AbortSignal.any([options.signal, ending.signal]);
  const retry = { ...DEFAULT_RETRY, ...options.retry };
  const client = coordinatorClient({
    origin: identity.origin,
    key: identity.key,
    fetch: options.fetch,
    retry: {
      ...retry,
      attempts: Number.POSITIVE_INFINITY,
      onRetry: ({ message }, ms) => show({ kind: "offline", reason: message, retryInSeconds: ms / 1000 }),
      onRecovery: () => show(activity),
    },
  });
  let activity: Activity = { kind: "connecting" };
  let updates = 0;
  let loss: number | undefined;
  const feed: StatusFeed = statusFeed(withTotals(activity), options.onStatus);
  let leaving = false;
  let gate = options.paused === true ? Promise.withResolvers<void>() : undefined;
  /** Cuts a question for work short when the party is to be paused. */
  let question = new AbortController();

  // Not before the caller has the party in hand, since the first status may reach its listener at once.
  const done = Promise.resolve().then(live).then(end, fail);
  // Whoever does not look at `done` sees the failure in the status; it must not take the process down.
  done.catch(() => {});

  return {
    identity,
    get status() {
      return feed.current;
    },
    done,
    [Symbol.asyncIterator]: () => feed[Symbol.asyncIterator](),
    pause() {
      gate ??= Promise.withResolvers();
      question.abort();
    },
    resume() {
      gate?.resolve();
      gate = undefined;
    },
    async stop() {
      ending.abort();
      await done.catch(() => {});
    },
    async leave() {
      leaving = true;
      ending.abort();
      await done.catch(() => {});
      await sayGoodbye();
      await privateStore.clear();
    },
  };

  async function live(): Promise<Activity> {
    show(activity);
    const bench = await workbench();
    await tell(gate === undefined ? "active" : "paused");
    let setbacks = 0;
    for (;;) {
      if (gate !== undefined) {
        await restUntilResumed(gate.promise);
        continue;
      }
      const work = await ask();
      switch (work?.kind) {
        case undefined:
          break;
        case "finished":
          return { kind: "finished", reason: work.reason };
        case "wait":
          become({ kind: "waiting", reason: work.reason });
          await pause(IDLE_MS, signal);
          break;
        case "train":
        case "evaluate":
          setbacks = (await attempt(work, bench)) ? 0 : setbacks + 1;
          if (setbacks > 0) await pause(backoff(setbacks, retry), signal);
      }
    }
  }

  async function workbench(): Promise<Workbench> {
    const { spec, party } = identity;
    checkData(options.data, spec.task);
    const task = buildTask(spec.task);
    return {
      party,
      task,
      algorithm: algorithmOf(spec.algorithm),
      trainer: await createTrainer(options.engine, task),
      key: federationKeys(spec.seed).party(party),
      secret: key(identity.secret),
      data: options.data,
      privateStore,
      client,
    };
  }

  /** What to do now; undefined if the party was paused while it asked. */
  async function ask() {
    question = new AbortController();
    // The first answer comes at once, so that its owner is told what the party waits for.
    const seconds = activity.kind === "connecting" ? 0 : WAIT_SECONDS;
    try {
      return await client.work(seconds, AbortSignal.any([signal, question.signal]));
    } catch (error) {
      signal.throwIfAborted();
      if (question.signal.aborted) return undefined;
      throw error;
    }
  }

  /** Does what a lease is for. False if it had to be given up, which the next status says. */
  async function attempt(work: LeasedWork, bench: Workbench): Promise<boolean> {
    const { round } = work.lease;
    try {
      await holding(work.lease, client, signal, async (held) => {
        if (work.kind === "evaluate") {
          become({ kind: "evaluating", round });
          return await evaluateRound(work, bench, held);
        }
        const { index, from, to } = work.segment;
        become({ kind: "training", round, segment: index, from, to, steps: work.steps });
        const result = await trainSegment(work, bench, held);
        loss = result.loss;
        if (result.status === "accepted") updates++;
      });
      return true;
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof ConcordError) || LASTING.has(error.code)) throw error;
      become({ kind: "waiting", reason: `gave up a segment of round ${round}: ${error.message}` });
      return false;
    }
  }

  async function restUntilResumed(resumed: Promise<void>): Promise<void> {
    become({ kind: "paused" });
    await tell("paused");
    await Promise.race([resumed, aborted(signal)]);
    await tell("active");
    become({ kind: "connecting" });
  }

  /** Says whether the party may be selected. A refusal (the federation has ended) is left to the question for work. */
  async function tell(status: "active" | "paused"): Promise<void> {
    try {
      await client.setStatus(status, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof ConcordError) || LASTING.has(error.code)) throw error;
    }
  }

  /** In a few attempts, since somebody waits for it. A federation that has ended needs no goodbye. */
  async function sayGoodbye(): Promise<void> {
    const once = coordinatorClient({ origin: identity.origin, key: identity.key, fetch: options.fetch, retry });
    try {
      await once.setStatus("left");
    } catch (error) {
      if (!(error instanceof ConcordError && error.code === "failed_precondition")) throw error;
    }
  }

  function become(next: Activity): void {
    activity = next;
    show(next);
  }

  function show(what: Activity): void {
    feed.show(withTotals(what));
  }

  function withTotals(what: Activity): Status {
    return { ...what, bytesUp: client.bytes.up, bytesDown: client.bytes.down, updates, loss };
  }

  function end(last: Activity): Status {
    show(last);
    return feed.current;
  }

  function fail(error: unknown): Status {
    if (signal.aborted) return end({ kind: leaving ? "left" : "stopped" });
    const failure = error instanceof ConcordError ? error : unforeseen(error);
    show({ kind: "failed", code: failure.code, reason: failure.message });
    throw failure;
  }
}

function unforeseen(error: unknown): ConcordError {
  const why = error instanceof Error ? error.message : String(error);
  return new ConcordError("internal", `the party cannot go on: ${why}`, { cause: error });
}

/** Rejects with the signal's reason. */
function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}
