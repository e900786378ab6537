import { describe, expect, test } from "vitest";
import { InputError } from "../output.ts";
import { parseLinks } from "./links-file.ts";

const HEADER = "party,up_mbit,down_mbit,latency_ms,steps_per_second";

describe("a table of links", () => {
  test("becomes parties, in bytes and seconds, with columns in any order", () => {
    const text = `# measured on Monday
seconds_per_step,party,down_mbit,up_mbit,latency_ms,labels,budget_mb,price_per_gb,budget_money
0.05,"Clinic, Bern",80,8,20,1 2 0,,,
0.1,county,80,8,0,0 0 3,5,2,0.004
0.1,island,80,8,0,4 0 0,1.5,2,0.004
`;
    const link = { up: 1e6, down: 1e7 };
    expect(parseLinks(text, "links.csv")).toEqual([
      { id: "Clinic, Bern", examples: 3, labels: [1, 2, 0], link: { ...link, latency: 0.02, pace: 20 } },
      // 0.004 of money at 2 for 10⁹ bytes is 2 MB, less than 5.
      ...[
        { id: "county", examples: 3, labels: [0, 0, 3], budgetBytes: 2e6 },
        { id: "island", examples: 4, labels: [4, 0, 0], budgetBytes: 1.5e6 },
      ].map((party) => ({ ...party, link: { ...link, latency: 0, pace: 10 }, pricePerGb: 2 })),
    ]);
  });

  test("may leave out what has a default", () => {
    expect(parseLinks(`${HEADER},examples,price_per_gb,budget_money\na,8,8,0,5,,0,3\n`, "links.csv")).toEqual([
      // What costs nothing is not limited by money.
      { id: "a", examples: 1, link: { up: 1e6, down: 1e6, latency: 0, pace: 5 }, pricePerGb: 0 },
    ]);
  });

  test("names all that is wrong at once", () => {
    const bad = `${HEADER},labels
a,0,10,5,20,1 2
b,fast,10,-5,20,1 2 3
a,1,10,5,,0 0
c,1,10
`;
    const up = "Mbit/s (10⁶ bits) from the party to the coordinator: a number above 0";
    expect(refusalOf(bad).split("\n")).toEqual([
      `bad.csv line 2, column "up_mbit": expected ${up}, got "0"`,
      `bad.csv line 3, column "up_mbit": expected ${up}, got "fast"`,
      'bad.csv line 3, column "latency_ms": expected milliseconds of a round trip: a number from 0, got "-5"',
      'bad.csv line 3, column "labels": 3 classes, expected 2 as on the lines before',
      'bad.csv line 4, column "steps_per_second": expected local steps a second: a number above 0, got ""',
      expect.stringContaining('bad.csv line 4, column "labels": expected examples of each class'),
      'bad.csv line 4, column "party": "a" is on line 2',
      "bad.csv line 5: 3 fields, expected 6 (party, up_mbit, down_mbit, latency_ms, steps_per_second, labels)",
    ]);
  });

  test.each([
    ["", "bad.csv is empty: expected a header and a line for each party"],
    [`${HEADER}\n`, "has no parties"],
    [`${HEADER.replace("up_mbit", "up")}\na,1,1,1,1\n`, 'line 1: there is no column "up"; known are party, up_mbit'],
    ["party,down_mbit,latency_ms,seconds_per_step\na,1,1,1\n", 'line 1: column "up_mbit" is missing (Mbit/s'],
    ["party,up_mbit,down_mbit,latency_ms\na,1,1,1\n", "one of the columns steps_per_second and seconds_per_step"],
    [`${HEADER},seconds_per_step\na,1,1,1,1,1\n`, "one of the columns steps_per_second and seconds_per_step"],
    [`${HEADER},up_mbit\na,1,1,1,1,1\n`, 'column "up_mbit" is there twice'],
    [`${HEADER},budget_money\na,1,1,1,1,1\n`, "budget_money needs the column price_per_gb"],
    [`${HEADER},price_per_gb,budget_money\na,1,1,1,1,,1\n`, 'column "price_per_gb": expected a price'],
    [`${HEADER},examples\na,1,1,1,1,1.5\n`, "training examples: a whole number from 1"],
    [`${HEADER}\n,1,1,1,1\n`, 'column "party": expected the name of the party, got ""'],
    ['party,up_mbit\n"a,1\n', "a quote is opened and never closed"],
  ])("is refused as %j", (text, message) => {
    expect(refusalOf(text)).toContain(message);
  });
});

function refusalOf(text: string): string {
  try {
    parseLinks(text, "bad.csv");
  } catch (error) {
    if (error instanceof InputError) return error.message;
    throw error;
  }
  throw new Error("it was accepted");
}
