import { afterEach, describe, expect, test } from "vitest";
import { expectOnce } from "./books.ts";
import { killer } from "./kill-plan.ts";
import { openSite, type Site } from "./killable-site.ts";
import { DYNAMICFL, dynamicExchanges, simulated, smallSpec } from "./small-federation.ts";

/** "kill -9 of any party at any moment": the bits and the books of an undisturbed run. */

describe.each([
  ["FedAvg", smallSpec({ kind: "fedavg", localSteps: 4 }, 9), () => 1],
  ["FedSGD", smallSpec({ kind: "fedsgd", localSteps: 3 }, 5), () => 3],
  ["DynamicFL", smallSpec(DYNAMICFL, 6), dynamicExchanges],
])("%s", (algorithm, spec, exchanges) => {
  let site: Site | undefined;
  afterEach(async () => {
    await site?.close();
    site = undefined;
  });

  test("ends with the bits of the simulator and counts everything once, whichever parties are killed 12 times", async () => {
    const deaths = killer("party", 12, `party, ${algorithm}`, () => site as Site);
    site = await openSite(spec, deaths.observe);
    await site.finished().catch((error: unknown) => {
      throw new Error(`after the kills ${deaths.log.join("; ")}`, { cause: error });
    });
    await deaths.settled();

    const told = deaths.log.join("\n");
    expect(deaths.left(), told).toBe(0);
    expect({ model: await site.model(), accuracy: await site.accuracy() }, told).toEqual(await simulated(spec));
    expect((await site.federation()).status).toBe("finished");
    await expectOnce(site, spec.rounds, exchanges, told);
  });
});
