import { describe, expect, it } from "vitest";
import { dynamicflSpecSchema, ratiosOf } from "./spec.ts";

const SPEC = { kind: "dynamicfl", localSteps: 250, activeParties: 10, levels: ["b", "g"], p: 0.6 };
const { p: _, ...WITHOUT_P } = SPEC;

describe("a specification of DynamicFL", () => {
  it("fills in the published rules", () => {
    expect(dynamicflSpecSchema.parse(SPEC)).toEqual({
      ...SPEC,
      budget: "server",
      group: "divergence",
      search: "auto",
      slow: "published",
    });
  });

  it("says the share of each level by p or by ratios", () => {
    expect(ratiosOf(dynamicflSpecSchema.parse(SPEC))).toEqual([0.6, 0.4]);
    expect(ratiosOf(dynamicflSpecSchema.parse({ ...WITHOUT_P, ratios: [0.1, 0.9] }))).toEqual([0.1, 0.9]);
    const thirds = { ...WITHOUT_P, levels: ["a", "c", "g"], ratios: [1 / 3, 1 / 3, 1 / 3] };
    expect(ratiosOf(dynamicflSpecSchema.parse(thirds))).toHaveLength(3);
    // 0.7 + 0.2 + 0.1 is a little less than 1 in floating point.
    expect(() => dynamicflSpecSchema.parse({ ...thirds, ratios: [0.7, 0.2, 0.1] })).not.toThrow();
    for (const p of [0, 1]) expect(ratiosOf(dynamicflSpecSchema.parse({ ...SPEC, p }))).toEqual([p, 1 - p]);
  });

  it.each<[string, object, string, RegExp]>([
    ["an unknown interval", { levels: ["b", "z"] }, "levels.1", /interval level: a 1, b 4, .* g 256 local steps/],
    ["levels in the wrong order", { levels: ["g", "b"] }, "levels.1", /"b" does not come after "g".*fastest first/],
    ["the same level twice", { levels: ["b", "b"] }, "levels.1", /different levels/],
    ["one level", { levels: ["b"], p: undefined, ratios: [1] }, "levels", /at least two/],
    ["p above 1", { p: 1.5 }, "p", /from 0 to 1/],
    ["p below 0", { p: -0.1 }, "p", /from 0 to 1/],
    ["p in words", { p: "most" }, "p", /from 0 to 1/],
    ["p of NaN", { p: Number.NaN }, "p", /from 0 to 1/],
    ["a ratio above 1", { p: undefined, ratios: [1.5, -0.5] }, "ratios.0", /from 0 to 1/],
    ["ratios over 1", { p: undefined, ratios: [0.6, 0.5] }, "ratios", /add up to 1\.1: expected .* add up to 1/],
    ["ratios under 1", { p: undefined, ratios: [0.6, 0.3] }, "ratios", /add up to 0\.9: expected .* from 0 to 1/],
    ["a ratio too few", { p: undefined, ratios: [1] }, "ratios", /1 shares for 2 levels/],
    ["neither p nor ratios", { p: undefined }, "ratios", /is missing.*from 0 to 1/],
    ["both p and ratios", { ratios: [0.6, 0.4] }, "p", /not both/],
    ["p for three levels", { levels: ["a", "b", "g"] }, "p", /expected ratios/],
    ["an unknown budget", { budget: "money" }, "budget", /server/],
    ["an unknown rule for the group", { group: "tallest" }, "group", /most-data/],
    ["an unknown search", { search: "lucky" }, "search", /orders/],
    ["an exact search among too many", { search: "exact", activeParties: 17 }, "search", /from 1 to 16.*"auto"/],
    ["an exact search among anybody", { search: "exact", activeParties: undefined }, "search", /from 1 to 16/],
    ["an unknown rule for slow work", { slow: "lost" }, "slow", /idle/],
    ["a cap above 1", { fairness: { cap: 2 } }, "fairness.cap", /from 0 to 1/],
    ["a cap where only fast parties are members", { slow: "idle", fairness: { cap: 0.5 } }, "fairness", /idle/],
    ["an anchor of unknown weight", { slow: "anchored", activeParties: undefined }, "activeParties", /is missing/],
    ["no local steps", { localSteps: 0 }, "localSteps", /./],
    ["a field that nobody knows", { ratio: [0.5, 0.5] }, "", /ratio/],
  ])("is refused with %s, and the field and its range are named", (_, overrides, field, message) => {
    const { error } = dynamicflSpecSchema.safeParse({ ...SPEC, ...overrides });
    expect(error?.issues[0]?.path.join(".")).toBe(field);
    expect(error?.issues[0]?.message).toMatch(message);
  });
});
