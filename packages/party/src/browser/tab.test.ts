import { isDeepStrictEqual } from "node:util";
import { portableEngine } from "@concord/engine";
import { type FederationSpec, federationSpecSchema } from "@concord/federation";
import { describe, expect, test } from "vitest";
import { invite, invitingCoordinator, type Sample } from "../../test/inviting-coordinator.ts";
import { smallSpec } from "../../test/small-federation.ts";
import type { Status } from "../status.ts";
import { forgetfulDatabase, type PartyDatabase } from "./database.ts";
import { sayGone } from "./gone.ts";
import type { FromWorker, SavedParty, ToWorker } from "./messages.ts";
import { partyWorker } from "./party-worker.ts";
import type { SavedParties } from "./saved-party.ts";
import { openTabParty, type TabOpening } from "./tab.ts";

/** A browser without a browser: page and worker exchange structured clones, disk and session storage are in memory. */
async function browser(spec: FederationSpec, sample?: Sample) {
  const { fake, joined } = await invitingCoordinator(spec, 320, sample);
  const databases = new Map<string, PartyDatabase>();
  const locks = new Set<string>();
  const database = async (party: string) => {
    const found = databases.get(party) ?? rememberingDatabase();
    databases.set(party, found);
    return found;
  };
  /** Opens a tab; a duplicate shares what the tab has saved, as a copy. */
  const tab = (session: { saved?: SavedParty | undefined } = {}) => {
    let running = true;
    const mine = new Set<string>();
    const lockManager = {
      request: async (name: string, { signal }: LockOptions, hold: () => Promise<void>) => {
        if (locks.has(name) && !mine.has(name)) {
          await new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason)));
        }
        locks.add(name);
        mine.add(name);
        await hold();
      },
    } as unknown as LockManager;
    const worker: ReturnType<NonNullable<Parameters<typeof openTabParty>[1]>["spawn"]> = {
      onmessage: null,
      onerror: null,
      postMessage: (message: ToWorker) => queueMicrotask(() => running && receive(structuredClone(message))),
      terminate: () => {
        running = false;
        for (const name of mine) locks.delete(name);
      },
    };
    const post = (message: FromWorker) =>
      queueMicrotask(() => {
        const event = { data: structuredClone(message) } as MessageEvent;
        if (running) worker.onmessage?.call(worker as Worker, event);
      });
    const fetchWhileRunning: typeof fetch = (input, init) =>
      running ? fake.fetch(input, init) : new Promise<Response>(() => {});
    const engine = () => portableEngine();
    const receive = partyWorker({ post, locks: lockManager, database, engine, fetch: fetchWhileRunning });
    const saved: SavedParties = {
      load: () => session.saved,
      save: (party) => {
        session.saved = party;
      },
      forget: () => {
        session.saved = undefined;
      },
    };
    const going = new Set<() => void>();
    return {
      session,
      /** The page ends: its worker with it. */
      goAway() {
        for (const listener of going) listener();
        worker.terminate();
      },
      open: (opening: TabOpening) =>
        openTabParty(opening, {
          spawn: () => worker,
          saved,
          onGoing(listener) {
            going.add(listener);
            return () => going.delete(listener);
          },
          sayGone: (party) => sayGone(party, fake.fetch),
        }),
    };
  };
  return { fake, joined, tab, databases };
}

function rememberingDatabase(): PartyDatabase {
  const base = forgetfulDatabase();
  let data: Awaited<ReturnType<PartyDatabase["loadData"]>>;
  return {
    ...base,
    saveData: async (given) => {
      data = structuredClone(given);
    },
    loadData: async () => data,
    clear: async () => {
      data = undefined;
      await base.clear();
    },
  };
}

/** Softmax regression on images of digits: the task of the built-in handwriting. */
function digits(rounds: number, dataset = "generated handwriting"): FederationSpec {
  const spec = smallSpec({ kind: "fedavg", localSteps: 2 }, rounds);
  return federationSpecSchema.parse({ ...spec, dataset, task: { ...spec.task, inputShape: [28, 28, 1], outputs: 10 } });
}

async function until(party: AsyncIterable<Status>, kind: Status["kind"]): Promise<Status> {
  for await (const status of party) if (status.kind === kind) return status;
  throw new Error(`the party ended without being ${kind}`);
}

/** Twenty images and their labels, as an operator offers them or a visitor brings them. */
const images = idx(
  [20, 28, 28],
  Uint8Array.from({ length: 20 * 784 }, (_, i) => i % 256),
);
const labels = idx(
  [20],
  Uint8Array.from({ length: 20 }, (_, i) => i % 10),
);

function idx(shape: readonly number[], data: Uint8Array): Uint8Array<ArrayBuffer> {
  const head = [0, 0, 8, shape.length, ...shape.flatMap((axis) => [0, 0, axis >> 8, axis & 255])];
  return Uint8Array.from([...head, ...data]);
}

describe("a tab", () => {
  test("joins with digits of its own, trains to the end and forgets the party", async () => {
    const { tab, joined } = await browser(digits(2));
    const { session, open } = tab();
    const party = open({ invite, shareLabels: true, name: "a tab" });
    expect(party.status.kind).toBe("connecting");
    const last = await party.done;
    expect(last).toMatchObject({ kind: "finished", updates: 2 });
    expect(party.member).toMatchObject({
      party: "ada",
      dataset: "generated handwriting",
      generated: true,
      examples: 320,
    });
    expect(joined[0]).toMatchObject({ client: "browser", name: "a tab", examples: 320, heldOut: 80 });
    expect(joined[0]?.labels?.reduce((a, b) => a + b)).toBe(320);
    expect(session.saved).toBeUndefined();
  });

  test("does not tell its labels unless the visitor consents", async () => {
    const { tab, joined } = await browser(digits(1));
    await tab().open({ invite, shareLabels: false }).done;
    expect(joined[0]).not.toHaveProperty("labels");
  });

  test("after a reload goes on as the same party with the same digits", async () => {
    const { tab, joined } = await browser(digits(60));
    const first = tab();
    const before = first.open({ invite, shareLabels: false });
    await until(before, "evaluating");
    before.close();
    const { saved } = first.session;
    if (saved === undefined) throw new Error("nothing was saved");
    const after = tab(first.session).open({ saved });
    await until(after, "evaluating");
    expect(after.member).toEqual(before.member);
    expect(joined).toHaveLength(1);
    after.close();
  });

  test.each(["handwriting", "sample"])(
    "reloaded between its join and the answer is the party that it became: %s",
    async (source) => {
      const spec = source === "sample" ? digits(60, "fashion-mnist") : digits(60);
      const { tab, fake, joined, databases } = await browser(
        spec,
        source === "sample" ? { images, labels } : undefined,
      );
      const first = tab();
      const answer = fake.interfere;
      const asked = Promise.withResolvers<void>();
      fake.interfere = async (call) => {
        const answered = await answer(call);
        if (call.path !== "/v1/join" || joined.length === 0) return answered;
        fake.interfere = answer;
        first.goAway();
        asked.resolve();
        return answered;
      };
      const before = first.open({ invite, shareLabels: true, name: "a tab" });
      await asked.promise;
      expect(before.member).toBeUndefined();
      const { saved } = first.session;
      if (saved === undefined) throw new Error("nothing was saved");
      expect(saved.kind).toBe("joining");
      const after = tab(first.session).open({ saved });
      await until(after, "evaluating");
      expect(joined).toHaveLength(1);
      expect(joined[0]?.labels?.reduce((a, b) => a + b)).toBe(after.member?.examples);
      expect(first.session.saved?.kind).toBe("member");
      // What waited for the party to have a name is tidied up.
      const waiting = [...databases].filter(([name]) => name.includes(" joining "));
      for (const [, database] of waiting) expect(await database.loadData()).toBeUndefined();
      after.close();
    },
  );

  test("forgets a join that was refused", async () => {
    const { tab } = await browser(digits(1));
    await tab().open({ invite, shareLabels: false }).done;
    const late = tab();
    expect(await late.open({ invite, shareLabels: false }).done).toMatchObject({ kind: "failed", code: "gone" });
    expect(late.session.saved).toBeUndefined();
  });

  test("that is duplicated must join anew, and leaves the first in peace", async () => {
    const { tab } = await browser(digits(10_000));
    const first = tab();
    const party = first.open({ invite, shareLabels: false });
    await until(party, "evaluating");
    const { saved } = first.session;
    if (saved === undefined) throw new Error("nothing was saved");
    const copy = tab({ saved });
    const duplicate = copy.open({ saved });
    expect(await duplicate.done).toMatchObject({ kind: "failed", reason: expect.stringContaining("another tab") });
    expect(duplicate.taken).toBe(true);
    expect(copy.session.saved).toBeUndefined();
    expect(first.session.saved).toBeDefined();
    expect(["training", "evaluating", "waiting"]).toContain(party.status.kind);
    party.close();
  });

  test("that was paused is paused after a reload, until it resumes", async () => {
    const { tab } = await browser(digits(60));
    const { session, open } = tab();
    const before = open({ invite, shareLabels: false });
    await until(before, "evaluating");
    before.pause();
    await until(before, "paused");
    before.close();
    if (session.saved === undefined) throw new Error("nothing was saved");
    const after = tab(session).open({ saved: session.saved });
    await until(after, "paused");
    after.resume();
    expect((await until(after, "evaluating")).updates).toBeGreaterThan(0);
    expect(session.saved?.paused).toBe(false);
    after.close();
  });

  test("that is closed tells the coordinator, so that nobody waits for it; one that is nobody's says nothing", async () => {
    const { tab, fake } = await browser(digits(10_000));
    const { session, open, goAway } = tab();
    const party = open({ invite, shareLabels: false });
    await until(party, "evaluating");
    const { saved } = session;
    if (saved === undefined) throw new Error("nothing was saved");
    const copy = tab({ saved });
    const duplicate = copy.open({ saved });
    copy.goAway();
    const ofClosing = () => fake.calls.filter(({ body }) => isDeepStrictEqual(body, { status: "paused" })).length;
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(ofClosing()).toBe(0);
    duplicate.close();

    goAway();
    await expect.poll(ofClosing).toBe(1);
    const after = tab(session).open({ saved });
    await until(after, "evaluating");
    after.close();
  });

  test("that leaves tells the coordinator and forgets everything", async () => {
    const { tab, fake } = await browser(digits(10_000));
    const { session, open } = tab();
    const party = open({ invite, shareLabels: false });
    await until(party, "evaluating");
    party.leave();
    expect((await party.done).kind).toBe("left");
    expect(fake.calls.at(-1)?.body).toEqual({ status: "left" });
    expect(session.saved).toBeUndefined();
  });

  test("tells why it cannot join", async () => {
    const { tab } = await browser(digits(1));
    await tab().open({ invite, shareLabels: false }).done;
    const late = tab().open({ invite, shareLabels: false });
    expect(await late.done).toMatchObject({ kind: "failed", code: "gone", reason: "this invite has been used" });
    const lost = tab().open({ invite: "hello", shareLabels: false });
    expect(await lost.done).toMatchObject({ kind: "failed", code: "invalid_argument" });
  });
});

describe("the examples of a tab", () => {
  test("are the operator's sample where the federation has other data, and survive a reload", async () => {
    const { tab, joined } = await browser(digits(10_000, "fashion-mnist"), { images, labels });
    const first = tab();
    const before = first.open({ invite, shareLabels: false });
    await until(before, "evaluating");
    expect(before.member).toMatchObject({ dataset: "fashion-mnist", generated: false, examples: 16, heldOut: 4 });
    expect(joined[0]).toMatchObject({ examples: 16, heldOut: 4 });
    before.close();
    const { saved } = first.session;
    if (saved === undefined) throw new Error("nothing was saved");
    const after = tab(first.session).open({ saved });
    await until(after, "evaluating");
    expect(after.member).toEqual(before.member);
    after.close();
  });

  test("may be IDX files of the visitor, gzip or not", async () => {
    const { tab } = await browser(digits(1, "my digits"));
    const packed = await new Response(new Blob([images]).stream().pipeThrough(new CompressionStream("gzip"))).blob();
    const source = { kind: "files", images: packed, labels: new Blob([labels]) } as const;
    const party = tab().open({ invite, shareLabels: false, source });
    expect((await party.done).kind).toBe("finished");
    expect(party.member).toMatchObject({ dataset: "my digits", examples: 16, heldOut: 4 });
  });

  test("that do not fit are refused before the invite is used", async () => {
    const { tab, joined } = await browser(digits(1));
    const source = { kind: "files", images: new Blob([labels]), labels: new Blob([labels]) } as const;
    const last = await tab().open({ invite, shareLabels: false, source }).done;
    expect(last).toMatchObject({ kind: "failed", code: "invalid_argument" });
    expect(joined).toEqual([]);
  });
});
