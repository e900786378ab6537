import { describe, expect, it } from "vitest";
import { addTraffic, NO_TRAFFIC, totalTraffic } from "./communication.ts";

describe("traffic", () => {
  it("adds up, each kind apart", () => {
    const a = { ...NO_TRAFFIC, payloadUp: 1, wireUp: 10 };
    const b = { payloadUp: 2, payloadDown: 3, indexUp: 4, indexDown: 5, wireUp: 6, wireDown: 7 };
    expect(addTraffic(a, b)).toEqual({
      payloadUp: 3,
      payloadDown: 3,
      indexUp: 4,
      indexDown: 5,
      wireUp: 16,
      wireDown: 7,
    });
    expect(addTraffic(a, {})).toEqual(a);
    expect(totalTraffic([a, b, a])).toEqual(addTraffic(addTraffic(a, b), a));
    expect(totalTraffic([])).toEqual(NO_TRAFFIC);
  });
});
