import { setTimeout as sleep } from "node:timers/promises";
import type { FederationSpec } from "@concord/federation";
import type { ConcordEvent } from "@concord/protocol";
import { afterEach, describe, expect, test } from "vitest";
import { openSite, type Site } from "./killable-site.ts";
import type { Moment } from "./observed-link.ts";
import { replayedMerges } from "./replayed-merges.ts";
import { MODEL_BYTES, PARTIES, smallSpec } from "./small-federation.ts";

/** With a short deadline and a quorum, those who are there do not wait for one who is not. */

const LOST = "south";
const CONDITIONS = { quorum: 0.5, exchangeDeadline: 2, roundDeadline: 60, leaseSeconds: 2 } as const;
const SHORT = smallSpec({ kind: "fedavg", localSteps: 4 }, 8, CONDITIONS);
/** Long enough for a party to miss rounds, come back and take part again. */
const LONG = { ...SHORT, rounds: 40 };

describe("a party that is away for longer than the deadline", () => {
  let site: Site | undefined;
  afterEach(async () => {
    await site?.close();
    site = undefined;
  });

  test.each<[string, Moment]>([
    ["before it has the model", "leased"],
    ["with its update sent and the reply not", "uploaded"],
  ])(
    "is dropped if it was killed %s; the others go on without it",
    async (_when, moment) => {
      const lost = once();
      const here = await open(SHORT, async (party, at) => {
        if (party !== LOST || at !== moment || lost.done) return;
        lost.set();
        await here.kill(LOST);
      });
      await here.finished();
      const { events, dropped } = await expectCountedOnce(here);
      expect(dropped[0]).toMatchObject({ party: LOST, round: 1, reason: "it did not reply within 2 s" });
      expect(events).toContainEqual(expect.objectContaining({ type: "party.status", party: LOST, status: "absent" }));
      expect((await here.federation()).status).toBe("finished");

      const [north, south] = await here.parties();
      expect(south).toMatchObject({ status: "absent", updates: 0, online: false });
      // The update that nobody named crossed the link once, and is in the books once.
      expect(south?.train.payloadUp).toBe(moment === "uploaded" ? MODEL_BYTES : 0);
      expect(north?.train).toMatchObject({ payloadUp: 8 * MODEL_BYTES, payloadDown: 8 * MODEL_BYTES });
    },
    120_000,
  );

  test("takes part again when it comes back", async () => {
    const lost = once();
    const back = once();
    const here = await open(LONG, async (party, at) => {
      if (party === LOST && at === "leased" && !lost.done) {
        lost.set();
        await here.kill(LOST);
      }
      // The others take their time, so that there are rounds left when it is back.
      if (party !== LOST && at === "leased" && !back.done) await sleep(150);
    });
    let wasAbsent = false;
    here.onEvent((event) => {
      if (event.type === "party.status" && event.party === LOST && event.status === "absent") {
        wasAbsent = true;
        void here.start(LOST);
      }
      if (event.type === "round.started" && wasAbsent && event.members.includes(LOST)) back.set();
    });
    await here.finished();
    const { events } = await expectCountedOnce(here);
    const statuses = events.flatMap((event) => (event.type === "party.status" ? [[event.status, event.reason]] : []));
    expect(statuses).toEqual([
      ["absent", "not heard from for 2 s"],
      ["active", "heard from again"],
    ]);
    const south = (await here.parties()).find(({ id }) => id === LOST);
    expect(south).toMatchObject({ status: "active" });
    expect(south?.updates).toBeGreaterThan(0);
    expect(south?.missed).toBeGreaterThan(0);
    expect(merges(events).at(-1)).toMatchObject({ parties: PARTIES, missing: [] });
  }, 120_000);

  test("is told that its reply is late if it only slept, and nothing of it counts", async () => {
    const asleep = once();
    const here = await open(SHORT, async (party, at) => {
      if (party !== LOST) return;
      if (at === "reply due" && !asleep.done) {
        asleep.set();
        signal("SIGSTOP");
        await untilDropped(here);
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
    expect(south).toMatchObject({ status: "active", updates: 7, missed: 1 });
  }, 120_000);

  async function open(spec: FederationSpec, observe: (party: string, moment: Moment) => Promise<void>): Promise<Site> {
    site = await openSite(spec, observe);
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

async function untilDropped(site: Site): Promise<void> {
  while (!(await site.events()).some(({ type }) => type === "party.dropped")) await sleep(100);
}

/** Something that happens once. */
function once(): { readonly done: boolean; set(): void } {
  let done = false;
  return {
    get done() {
      return done;
    },
    set() {
      done = true;
    },
  };
}
