import { NO_TRAFFIC } from "@concord/federation";
import { describe, expect, it } from "vitest";
import { trafficMeter } from "./meter.ts";

const to = (party: string) => ({ federation: "f", party, round: 1, purpose: "train" as const });

describe("the meter", () => {
  it("adds up by party, round and purpose, and hands everything over once", () => {
    const meter = trafficMeter();
    meter.add(to("a"), { wireUp: 1 });
    meter.add(to("a"), { wireUp: 2, wireDown: 3 });
    meter.add({ ...to("a"), purpose: "evaluate" }, { wireUp: 5 });
    meter.add(to("b"), { wireUp: 7 });
    expect(meter.pending("g")).toEqual([]);
    expect(meter.pending("f")).toHaveLength(3);
    const taken = meter.take();
    expect(taken[0]).toEqual({ ...to("a"), traffic: { ...NO_TRAFFIC, wireUp: 3, wireDown: 3 } });
    expect(meter.isEmpty()).toBe(true);
    meter.add(to("a"), { wireUp: 10 });
    meter.giveBack(taken);
    expect(meter.take().map(({ traffic }) => traffic.wireUp)).toEqual([13, 5, 7]);
  });

  it("hands over in portions", () => {
    const meter = trafficMeter();
    for (const party of ["a", "b", "c"]) meter.add(to(party), { wireUp: 1 });
    expect(meter.take(2).map(({ party }) => party)).toEqual(["a", "b"]);
    expect(meter.take(2).map(({ party }) => party)).toEqual(["c"]);
  });
});
