import type { FederationView } from "@concord/protocol";
import { expect, it } from "vitest";
import { needsLabels } from "./needs-labels.ts";

it("tells the federations that look at label counts", () => {
  const needs = (algorithm: object) => needsLabels({ algorithm: algorithm as FederationView["spec"]["algorithm"] });
  expect(needs({ kind: "dynamicfl", localSteps: 8, levels: ["a", "g"], p: 0.5 })).toBe(true);
  expect(needs({ kind: "dynamicfl", localSteps: 8, levels: ["a", "g"], assignment: {} })).toBe(false);
  expect(needs({ kind: "fedavg", localSteps: 8 })).toBe(false);
});
