import { type ConcordEvent, stepsOf } from "@concord/protocol";
import { expect } from "vitest";
import type { Site } from "./killable-site.ts";
import { MODEL_BYTES, PARTIES } from "./small-federation.ts";

/** How often a member exchanges in a round, by whether it is in the fast group. */
export type Exchanges = (fast: boolean) => number;

/**
 * Every update, merge and round once in the log, as the schedules of the rounds have them, and bytes by the formula: a
 * model down and up for each exchange.
 */
export async function expectOnce(site: Site, rounds: number, exchanges: Exchanges, told: string): Promise<void> {
  const events = await site.events();
  expect(events.map(({ seq }) => seq)).toEqual(events.map((_, i) => i + 1));
  const started = events.filter((event) => event.type === "round.started");
  expect(started.map(({ round }) => round)).toEqual(Array.from({ length: rounds }, (_, i) => i + 1));
  const updates = events.flatMap((e) => (e.type === "update.accepted" ? [`${e.round} ${e.step} ${e.party}`] : []));
  const due = started.flatMap((event) =>
    mergesOf(event).flatMap(({ round, step, parties }) => parties.map((party) => `${round} ${step} ${party}`)),
  );
  expect([...updates].sort(), told).toEqual([...due].sort());
  const merges = events.flatMap(({ seq: _s, time: _t, federation: _f, ...e }) =>
    e.type === "exchange.merged" ? [e] : [],
  );
  expect(merges, told).toEqual(started.flatMap(mergesOf));
  expect(events.filter(({ type }) => type === "round.finished")).toHaveLength(rounds);
  expect(events.filter(({ type }) => type === "party.joined")).toHaveLength(PARTIES.length);
  expect(events.filter(({ type }) => type === "party.dropped" || type === "round.void")).toEqual([]);

  for (const { id, updates, missed, train, evaluate } of await site.parties()) {
    const wanted = started.reduce((sum, { group }) => sum + exchanges(group?.parties.includes(id) ?? false), 0);
    expect({ id, updates, missed }).toEqual({ id, updates: wanted, missed: 0 });
    expect([train.payloadUp, train.payloadDown], told).toEqual(Array(2).fill(wanted * MODEL_BYTES));
    expect([evaluate.payloadUp, evaluate.payloadDown], told).toEqual([0, rounds * MODEL_BYTES]);
  }
}

/** The merges of a round in which nobody misses an exchange. */
function mergesOf({ round, members, schedules = [] }: Extract<ConcordEvent, { type: "round.started" }>) {
  const dueAt = new Map<number, string[]>();
  for (const party of members) {
    const schedule = schedules.find(({ parties }) => parties.includes(party))?.exchanges ?? [];
    for (const step of stepsOf(schedule)) dueAt.set(step, [...(dueAt.get(step) ?? []), party]);
  }
  return [...dueAt]
    .sort(([a], [b]) => a - b)
    .map(([step, parties]) => ({ type: "exchange.merged" as const, round, step, parties, missing: [] }));
}
