import { expect, it } from "vitest";
import { chosenFederation } from "./chosen-federation.ts";

const federation = (id: string, status: "running" | "finished", day: number) => ({
  id,
  status,
  createdAt: `2026-11-0${day}T00:00:00Z`,
});
const three = [federation("a", "finished", 3), federation("b", "running", 1), federation("c", "running", 2)];

it("takes the one in the address, then the newest that runs, then the newest", () => {
  expect(chosenFederation(three, "?federation=a")).toBe("a");
  expect(chosenFederation(three, "?federation=gone")).toBe("c");
  expect(chosenFederation([federation("a", "finished", 1), federation("d", "finished", 4)], "")).toBe("d");
  expect(chosenFederation([], "")).toBeNull();
});
