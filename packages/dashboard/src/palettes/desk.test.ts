import { parsePalette, prices, readRewards, sampleWeights, solve } from "@concord/alignment";
import { describe, expect, it } from "vitest";
import { createDesk } from "./desk.ts";
import { exampleRewards } from "./example-rewards.ts";
import { BARS } from "./histogram.ts";

/** One value, 0 or 1, for half of the answers each: the tilt to a mean of c has λ = log(c/(1−c)). */
const COIN = `prompt,answer,v\n${Array.from({ length: 400 }, (_, j) => `p${j},${j % 2 ? "yes" : "no"},${j % 2}`).join("\n")}\n`;

function coins() {
  const desk = createDesk();
  return { desk, view: desk.open({ kind: "text", name: "coins.csv", text: COIN, format: "csv" }) };
}

describe("the desk", () => {
  it("reads a file with its texts and shows what the base model does", () => {
    const { view } = coins();
    expect(view).toMatchObject({
      name: "coins.csv",
      generated: false,
      samples: 400,
      hasAnswers: true,
      severalAnswers: false,
    });
    expect(view.values[0]).toMatchObject({
      name: "v",
      base: { joint: expect.closeTo(0.5, 10) },
      scale: { min: 0, max: 1 },
    });
    expect(view.values[0]?.before[0]).toBeCloseTo(0.5);
    expect(view.values[0]?.before[BARS - 1]).toBeCloseTo(0.5);
  });

  it("solves to the closed form, and the distribution after it is the tilted one", () => {
    const { desk } = coins();
    const outcome = desk.solve({ palette: parsePalette("v=0.8"), dual: "joint" });
    if (outcome.kind !== "reached") throw new Error(outcome.kind);
    expect(outcome.solution.lambda.v).toBeCloseTo(Math.log(4), 8);
    expect(outcome.solution.kl).toBeCloseTo(0.8 * Math.log(1.6) + 0.2 * Math.log(0.4), 8);
    expect(outcome.after[0]?.[BARS - 1]).toBeCloseTo(0.8, 8);
    expect(outcome.after[0]?.[0]).toBeCloseTo(0.2, 8);
  });

  it("says what cannot be had, what is asked of nothing, and what is refused", () => {
    const { desk } = coins();
    expect(desk.solve({ palette: [], dual: "joint" })).toEqual({ kind: "nothing" });
    const beyond = desk.solve({ palette: parsePalette("v=1.2"), dual: "joint" });
    expect(beyond).toMatchObject({ kind: "unreachable", solution: { conflict: ["v"] } });
    expect(desk.solve({ palette: parsePalette("v=0.6"), dual: "per-prompt" })).toMatchObject({ kind: "refused" });
    expect(desk.prices({ palette: parsePalette("v=1.2"), dual: "joint" })).toBeNull();
  });

  it("knows how far a value goes, and from where on fewer than 50 samples carry it", () => {
    const { desk } = coins();
    const reach = desk.reach({ others: [], value: "v", dual: "joint" });
    // All weight on the ones is 200 samples: never thin.
    expect(reach).toMatchObject({ kind: "far", limit: 1, thinFrom: null });

    const rare = `v\n${Array.from({ length: 200 }, (_, j) => (j < 20 ? 1 : 0)).join("\n")}\n`;
    desk.open({ kind: "text", name: "rare", text: rare, format: "csv" });
    const thin = desk.reach({ others: [], value: "v", dual: "joint" });
    // 1/Σw² = 1/(c²/20 + (1−c)²/180) is 50 at this c.
    const c =
      (2 / 180 + Math.sqrt((2 / 180) ** 2 - 4 * (1 / 20 + 1 / 180) * (1 / 180 - 1 / 50))) / (2 * (1 / 20 + 1 / 180));
    expect(thin.kind === "far" && thin.thinFrom).toBeCloseTo(c, 2);
  });

  it("says that the others cannot be held", () => {
    const desk = createDesk();
    desk.open({ kind: "example" });
    const reach = desk.reach({ others: parsePalette("helpful=99"), value: "humour", dual: "joint" });
    expect(reach).toMatchObject({ kind: "stuck", why: expect.stringContaining("cannot be held") });
  });

  it("prices as the package does", () => {
    const desk = createDesk();
    desk.open({ kind: "example" });
    const palette = parsePalette("helpful=0.9,harmless=mean");
    expect(desk.prices({ palette, dual: "per-prompt" })).toEqual(prices(exampleRewards(), palette, "per-prompt"));
  });

  it("draws answers with the weights of the palette", () => {
    const { desk } = coins();
    const sides = [
      { palette: [], dual: "joint" },
      { palette: parsePalette("v=0.8"), dual: "joint" },
    ] as const;
    const draws = desk.draw({ sides, seed: 5, count: 1_000 });
    const share = (side: number) => draws.filter((row) => row[side]?.answer === "yes").length / draws.length;
    // Three standard errors of 1,000 draws.
    expect(Math.abs(share(0) - 0.5)).toBeLessThan(0.048);
    expect(Math.abs(share(1) - 0.8)).toBeLessThan(0.038);
    expect(draws[0]?.[0]?.prompt).toMatch(/^p\d+$/);
    expect(desk.draw({ sides, seed: 5, count: 1_000 })).toEqual(draws);
  });

  it("picks within a prompt by softmax(λ·r), and says which side cannot be reached", () => {
    const desk = createDesk();
    const lines = Array.from({ length: 60 }, (_, p) => `${p},a,0\n${p},b,1`).join("\n");
    desk.open({ kind: "text", name: "pairs", text: `prompt_id,answer,v\n${lines}\n`, format: undefined });
    const [first] = desk.draw({
      sides: [
        { palette: parsePalette("v=0.8"), dual: "per-prompt" },
        { palette: parsePalette("v=2"), dual: "per-prompt" },
      ],
      seed: 1,
      count: 1,
    });
    expect(first?.[0]?.chance).toBeCloseTo(first?.[0]?.answer === "b" ? 0.8 : 0.2, 6);
    expect(first?.[1]).toBeNull();
  });

  it("writes rewards without any text that read back to the same solution", () => {
    const desk = createDesk();
    const text = 'prompt_id,"a, b",answer\nx,1.25,hm\nx,2,"so ""what"""\n"y,z",0.1,hm\n"y,z",3,hm\n';
    desk.open({ kind: "text", name: "odd", text, format: "csv" });
    const csv = desk.csv(null);
    const back = readRewards(csv, "csv").rewards;
    expect(csv).not.toMatch(/hm|x|z/);
    const whole = readRewards(text, "csv").rewards;
    expect(back).toEqual({ ...whole, prompts: { names: ["0", "1"], of: whole.prompts?.of } });
    const palette = [{ value: "a, b", target: { kind: "level", level: 2 } }] as const;
    const outcome = desk.solve({ palette, dual: "per-prompt" });
    expect(outcome).toMatchObject({ solution: solve(back, palette, "per-prompt") });
    expect(sampleWeights(back, palette, "per-prompt").length).toBe(4);
  });

  it("counts the candidates that it can speak for: what nine in ten prompts have", () => {
    const prompts = Array.from({ length: 20 }, (_, p) =>
      Array.from({ length: p < 2 ? 2 : 5 + (p % 3) }, () => `${p},${p}`),
    );
    const text = `prompt_id,v\n${prompts.flat().join("\n")}\n`;
    expect(createDesk().open({ kind: "text", name: "x", text, format: "csv" }).answersEach).toBe(5);
    expect(coins().view.answersEach).toBe(1);
  });

  it("keeps what it has where a file cannot be read", () => {
    const { desk, view } = coins();
    expect(() => desk.open({ kind: "text", name: "bad", text: "a\nx\n", format: "csv" })).toThrow(
      "no column holds rewards",
    );
    expect(desk.draw({ sides: [{ palette: [], dual: "joint" }], seed: 1, count: 1 })[0]?.[0]?.rewards.length).toBe(
      view.values.length,
    );
  });
});
