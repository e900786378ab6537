import type { BlobRef, JoinRequest, JoinResponse, ReplyRequest, ReplyResponse, Work } from "@concord/protocol";
import { ConcordError } from "@concord/protocol";
import type { Context } from "../context.ts";
import { serial } from "../store/serial.ts";
import type { Download } from "./downloads.ts";
import { absentAt, deadlines, enforceDeadlines, noteAbsent } from "./enforce-deadlines.ts";
import { evaluationEnds, finishRound } from "./finish-round.ts";
import { claimLease } from "./held-lease.ts";
import { join } from "./join.ts";
import type { Live, LiveLease, LiveParty } from "./live.ts";
import { hasEnded } from "./live.ts";
import { mergeExchange } from "./merge-exchange.ts";
import { setStatus } from "./party-status.ts";
import { takeReply } from "./reply.ts";
import { startRound } from "./start-round.ts";
import { stopFederation } from "./stop-federation.ts";
import { acceptUpload, uploadLease, uploadLimit } from "./upload.ts";
import { waiters } from "./waiters.ts";
import { grant, offerFor } from "./work.ts";

/**
 * Drives one federation from its first party to its last round. Commands run one after the other; after each, everything
 * that has become possible is done (`advance`), and a timer is set for what becomes possible by time alone.
 */
export interface Driver {
  readonly live: Live;
  join(request: JoinRequest): Promise<JoinResponse>;
  /** Notes that a party was heard from. */
  contact(party: string): void;
  /** What a party should do now; waits for something to do, at most so many seconds, until the signal is aborted. */
  work(party: string, waitSeconds: number, signal: AbortSignal): Promise<Work>;
  /** Renews a lease; returns the seconds it now has. Throws ConcordError `gone` if its work is over. */
  heartbeat(party: string, lease: string): Promise<number>;
  reply(party: string, lease: string, body: ReplyRequest): Promise<ReplyResponse>;
  setStatus(party: string, status: "active" | "paused" | "left", reason?: string): Promise<void>;
  /** The lease for which the party may send an update now, and the most bytes that it may have. */
  uploadLimit(party: string): { readonly lease: LiveLease; readonly bytes: number };
  upload(party: string, sha256: string, bytes: Uint8Array<ArrayBuffer>): Promise<BlobRef>;
  /** The blob that the party's lease names. */
  download(party: string, sha256: string): Promise<Fetched>;
  /** The current global model. */
  model(): Promise<Download>;
  stop(reason: string): Promise<void>;
  /** Does what has become possible since the coordinator was last running. */
  resume(): void;
  /** Resolves when no command is under way, and everything that the last one made possible is done. */
  settled(): Promise<void>;
  /** Ends timers and held requests; resolves when the command under way is done. */
  close(): Promise<void>;
}

/** A blob on its way to a party. */
interface Fetched {
  readonly content: Uint8Array<ArrayBuffer>;
  readonly lease: LiveLease;
  /** To be called when the last byte has gone out. */
  delivered(): void;
}

const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 30_000;

export function drive(context: Context, live: Live, onRoundEnd: () => void): Driver {
  const { clock, log, depot } = context;
  const inOrder = serial();
  const held = waiters(clock);
  let closed = false;
  let underWay = 0;
  let pending = false;
  let retryMs = FIRST_RETRY_MS;
  let cancelTimer = () => {};

  const find = (id: string): LiveParty => {
    const party = live.parties.get(id);
    if (party === undefined) throw new ConcordError("not_found", `there is no party "${id}"`);
    return party;
  };

  /** Runs a command in its turn, and whatever it makes possible after it. */
  async function command<T>(run: () => Promise<T>): Promise<T> {
    underWay++;
    try {
      const result = await inOrder(async () => {
        if (closed) throw new ConcordError("unavailable", "the coordinator is closing");
        return run();
      });
      poke();
      return result;
    } finally {
      underWay--;
    }
  }

  function poke(): void {
    if (pending || closed) return;
    pending = true;
    void inOrder(async () => {
      pending = false;
      if (!closed) await advance();
    });
  }

  async function advance(): Promise<void> {
    const before = { ...live };
    cancelTimer();
    try {
      let now = clock.now();
      while (await step(now)) {
        retryMs = FIRST_RETRY_MS;
        now = clock.now();
      }
      setTimer(now);
    } catch (error) {
      // A full disk or the like: nothing was changed, so the same step is tried again until it works.
      log.error({ err: error, federation: live.record.id }, `the round cannot go on; next attempt in ${retryMs} ms`);
      cancelTimer = clock.after(retryMs, poke);
      retryMs = Math.min(2 * retryMs, LAST_RETRY_MS);
    }
    if (before.phase !== live.phase) held.wake();
    if (before.record.round !== live.record.round) onRoundEnd();
  }

  /** Does one thing that is possible at an instant; returns false if there is none. */
  async function step(now: number): Promise<boolean> {
    if (closed) return false;
    if (!hasEnded(live)) await noteAbsent(context, live, now);
    switch (live.phase.kind) {
      case "idle":
        return startRound(context, live);
      case "training":
        return (await enforceDeadlines(context, live, now)) || mergeExchange(context, live);
      case "evaluating":
        return finishRound(context, live, now);
      case "ended":
        return false;
    }
  }

  /**
   * Wakes up at the next instant that changes what is possible. `now` is the instant of the last step, which has seen to
   * everything until then: of a deadline that has passed since, nobody knows yet.
   */
  function setTimer(now: number): void {
    const instants = [...live.parties.values()].flatMap((party) => absentAt(live, party, now) ?? []);
    const { phase } = live;
    if (phase.kind === "training") instants.push(...Object.values(deadlines(live, phase)).filter((at) => at > now));
    if (phase.kind === "evaluating") instants.push(evaluationEnds(live, phase));
    if (instants.length > 0 && !hasEnded(live)) {
      cancelTimer = clock.after(Math.max(1, Math.min(...instants) - clock.now()), poke);
    }
  }

  function contact(id: string): void {
    const party = find(id);
    party.heardAt = clock.now();
    party.missing = false;
    if (party.record.status !== "absent" || hasEnded(live)) return;
    command(async () => {
      if (party.record.status === "absent") await setStatus(context, live, party, "active", "heard from again");
      held.wake();
    }).catch((error: unknown) => log.warn({ err: error, party: id }, "could not note that a party is back"));
  }

  return {
    live,
    contact,
    join: (request) => command(() => join(context, live, request)),
    async work(id, waitSeconds, signal) {
      const party = find(id);
      const until = clock.now() + 1000 * waitSeconds;
      party.held++;
      try {
        for (;;) {
          const offer = offerFor(live, party);
          if (offer.kind === "finished") return offer;
          if (offer.kind !== "wait") {
            const work = await inOrder(() => grant(context, live, party));
            if (work.kind !== "wait") return work;
          } else {
            const left = until - clock.now();
            if (left <= 0 || signal.aborted || closed) return offer;
            await held.wait(left, signal);
          }
        }
      } finally {
        party.held--;
        party.heardAt = clock.now();
      }
    },
    async heartbeat(id, lease) {
      const party = find(id);
      const claim = await claimLease(context, live, party, lease);
      if (claim.kind !== "held") {
        const why = claim.kind === "done" ? "was replied to" : "is over: its exchange went on without it";
        throw new ConcordError("gone", `this lease ${why}; ask for work`, { param: "lease" });
      }
      claim.lease.expiresAt = clock.now() + 1000 * live.record.spec.leaseSeconds;
      return live.record.spec.leaseSeconds;
    },
    reply: (id, lease, body) => command(() => takeReply(context, live, find(id), lease, body)),
    setStatus: (id, status, reason = "said by the party") =>
      command(async () => {
        await setStatus(context, live, find(id), status, reason);
        held.wake();
      }),
    uploadLimit(id) {
      const lease = uploadLease(find(id));
      return { lease, bytes: uploadLimit(lease) };
    },
    async upload(id, sha256, bytes) {
      const lease = uploadLease(find(id));
      const upload = await acceptUpload(context, live, lease, sha256, bytes);
      return { sha256, bytes: upload.bytes };
    },
    async download(id, sha256) {
      const { lease } = find(id);
      // Such as that of a federation that was stopped meanwhile: no fault of the party, which must not give up for good.
      if (lease === undefined) {
        throw new ConcordError("gone", "no lease names this blob any more; ask for work", { param: "sha256" });
      }
      if (lease.record.model !== sha256) {
        throw new ConcordError("permission_denied", "a party may fetch only the blob that its lease names");
      }
      const content = live.downloads.find(sha256)?.content ?? (await depot.get(sha256));
      if (content === undefined) throw new ConcordError("internal", `blob ${sha256} is missing or damaged`);
      return { content, lease, delivered: () => (lease.transfer.downloaded = "yes") };
    },
    model: () => live.downloads.of(live.state.model),
    stop: (reason) =>
      command(async () => {
        await stopFederation(context, live, reason);
        held.wake();
      }),
    resume: poke,
    async settled() {
      do await inOrder(async () => {});
      while (pending || underWay > 0);
    },
    async close() {
      closed = true;
      held.wake();
      await inOrder(async () => {});
      // Only now: the command that was under way may have set it.
      cancelTimer();
    },
  };
}
