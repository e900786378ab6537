import { key, type Rng, rng, split } from "@concord/engine";
import { afterEach, describe, expect, it } from "vitest";
import type { Coordinator } from "../src/index.ts";
import { memoryBlobs, memoryStore } from "../src/index.ts";
import { type FakeParty, fakeParty, joinAs } from "./fake-party.ts";
import { eventsOf, startInMemory, tinySpec } from "./federation.ts";
import { manualClock } from "./manual-clock.ts";

const { clock, advance } = manualClock(() => coordinator.settled());
let coordinator: Coordinator;
afterEach(() => coordinator.close());

const DEADLINE = 60;
const SPEC = tinySpec({
  algorithm: { kind: "fedsgd", localSteps: 2 },
  rounds: 8,
  minimumParties: 3,
  quorum: 0.6,
  exchangeDeadline: DEADLINE,
  roundDeadline: 400,
});

describe("a federation", () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])(
    "ends if its parties are there in the end, whatever they have done before (%i)",
    async (seed) => {
      const random = rng(split(key("liveness"), seed));
      const stores = { store: { ...memoryStore(), close: async () => {} }, blobs: memoryBlobs() };
      coordinator = await startInMemory({ ...stores, clock });
      await coordinator.createFederation("tiny", SPEC);
      const parties: FakeParty[] = [];
      for (const name of ["a", "b", "c"]) {
        const { id, key: secret } = await joinAs(coordinator, "tiny", name);
        parties.push(fakeParty(() => coordinator.url, id, secret));
      }

      for (let i = 0; i < 40; i++) await anything(random, parties);
      for (const party of parties) await party.setStatus("active").catch(ignoreLeft);
      for (let i = 0; i < 100 && !(await hasFinished()); i++) {
        const worked = await Promise.all(parties.map(takeTurn));
        // Where nobody has anything to do, somebody is awaited who will not come.
        if (!worked.includes(true)) await advance(DEADLINE);
      }
      const told = (await eventsOf(coordinator, "tiny")).map((event) => JSON.stringify(event)).join("\n");
      expect(await coordinator.federation("tiny"), told).toMatchObject({ status: "finished", round: SPEC.rounds });

      async function anything(r: Rng, [a, b, c]: readonly FakeParty[]): Promise<void> {
        const party = [a, b, c][r.below(3)] as FakeParty;
        switch (r.below(8)) {
          case 0:
            await party.setStatus("paused").catch(ignoreLeft);
            break;
          case 1:
            await party.setStatus("active").catch(ignoreLeft);
            break;
          case 2:
            // One of them stays whatever happens.
            if (party !== a && r.below(4) === 0) await party.setStatus("left").catch(ignoreLeft);
            break;
          case 3:
            await party.work(0);
            break;
          case 4:
            await advance(1 + r.below(2 * DEADLINE));
            break;
          case 5:
            if (r.below(3) > 0) break;
            await coordinator.close();
            coordinator = await startInMemory({ ...stores, clock });
            break;
          default:
            await takeTurn(party);
        }
      }
    },
  );
});

/** Does what there is to do for a party at this moment; false if there is nothing. */
async function takeTurn(party: FakeParty): Promise<boolean> {
  await coordinator.settled();
  const work = await party.work(0);
  if (work.kind === "train") await party.train(work, 1).catch(ignoreLate);
  if (work.kind === "evaluate") await party.evaluate(work, 5, 10).catch(ignoreLate);
  await coordinator.settled();
  return work.kind === "train" || work.kind === "evaluate";
}

async function hasFinished(): Promise<boolean> {
  return (await coordinator.federation("tiny")).status === "finished";
}

function ignoreLeft(error: { readonly code?: string }): void {
  if (error.code !== "failed_precondition") throw error;
}

/** The others have ended the exchange, or the round, in the meantime. */
function ignoreLate(error: { readonly code?: string }): void {
  if (!["gone", "permission_denied", "failed_precondition", "not_found"].includes(error.code ?? "")) throw error;
}
