import { describe, expect, it } from "vitest";
import { createDesk, type DeskCall, type DeskCalls } from "./desk.ts";
import type { RemoteDesk } from "./remote-desk.ts";
import { createSolving, type Solved } from "./solving.ts";
import { changeWishes, firstWishes } from "./wishes.ts";

/** A desk of this thread that says what it was asked, and a rest that ends when the test says so. */
function setting() {
  const desk = createDesk();
  const view = desk.open({ kind: "text", name: "x", text: "a,b\n0,1\n2,4\n4,1\n5,5\n", format: "csv" });
  const asked: string[] = [];
  const remote: Pick<RemoteDesk, "ask"> = {
    async ask<C extends DeskCall>(call: C, ask: DeskCalls[C]["ask"]) {
      asked.push(call);
      await Promise.resolve();
      return desk[call](ask as never) as DeskCalls[C]["answer"];
    },
  };
  let rested = Promise.withResolvers<void>();
  const solving = createSolving(remote, () => rested.promise);
  const until = (isSo: (state: Solved) => boolean) =>
    new Promise<Solved>((resolve) => {
      const look = () => {
        if (!isSo(solving.solved.get())) return;
        stop();
        resolve(solving.solved.get());
      };
      const stop = solving.solved.subscribe(look);
      look();
    });
  const rest = () => {
    rested.resolve();
    rested = Promise.withResolvers();
  };
  return { view, asked, solving, until, rest };
}

describe("following the sliders", () => {
  it("solves at once, and looks at prices and regions when they are at rest", async () => {
    const { view, asked, solving, until, rest } = setting();
    const wishes = firstWishes(view);
    solving.want(wishes);
    expect((await until(({ outcome }) => outcome !== null)).outcome?.kind).toBe("reached");
    expect(asked).toEqual(["solve"]);
    rest();
    const done = await until(({ reaches }) => Object.keys(reaches).length === 2);
    expect(asked).toEqual(["solve", "prices", "reach", "reach"]);
    expect(done.prices?.kl).toEqual({ a: 0, b: 0 });
    expect(done.reaches.a?.reach).toMatchObject({ kind: "far", limit: 5 });
  });

  it("solves the newest wishes only, and keeps regions that still hold", async () => {
    const { view, asked, solving, until, rest } = setting();
    const first = firstWishes(view);
    solving.want(first);
    await until(({ outcome }) => outcome !== null);
    rest();
    await until(({ reaches }) => Object.keys(reaches).length === 2);
    asked.length = 0;
    const steps = [3, 3.5, 4].map((level) => changeWishes(first, { kind: "level", value: "a", level }));
    for (const step of steps) solving.want(step);
    await until(({ wishes }) => wishes === steps[2]);
    rest();
    await until(({ reaches }) => (reaches.b?.holds ?? "").includes("4"));
    expect(asked.filter((call) => call === "solve").length).toBeLessThan(3);
    // The region of the value that moved is the same.
    expect(asked.filter((call) => call === "reach").length).toBe(1);
  });

  it("says why the desk does not answer, and goes on with the next wish", async () => {
    const { view } = setting();
    let broken = true;
    const desk = createDesk();
    desk.open({ kind: "text", name: "x", text: "a,b\n0,1\n2,4\n", format: "csv" });
    const solving = createSolving(
      {
        ask: async (call, ask) => {
          if (broken) throw new Error("out of memory");
          return desk[call](ask as never) as never;
        },
      },
      () => new Promise(() => {}),
    );
    solving.want(firstWishes(view));
    await expect.poll(() => solving.solved.get().problem).toBe("out of memory");
    broken = false;
    solving.want(changeWishes(firstWishes(view), { kind: "switch", value: "b", on: false }));
    await expect.poll(() => solving.solved.get().problem).toBeNull();
  });
});
