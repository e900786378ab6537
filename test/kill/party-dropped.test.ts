import { setTimeout as sleep } from "node:timers/promises";
import type { ConcordEvent } from "@concord/protocol";
import { afterEach, describe, expect, test } from "vitest";
import { openSite, type Site } from "./killable-site.ts";
import type { Moment } from "./observed-link.ts";
import { replayedMerges } from "./replayed-merges.ts";
import { MODEL_BYTES, PARTIES, smallSpec } from "./small-federation.ts";

/** With a short deadline and a quorum, those who are there do not wait for one who is not. */

const LOST = "south";
/** So long that only the test lets it pass. */
const DEADLINE = 1_800;
const ROUNDS = 6;
const SPEC = smallSpec({ kind: "fedavg", localSteps: 4 }, ROUNDS, { quorum: 0.5, exchangeDeadline: DEADLINE });

describe("a party that is away for longer than the deadline", () => {
  let site: Site | undefined;
  afterEach(async () => {
    await site?.close();
    site = undefined;
  });

  test.each<[string, Moment]>([
    ["before it has the model", "leased"],
    ["with its update sent and the reply not", "uploaded"],
  ])("is dropped if it was killed %s; the others go on without it", async (_when, moment) => {
    const lost = once();
    const here = await open(async (party, at) => {
      if (party !== LOST || at !== moment || lost.done) return;
      lost.set();
      await here.kill(LOST);
    });
    await lost.happened;
    await passDeadline(here);
    await here.finished();
    const { events, dropped } = await expectCountedOnce(here);
    expect(dropped[0]).toMatchObject({ party: LOST, round: 1, reason: "it did not reply within 1800 s" });
    expect(events).toContainEqual(expect.objectContaining({ type: "party.status", party: LOST, status: "absent" }));
    expect((await here.federation()).status).toBe("finished");

    const [north, south] = await here.parties();
    expect(south).toMatchObject({ status: "absent", updates: 0, online: false });
    // The update that nobody named crossed the link once, and is in the books once.
    expect(south?.train.payloadUp).toBe(moment === "uploaded" ? MODEL_BYTES : 0);
    expect(north?.train).toMatchObject({ payloadUp: ROUNDS * MODEL_BYTES, payloadDown: ROUNDS * MODEL_BYTES });
  });

  test("takes part again when it comes back", async () => {
    const lost = once();
    const back = Promise.withResolvers<void>();
    const here = await open(async (party, at) => {
      if (party === LOST && at === "leased" && !lost.done) {
        lost.set();
        await here.kill(LOST);
      }
      // The others wait with the second round, so that there are rounds left when it is back.
      if (party !== LOST && at === "leased" && wasAbsent) await back.promise;
    });
    let wasAbsent = false;
    here.onEvent((event) => {
      if (event.type !== "party.status" || event.party !== LOST) return;
      if (event.status === "active") back.resolve();
      if (event.status === "absent") {
        wasAbsent = true;
        void here.start(LOST);
      }
    });
    await lost.happened;
    await passDeadline(here);
    await here.finished();
    const { events } = await expectCountedOnce(here);
    const statuses = events.flatMap((event) => (event.type === "party.status" ? [[event.status, event.reason]] : []));
    expect(statuses).toEqual([
      ["absent", "not heard from for 30 s"],
      ["active", "heard from again"],
    ]);
    const south = (await here.parties()).find(({ id }) => id === LOST);
    expect(south).toMatchObject({ status: "active" });
    expect(south?.updates).toBeGreaterThan(0);
    expect(south?.missed).toBeGreaterThan(0);
    expect(merges(events).at(-1)).toMatchObject({ parties: PARTIES, missing: [] });
  });

  test("is told that its reply is late if it only slept, and nothing of it counts", async () => {
    const asleep = once();
    const here = await open(async (party, at) => {
      if (party !== LOST) return;
      if (at === "reply due" && !asleep.done) {
        asleep.set();
        signal("SIGSTOP");
        await passDeadline(here);
        await until(here, ({ type }) => type === "party.dropped");
      }
      if (at === "replied") signal("SIGCONT");
    });
    // Stopped, so that it sends no heartbeat either: it would learn from them that it was dropped.
    const signal = (name: NodeJS.Signals) => process.kill(here.pid(LOST) ?? Number.NaN, name);
    await here.finished();
    const { events } = await expectCountedOnce(here);
    expect(events).toContainEqual(
      expect.objectContaining({
        type: "update.refused",
        party: LOST,
        code: "gone",
        reason: "a reply of round 1 came too late; the round went on without it",
      }),
    );
    const south = (await here.parties()).find(({ id }) => id === LOST);
    expect(south).toMatchObject({ status: "active", updates: ROUNDS - 1, missed: 1 });
  });

  async function open(observe: (party: string, moment: Moment) => Promise<void>): Promise<Site> {
    site = await openSite(SPEC, observe);
    return site;
  }
});

/** Every update once, and the model that the merges of the log make of them: nothing lost, nothing counted twice. */
async function expectCountedOnce(site: Site) {
  const events = await site.events();
  const dropped = events.filter((event) => event.type === "party.dropped");
  const accepted = events.flatMap((e) => (e.type === "update.accepted" ? [`${e.round} ${e.party}`] : []));
  const merged = merges(events).flatMap(({ round, parties }) => parties.map((party) => `${round} ${party}`));
  expect([...accepted].sort()).toEqual([...merged].sort());
  expect(new Set(accepted).size).toBe(accepted.length);
  expect(dropped.map(({ round, party }) => `${round} ${party}`)).toEqual(
    merges(events).flatMap(({ round, missing }) => missing.map((party) => `${round} ${party}`)),
  );
  for (const { id, updates, missed } of await site.parties()) {
    expect({ id, updates, missed }).toEqual({
      id,
      updates: accepted.filter((name) => name.endsWith(id)).length,
      missed: dropped.filter(({ party }) => party === id).length,
    });
  }
  const { spec } = await site.federation();
  expect(await site.model()).toBe(await replayedMerges(spec, events));
  return { events, dropped };
}

function merges(events: readonly ConcordEvent[]) {
  return events.filter((event) => event.type === "exchange.merged");
}

/**
 * Lets the deadline of the first exchange pass when everybody else has replied. Whoever is to miss it must have begun:
 * one that had not asked for work yet would be lost in a later exchange, whose deadline nobody lets pass.
 */
async function passDeadline(site: Site): Promise<void> {
  const others = PARTIES.filter((party) => party !== LOST);
  for (const party of others) await until(site, (event) => event.type === "update.accepted" && event.party === party);
  site.advance(DEADLINE);
}

async function until(site: Site, is: (event: ConcordEvent) => boolean): Promise<void> {
  while (!(await site.events()).some(is)) await sleep(50);
}

/** Something that happens once. */
function once(): { readonly done: boolean; readonly happened: Promise<void>; set(): void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  let done = false;
  return {
    happened: promise,
    get done() {
      return done;
    },
    set() {
      done = true;
      resolve();
    },
  };
}
