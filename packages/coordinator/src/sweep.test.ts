import { encodeSafetensors, float32 } from "@concord/engine";
import type { CoordinatorState } from "@concord/federation";
import { expect, it } from "vitest";
import { systemClock } from "./clock.ts";
import { openDepot } from "./depot.ts";
import { eventFeed } from "./feed.ts";
import { openJournal } from "./journal.ts";
import { defaultLog } from "./log.ts";
import { trafficMeter } from "./meter.ts";
import { memoryStore } from "./store/memory.ts";
import { memoryBlobs } from "./store/memory-blobs.ts";
import { federationRecord, mergeRecord, partyRecord, roundRecord, segmentRecord } from "./store/suite/records.ts";
import { sweeper } from "./sweep.ts";

/** A blob that is made of its name. */
const content = (name: string) => encodeSafetensors({ model: { [name]: float32([1], [1]) } } as CoordinatorState);

it("keeps of a round under way only what its open segments start from, and what waits for its exchange", async () => {
  const feed = eventFeed(() => {});
  const meter = trafficMeter();
  const depot = openDepot(memoryBlobs());
  const journal = openJournal(memoryStore(), feed, meter, systemClock);
  const context = { journal, feed, depot, meter, clock: systemClock, log: defaultLog() };
  const sweep = sweeper(context, 0);
  const names = ["before", "after 4", "after 8", "a1", "a2", "a3", "b1", "void"];
  const ids = new Map<string, string>();
  for (const name of names) {
    const pinned = await depot.put(content(name));
    pinned.release();
    ids.set(name, pinned.sha256);
  }
  const id = (name: string) => ids.get(name) ?? "";
  const at = (party: string, segment: number) => ({ federation: "digits", round: 1, party, segment });
  // a exchanges at 4, 8, 12 and has replied to all three; b at 8, 12: its first update is merged, its second is awaited.
  const members = [
    { party: "a", examples: 1, exchanges: [4, 8, 12] },
    { party: "b", examples: 1, exchanges: [8, 12] },
    { party: "c", examples: 1, exchanges: [12] },
  ];
  await journal.commit(async (tx, emit) => {
    await tx.federations.insert(federationRecord("digits", { status: "running", round: 0, state: id("after 8") }));
    for (const { party } of members) await tx.parties.insert(partyRecord("digits", party));
    await tx.rounds.insert(
      roundRecord("digits", 1, { plan: { round: 1, steps: 12, members }, stateBefore: id("before") }),
    );
    for (const [segment, update] of ["a1", "a2", "a3"].entries()) {
      await tx.segments.insert(segmentRecord(at("a", segment), { update: id(update) }));
    }
    await tx.segments.insert(segmentRecord(at("b", 0), { update: id("b1") }));
    await tx.merges.insert(mergeRecord({ federation: "digits", round: 1, step: 4 }, { state: id("after 4") }));
    await tx.merges.insert(mergeRecord({ federation: "digits", round: 1, step: 8 }, { state: id("after 8") }));
    await emit({ type: "exchange.merged", federation: "digits", round: 1, step: 8, parties: ["a", "b"], missing: [] });
  });
  // Asked for by the event: more than nothing has gathered.
  await sweep.settled();
  const left = await Promise.all(names.map(async (name) => ((await depot.get(id(name))) === undefined ? [] : [name])));
  expect(left.flat()).toEqual(["before", "after 8", "a3"]);
  expect(depot.grown()).toBe(0);
});
