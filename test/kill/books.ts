import { expect } from "vitest";
import type { Site } from "./killable-site.ts";
import { MODEL_BYTES, PARTIES } from "./small-federation.ts";

/** Every update, merge and round once in the log, and bytes by the formula: a model down and up for each exchange. */
export async function expectOnce(site: Site, rounds: number, exchanges: number, told: string): Promise<void> {
  const events = await site.events();
  expect(events.map(({ seq }) => seq)).toEqual(events.map((_, i) => i + 1));
  const updates = events.flatMap((e) => (e.type === "update.accepted" ? [`${e.round} ${e.step} ${e.party}`] : []));
  const merges = events.flatMap((e) =>
    e.type === "exchange.merged" ? [{ parties: e.parties, missing: e.missing }] : [],
  );
  expect(new Set(updates).size, told).toBe(updates.length);
  expect(updates, told).toHaveLength(rounds * exchanges * PARTIES.length);
  expect(merges, told).toEqual(Array(rounds * exchanges).fill({ parties: PARTIES, missing: [] }));
  expect(events.filter(({ type }) => type === "round.finished")).toHaveLength(rounds);
  expect(events.filter(({ type }) => type === "party.joined")).toHaveLength(PARTIES.length);
  expect(events.filter(({ type }) => type === "party.dropped" || type === "round.void")).toEqual([]);

  const trained = rounds * exchanges * MODEL_BYTES;
  for (const { id, updates, missed, train, evaluate } of await site.parties()) {
    expect({ id, updates, missed }).toEqual({ id, updates: rounds * exchanges, missed: 0 });
    expect([train.payloadUp, train.payloadDown], told).toEqual([trained, trained]);
    expect([evaluate.payloadUp, evaluate.payloadDown], told).toEqual([0, rounds * MODEL_BYTES]);
  }
}
