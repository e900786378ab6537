import { describe, expect, it } from "vitest";
import { newLeaseId, parseLeaseId } from "./lease-id.ts";

describe("a lease id", () => {
  it("says what the lease is for, and is never the same twice", () => {
    const key = { round: 12, kind: "train" as const, segment: 3, party: "hospital-b" };
    const [one, other] = [newLeaseId(key), newLeaseId(key)];
    expect(one).not.toBe(other);
    expect(parseLeaseId(one)).toEqual(key);
    expect(parseLeaseId(newLeaseId({ ...key, kind: "evaluate", segment: 0 }))?.kind).toBe("evaluate");
  });

  it("fits into the protocol for the longest names", () => {
    const id = newLeaseId({ round: 1_000_000, kind: "train", segment: 99_999, party: "x".repeat(63) });
    expect(id.length).toBeLessThanOrEqual(100);
    expect(parseLeaseId(id)?.party).toHaveLength(63);
  });

  it.each(["", "1.t0.a", "0.t0.a.0123456789abcdef", "1.x0.a.0123456789abcdef", "1.t0.A.0123456789abcdef", "../1.t0.a"])(
    "is not %j",
    (id) => {
      expect(parseLeaseId(id)).toBeUndefined();
    },
  );
});
