import { setTimeout as sleep } from "node:timers/promises";
import type { ConcordEvent } from "@concord/protocol";
import { afterEach, describe, expect, test } from "vitest";
import { openSite, type Site } from "./killable-site.ts";
import type { Moment } from "./observed-link.ts";
import { replayedMerges } from "./replayed-merges.ts";
import { DYNAMICFL, dynamicExchanges, MODEL_BYTES, smallSpec } from "./small-federation.ts";

/**
 * A fast party of DynamicFL that dies between two exchanges of a round. Only its own deadline passes by the clock, and it
 * is long: nobody else misses one because the machine is busy.
 */
const CONDITIONS = { quorum: 0.5, exchangeDeadline: 25, roundDeadline: 3_600, leaseSeconds: 20 } as const;

describe("a fast party that is killed between two exchanges", () => {
  let site: Site | undefined;
  afterEach(async () => {
    await site?.close();
    site = undefined;
  });

  test("and stays away neither stops the round nor disturbs the slow party; its weight at the end does not count", async () => {
    const here = await open(2);
    await here.site.finished();

    const { events, lost, slow } = await here.told();
    const merged = mergesOf(events, 1);
    const without = merged.filter(({ step }) => step > 1);
    expect(merged[0]).toMatchObject({ step: 1, missing: [] });
    expect(without.every(({ parties, missing }) => missing.includes(lost) && !parties.includes(lost))).toBe(true);
    expect(merged.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6, 7, 9]);
    const [first] = await here.rounds();
    expect(first).toMatchObject({ status: "finished", merged: 9 });
    expect(first?.members.find(({ party }) => party === lost)).toMatchObject({
      missed: [2, 3, 4, 5, 6, 7, 9],
      completed: false,
    });
    // Nobody waits for it again, and the second round is drawn without it.
    expect(events.filter(({ type }) => type === "round.void")).toEqual([]);
    expect(events.findLast((event) => event.type === "round.started")?.members).not.toContain(lost);
    expect((await here.site.federation()).status).toBe("finished");
    await here.expectUndisturbed(slow);
  }, 300_000);

  test("rejoins at its next due step from the current model when it comes back, and counts at the end", async () => {
    const here = await open(1, { comesBack: true });
    await here.site.finished();

    const { events, lost, slow } = await here.told();
    const merged = mergesOf(events, 1);
    expect(merged.filter(({ missing }) => missing.length > 0)).toMatchObject([{ step: 2, missing: [lost] }]);
    expect(merged.filter(({ parties }) => parties.includes(lost)).map(({ step }) => step)).toEqual([
      1, 3, 4, 5, 6, 7, 9,
    ]);
    const [first] = await here.rounds();
    expect(first?.members.find(({ party }) => party === lost)).toMatchObject({ missed: [2], completed: true });
    await here.expectUndisturbed(slow);
  }, 300_000);

  /** A site whose first round loses one of its two fast parties after the first exchange. */
  async function open(rounds: number, { comesBack = false } = {}) {
    const spec = smallSpec(DYNAMICFL, rounds, CONDITIONS);
    const leases = new Map<string, number>();
    let group: readonly string[] = [];
    let killed = false;
    let back = !comesBack;
    const lostParty = () => group[0] ?? "";

    const observe = async (party: string, moment: Moment) => {
      if (moment === "leased") leases.set(party, (leases.get(party) ?? 0) + 1);
      if (group.length === 0)
        group = (await here.events()).find((event) => event.type === "round.started")?.group?.parties ?? [];
      if (party === lostParty() && moment === "leased" && leases.get(party) === 2) {
        killed = true;
        await here.kill(party);
      }
      if (party === lostParty() && moment === "replied" && (leases.get(party) ?? 0) > 2) back = true;
      // The other fast party stays with its third segment until the lost one is back.
      while (party === group[1] && moment === "reply due" && leases.get(party) === 3 && killed && !back)
        await sleep(50);
    };
    site = await openSite(spec, observe);
    const here = site;
    here.onEvent((event) => {
      if (comesBack && event.type === "party.dropped" && event.party === lostParty()) void here.start(event.party);
    });
    return {
      site: here,
      rounds: here.rounds,
      async told() {
        const events = await here.events();
        expect(await here.model()).toBe(await replayedMerges(spec, events));
        const slow =
          events.find((event) => event.type === "round.started")?.members.find((id) => !group.includes(id)) ?? "";
        return { events, lost: lostParty(), slow };
      },
      /** Its segments came to it once each, and no byte more than without the loss. */
      async expectUndisturbed(slow: string) {
        const started = (await here.events()).filter((event) => event.type === "round.started");
        const segments = started.reduce(
          (sum, { group }) => sum + dynamicExchanges(group?.parties.includes(slow) ?? false),
          0,
        );
        const view = (await here.parties()).find(({ id }) => id === slow);
        expect(view).toMatchObject({ updates: segments, missed: 0 });
        expect([view?.train.payloadUp, view?.train.payloadDown]).toEqual(Array(2).fill(segments * MODEL_BYTES));
        expect(leases.get(slow)).toBe(segments + rounds);
      },
    };
  }
});

function mergesOf(events: readonly ConcordEvent[], round: number) {
  return events.filter((event) => event.type === "exchange.merged").filter((event) => event.round === round);
}
