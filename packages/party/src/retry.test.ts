import { ConcordError, type ErrorCode } from "@concord/protocol";
import { describe, expect, test } from "vitest";
import { backoff, DEFAULT_RETRY, pause, retrying } from "./retry.ts";

const quick = { ...DEFAULT_RETRY, firstDelayMs: 1, longestDelayMs: 2 };

/** Work that fails so many times with the given code, then succeeds. */
function failing(times: number, code: ErrorCode) {
  const work = async () => {
    work.calls++;
    if (work.calls <= times) throw new ConcordError(code, "not now");
    return "done";
  };
  work.calls = 0;
  return work;
}

describe("retrying", () => {
  test.each(["unavailable", "resource_exhausted", "internal", "deadline_exceeded"] as const)(
    "goes on after %s",
    async (code) => {
      const work = failing(3, code);
      expect(await retrying(work, quick)).toBe("done");
      expect(work.calls).toBe(4);
    },
  );

  test.each(["invalid_argument", "unauthenticated", "not_found", "gone", "failed_precondition"] as const)(
    "does not repeat after %s",
    async (code) => {
      const work = failing(3, code);
      await expect(retrying(work, quick)).rejects.toMatchObject({ code });
      expect(work.calls).toBe(1);
    },
  );

  test("ends with the last error once the attempts are used up", async () => {
    const work = failing(9, "unavailable");
    await expect(retrying(work, { ...quick, attempts: 3 })).rejects.toMatchObject({ code: "unavailable" });
    expect(work.calls).toBe(3);
  });

  test("tells of each wait, and of the recovery", async () => {
    const told: string[] = [];
    const onRetry = ({ code }: ConcordError) => told.push(code);
    await retrying(failing(2, "internal"), { ...quick, onRetry, onRecovery: () => told.push("recovered") });
    expect(told).toEqual(["internal", "internal", "recovered"]);
  });

  test("stops in the middle of a wait when its signal is aborted", async () => {
    const stop = new AbortController();
    const slow = { ...DEFAULT_RETRY, firstDelayMs: 60_000, onRetry: () => stop.abort(new Error("enough")) };
    await expect(retrying(failing(1, "unavailable"), slow, stop.signal)).rejects.toThrow("enough");
  });
});

test("waits double up to the longest and are between half and all of it", () => {
  const policy = { ...DEFAULT_RETRY, firstDelayMs: 100, longestDelayMs: 1_000 };
  for (const [failures, full] of [
    [1, 100],
    [2, 200],
    [4, 800],
    [5, 1_000],
    [2_000, 1_000],
  ] as const) {
    const delays = Array.from({ length: 50 }, () => backoff(failures, policy));
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(full / 2);
    expect(Math.max(...delays)).toBeLessThanOrEqual(full);
    expect(new Set(delays).size).toBeGreaterThan(1);
  }
});

test("a pause on a signal that is aborted already does not wait", async () => {
  await expect(pause(60_000, AbortSignal.abort(new Error("enough")))).rejects.toThrow("enough");
});
