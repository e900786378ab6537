import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { lastLine, linesOf, newPlace, type Place } from "./concord-process.ts";

const EXPERIMENT = fileURLToPath(new URL("../../../experiments/fedavg/fashion-mnist-mlp.yaml", import.meta.url));
const { CONCORD_DATA } = process.env;

let place: Place;
beforeEach(async () => {
  place = await newPlace();
});
afterEach(() => place.close());

describe.skipIf(CONCORD_DATA === undefined)(
  "with Fashion-MNIST (skipped where CONCORD_DATA does not say where it is)",
  () => {
    test("100 parties of skewed labels, 10 a round, 20 rounds reach 0.75 on the test set", async () => {
      const ended = await place.run(["run", EXPERIMENT, "--json"], { CONCORD_DATA: CONCORD_DATA ?? "" });
      expect(ended).toMatchObject({ code: 0, stderr: "" });
      expect(linesOf(ended)[0]).toMatchObject({ parties: 100, rounds: 20, generated: false });
      const result = lastLine(ended);
      expect(result).toMatchObject({
        type: "result",
        rounds: 20,
        accuracySource: "test set held by the coordinator (10000 examples)",
        payloadBytesUp: 10 * 20 * 4 * 109_386,
      });
      expect(result.accuracy).toBeGreaterThanOrEqual(0.75);
    });

    test("start trains on it without being told", async () => {
      const running = place.start(
        ["start", "--no-open", "--json", "--port", "0", "--parties", "2", "--rounds", "1", "--local-steps", "2"],
        { CONCORD_DATA: CONCORD_DATA ?? "" },
      );
      const ended = await running.ended;
      expect(ended.code).toBe(0);
      expect(linesOf(ended)[0]).toMatchObject({ type: "start", generated: false });
      expect(lastLine(ended)).toMatchObject({ type: "result", rounds: 1 });
    });
  },
);
