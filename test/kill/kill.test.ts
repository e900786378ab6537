import { afterEach, describe, expect, test } from "vitest";
import { killer, type VictimKind } from "./kill-plan.ts";
import { openSite, type Site } from "./killable-site.ts";
import { MODEL_BYTES, PARTIES, simulated, smallSpec } from "./small-federation.ts";

/** "kill -9 of the coordinator and of any party at any moment": the bits and the books of an undisturbed run. */

const FEDAVG = { kind: "fedavg", localSteps: 4 } as const;
const FEDSGD = { kind: "fedsgd", localSteps: 3 } as const;

describe.each([
  ["FedAvg", smallSpec(FEDAVG, 9), 1],
  ["FedSGD", smallSpec(FEDSGD, 5), 3],
])("%s", (_name, spec, exchanges) => {
  let site: Site | undefined;
  afterEach(async () => {
    await site?.close();
    site = undefined;
  });

  test.each<[string, VictimKind, number]>([
    ["undisturbed", "party", 0],
    ["with the coordinator killed at 12 moments", "coordinator", 12],
    ["with parties killed at 12 moments", "party", 12],
  ])(
    "%s, ends with the bits of the simulator and counts everything once",
    async (name, victims, kills) => {
      const deaths = killer(victims, kills, `${_name} ${name}`, () => site as Site);
      site = await openSite(spec, (party, moment) => deaths.observe(party, moment));
      await site.finished().catch((error: unknown) => {
        throw new Error(`after the kills ${deaths.log.join("; ")}`, { cause: error });
      });
      await deaths.settled();

      const told = deaths.log.join("\n");
      expect(deaths.left(), told).toBe(0);
      expect({ model: await site.model(), accuracy: await site.accuracy() }, told).toEqual(await simulated(spec));
      expect((await site.federation()).status).toBe("finished");
      await expectOnce(site, spec.rounds, exchanges, told);
    },
    120_000,
  );
});

/** Every update, merge and round once in the log, and bytes by the formula: a model down and up for each exchange. */
async function expectOnce(site: Site, rounds: number, exchanges: number, told: string): Promise<void> {
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
