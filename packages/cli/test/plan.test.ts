import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { algorithmSpecSchema } from "@concord/federation";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import type { Place } from "./concord-process.ts";
import { lastLine, linesOf, newPlace } from "./concord-process.ts";

const LINKS = `# links as measured on Monday
party,up_mbit,down_mbit,latency_ms,steps_per_second,examples,budget_mb,price_per_gb
clinic,20,100,20,40,800,,0.1
county,2,16,60,25,400,,
island,1,10,600,30,150,50,4
`;

let place: Place;
beforeAll(async () => {
  place = await newPlace();
  await writeFile(join(place.folder, "links.csv"), LINKS);
});
afterAll(() => place.close());

const plan = (words: string, file = "links.csv") =>
  place.run(["plan", "dynamicfl", "--parties", file, ...words.split(" ").filter(Boolean)]);
const USUAL = "--params 44470 --steps 250 --deadline 30s";

describe("concord plan dynamicfl", () => {
  test("prints one JSON object with a level for each party, what it costs, and averaging beside it", async () => {
    const ended = await plan(`${USUAL} --json`);
    expect({ code: ended.code, stderr: ended.stderr, lines: linesOf(ended).length }).toEqual({
      code: 0,
      stderr: "",
      lines: 1,
    });
    const result = lastLine(ended);
    const bytes = 4 * 44_470;
    expect(result).toMatchObject({
      type: "result",
      meetsDeadline: true,
      deadline: 30,
      messageBytes: { up: bytes, down: bytes },
      unable: [],
      parties: [
        { party: "clinic", level: "c", interval: 16, exchanges: 16, bytesUp: 16 * bytes, limit: "company" },
        { party: "county", level: "c", exchanges: 16, limit: "upload" },
        { party: "island", level: "e", interval: 64, exchanges: 4, bytesDown: 4 * bytes, limit: "latency" },
      ],
      totals: { exchanges: 36, bytesUp: 36 * bytes, bytesDown: 36 * bytes },
      fastest: { level: "c", parties: ["clinic", "county"], divergence: null },
      fedavg: { exchanges: 12, bytesUp: 36 * bytes, meetsDeadline: false, late: [{ party: "island" }] },
    });
    const { parties, seconds, totals } = result as unknown as Printed;
    // 4 · (0.17788 MB / 0.125 MB/s + 0.17788 / 1.25 + 4 · 0.6 s) + 250 / 30 s of its own.
    const island = parties[2]?.seconds;
    expect(island?.transferring).toBeCloseTo(4 * (1.42304 + 0.142304 + 2.4), 9);
    expect(island?.computing).toBeCloseTo(250 / 30, 9);
    for (const { seconds: own } of parties) {
      expect(own.computing + own.transferring + own.waiting).toBeCloseTo(seconds, 9);
    }
    // Money: both ways of 16 messages at 0.1 and of 4 at 4 for 10⁹ bytes.
    expect(totals.cost).toBeCloseTo((2 * bytes * (16 * 0.1 + 4 * 4)) / 1e9, 12);
    expect(totals.costRatio).toBeCloseTo(36 / (3 * 250), 12);
  });

  test("shows people a table and ends with a sentence", async () => {
    const { code, stdout } = await plan(`${USUAL} --levels c,g`);
    expect(code).toBe(0);
    expect(stdout).toMatch(/island +│ g \(250\)/);
    expect(stdout).toMatch(/The round takes .* within a deadline of 30\.0 s/);
    expect(stdout).toContain("FedAvg with as many bytes: 11 exchanges for each");
  });

  test("ends with 1 where no plan meets the deadline, names the party and what it would need", async () => {
    const ended = await plan("--params 44470 --steps 250 --deadline 9s --json --out none.yaml");
    expect(ended.code).toBe(1);
    expect(lastLine(ended)).toMatchObject({
      meetsDeadline: false,
      problem: expect.stringContaining(
        "island: one exchange takes 12.3 s, of which computing 8.33 s; the deadline is 9 s",
      ),
      unable: [
        { party: "county", needs: { deadline: expect.any(Number), stepsPerSecond: expect.any(Number) } },
        { party: "island", needs: { stepsPerSecond: expect.any(Number) } },
      ],
      parties: [{ party: "clinic", level: "g" }],
    });
    await expect(readFile(join(place.folder, "none.yaml"))).rejects.toThrow("ENOENT");
    const told = await plan("--params 44470 --steps 250 --deadline 9s");
    expect(told.code).toBe(1);
    expect(told.stdout).toMatch(/island cannot take part: .* It needs .* steps a second: 49\./);
  });

  test("takes the coordinator's line, sizes and other units", async () => {
    const narrow = lastLine(await plan(`${USUAL} --server-down-mbit 0.2 --json`));
    expect(narrow).toMatchObject({ meetsDeadline: true, parties: [{ limit: "server" }, {}, {}] });
    const sized = lastLine(await plan("--message-bytes 178kB --overhead-bytes 1kB --steps 250 --deadline 0.5m --json"));
    expect(sized).toMatchObject({ deadline: 30, messageBytes: { up: 178_000, down: 178_000 } });
    const halves = lastLine(await plan(`${USUAL} --bytes-per-parameter 2 --json`));
    expect(halves).toMatchObject({ messageBytes: { up: 88_940 } });
  });

  test("writes an algorithm that a federation can name", async () => {
    const ended = await plan(`${USUAL} --out algorithm.yaml`);
    expect(ended.code).toBe(0);
    const { algorithm } = parse(await readFile(join(place.folder, "algorithm.yaml"), "utf8"));
    expect(algorithmSpecSchema.parse(algorithm)).toMatchObject({
      kind: "dynamicfl",
      localSteps: 250,
      assignment: { parties: { clinic: "c", county: "c", island: "e" } },
    });
  });
});

describe("wrong input ends with 2 and is named", () => {
  test("every bad value of the file", async () => {
    const bad = "party,up_mbit,down_mbit,latency_ms,steps_per_second\na,0,10,5,20\nb,5,10,soon,20\n";
    await writeFile(join(place.folder, "bad.csv"), bad);
    const ended = await plan(`${USUAL} --json`, "bad.csv");
    expect(ended.code).toBe(2);
    expect(ended.stderr).toContain('bad.csv line 2, column "up_mbit": expected Mbit/s');
    expect(ended.stderr).toContain('bad.csv line 3, column "latency_ms": expected milliseconds');
    expect(lastLine(ended)).toMatchObject({ type: "error", message: expect.stringContaining("line 3") });
  });

  test.each([
    [
      "--params 10 --steps 250 --deadline soon",
      '--deadline: expected a duration above 0 such as 30s, 5m or 2h, got "soon"',
    ],
    ["--params 10 --steps 250", "--deadline: expected a duration"],
    ["--params many --steps 250 --deadline 30s", "--params: expected a whole number from 1"],
    ["--params 1 --message-bytes 1kB --steps 250 --deadline 30s", "give either --params or --message-bytes"],
    [`${USUAL} --levels b,z`, "--levels: expected levels such as b,c,g, out of a, b, c, d, e, f, g"],
    [`${USUAL} --out nowhere/algorithm.yaml`, "cannot write nowhere/algorithm.yaml: ENOENT"],
    [`${USUAL} --parties nowhere.csv`, "cannot read nowhere.csv: ENOENT"],
  ])("the words %s", async (words, message) => {
    const ended = await plan(words);
    expect(ended.code).toBe(2);
    expect(ended.stderr).toContain(message);
    expect(ended.stderr).not.toMatch(/^\s+at /m);
  });
});

interface Printed {
  readonly parties: readonly {
    readonly seconds: { readonly computing: number; readonly transferring: number; readonly waiting: number };
  }[];
  readonly seconds: number;
  readonly totals: { readonly cost: number; readonly costRatio: number };
}
