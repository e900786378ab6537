import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { batchByFrame } from "./frames.ts";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
  // A frame every 16 ms, as long as the tab is seen.
  vi.stubGlobal("requestAnimationFrame", (callback: () => void) => setTimeout(callback, 16));
  vi.stubGlobal("cancelAnimationFrame", (frame: number) => clearTimeout(frame));
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

it("hands a burst over once, in order, at most ten times a second", () => {
  const batches: (readonly number[])[] = [];
  const batcher = batchByFrame<number>((items) => batches.push(items));
  for (let n = 0; n < 100; n++) {
    batcher.add(n);
    vi.advanceTimersByTime(10);
  }
  vi.advanceTimersByTime(500);
  expect(batches.flat()).toEqual(Array.from({ length: 100 }, (_, n) => n));
  expect(batches.length).toBeLessThanOrEqual(11);
});

it("does not wait for frames that a hidden tab never gets", () => {
  vi.stubGlobal("requestAnimationFrame", () => 0);
  const handle = vi.fn();
  batchByFrame<number>(handle).add(1);
  vi.advanceTimersByTime(250);
  expect(handle).toHaveBeenCalledExactlyOnceWith([1]);
});

it("forgets what waits when it is stopped", () => {
  const handle = vi.fn();
  const batcher = batchByFrame<number>(handle);
  batcher.add(1);
  batcher.stop();
  vi.advanceTimersByTime(1_000);
  expect(handle).not.toHaveBeenCalled();
});
