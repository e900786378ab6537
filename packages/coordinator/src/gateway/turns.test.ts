import { describe, expect, it } from "vitest";
import { turns } from "./turns.ts";

const never = new AbortController().signal;

describe("turns", () => {
  it("let so many run at a time, the others in their order", async () => {
    const inTurn = turns(2);
    const begun: number[] = [];
    const ends: (() => void)[] = [];
    const work = Array.from({ length: 5 }, (_, i) =>
      inTurn.take(() => {
        begun.push(i);
        return new Promise<number>((resolve) => ends.push(() => resolve(i)));
      }, never),
    );
    await expect.poll(() => begun).toEqual([0, 1]);
    ends[1]?.();
    expect(await work[1]).toBe(1);
    await expect.poll(() => begun).toEqual([0, 1, 2]);
    for (let i = 0; i < 5; i++) {
      await expect.poll(() => ends.length).toBeGreaterThan(i);
      ends[i]?.();
    }
    expect(await Promise.all(work)).toEqual([0, 1, 2, 3, 4]);
    expect(begun).toEqual([0, 1, 2, 3, 4]);
  });

  it("pass on after work that fails, and pass over who has gone", async () => {
    const inTurn = turns(1);
    const held = Promise.withResolvers<void>();
    const first = inTurn.take(() => held.promise, never);
    const gone = new AbortController();
    const second = inTurn.take(async () => "second", gone.signal);
    const third = inTurn.take(async () => "third", never);
    const reason = new Error("gone");
    gone.abort(reason);
    await expect(second).rejects.toBe(reason);
    held.reject(new Error("failed"));
    await expect(first).rejects.toThrow("failed");
    expect(await third).toBe("third");
    await expect(inTurn.take(async () => "fourth", gone.signal)).rejects.toBe(reason);
    expect(await inTurn.take(async () => "fifth", never)).toBe("fifth");
  });
});
