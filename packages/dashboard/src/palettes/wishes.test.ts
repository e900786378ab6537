import { showPalette } from "@concord/alignment";
import { describe, expect, it } from "vitest";
import { createDesk } from "./desk.ts";
import { holdsFor } from "./solving.ts";
import { changeWishes, firstWishes, othersOf, paletteOf, targetsOf, wishesFor } from "./wishes.ts";

const view = createDesk().open({
  kind: "text",
  name: "x",
  text: "a,b,c\n0,1,5\n2,4,5\n4,1,5\n2,2,5\n",
  format: "csv",
});
const start = firstWishes(view);

describe("the sliders", () => {
  it("begin where the base model is, without the values that nothing moves", () => {
    expect(start).toEqual({
      dual: "joint",
      list: [
        { value: "a", on: true, level: 2 },
        { value: "b", on: true, level: 2 },
        { value: "c", on: false, level: 5 },
      ],
    });
    expect(showPalette(paletteOf(start))).toBe("a=2,b=2");
  });

  it("change one at a time; who moves a slider wants its value", () => {
    const off = changeWishes(start, { kind: "switch", value: "a", on: false });
    expect(targetsOf(off)).toEqual({ b: 2 });
    const moved = changeWishes(off, { kind: "level", value: "a", level: 3.5 });
    expect(targetsOf(moved)).toEqual({ a: 3.5, b: 2 });
    expect(showPalette(othersOf(moved, "a"))).toBe("b=2");
    expect(changeWishes(moved, { kind: "dual", dual: "per-prompt" }).dual).toBe("per-prompt");
  });

  it("take levels for the values that have some", () => {
    const taken = changeWishes(start, { kind: "take", levels: { b: 3, nobody: 1 } });
    expect(targetsOf(taken)).toEqual({ a: 2, b: 3 });
  });

  it("take a palette that was made elsewhere, and name what has no slider", () => {
    const { wishes, left } = wishesFor(view, [
      { value: "a", target: "q70", level: 2.8 },
      { value: "a", target: "mean", level: 2 },
      { value: "b", target: "p95>=1", level: 0.95 },
      { value: "z", target: "1", level: 1 },
    ]);
    expect(targetsOf(wishes)).toEqual({ a: 2.8 });
    expect(left).toEqual(["b=p95>=1", "z=1"]);
  });

  it("know that a value's own level does not bound how far it can go", () => {
    const moved = changeWishes(start, { kind: "level", value: "a", level: 3 });
    expect(holdsFor(moved, "a")).toBe(holdsFor(start, "a"));
    expect(holdsFor(moved, "b")).not.toBe(holdsFor(start, "b"));
  });
});
