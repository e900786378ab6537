import { describe, expect, it } from "vitest";
import type { RoundRow } from "../state/federation-state.ts";
import { capWords, groupWords, timelineWords } from "./timeline.ts";

const row = (rest: Partial<RoundRow>) => ({ status: "training", steps: 250, merged: 0, members: [], ...rest }) as unknown as RoundRow; // biome-ignore format: one line
const missed = { party: "a", exchanges: [], reached: 8, missed: [4], completed: false };

describe("words of a timeline", () => {
  it.each([
    [{}, "250 local steps, no exchange yet"],
    [{ merged: 8 }, "the last exchange was after step 8 of 250"],
    [{ merged: 8, members: [missed] }, "the last exchange was after step 8 of 250, 1 party missed exchanges"],
    [{ status: "evaluating" as const }, "all 250 local steps are done; the parties evaluate"],
    [{ status: "finished" as const }, "over after 250 local steps"],
    [{ status: "void" as const }, "void: nothing of it counts"],
  ])("tell how far a round is: %j", (rest, words) => expect(timelineWords(row(rest))).toBe(words));

  it("tell the group and its divergence", () => {
    expect(groupWords({ parties: ["a", "b"], divergence: 0.52911 }, 10)).toBe(
      "Fast group: 2 of 10 parties, KL 0.529 nats between its labels and those of all",
    );
  });

  it("tell the cap where there is one", () => {
    const spec = { kind: "dynamicfl", localSteps: 1 } as never;
    expect(capWords({ ...(spec as object), fairness: { cap: 0.5 } } as never)).toBe("at most 50.0%");
    expect(capWords(spec)).toBeUndefined();
    expect(capWords({ kind: "fedavg", localSteps: 1 })).toBeUndefined();
  });
});
