import { expect, it } from "vitest";
import { reconnectDelay } from "./backoff.ts";

it("doubles from half a second to ten seconds, spread over the second half", () => {
  expect([1, 2, 3, 4, 5, 6, 50].map((failures) => reconnectDelay(failures, 1))).toEqual([
    500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000,
  ]);
  expect(reconnectDelay(1, 0)).toBe(250);
});
