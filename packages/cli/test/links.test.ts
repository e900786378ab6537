import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Place } from "./concord-process.ts";
import { lastLine, linesOf, newPlace } from "./concord-process.ts";
import { experiment } from "./small-experiment.ts";

const LINKS = `party,up_mbit,down_mbit,latency_ms,steps_per_second
party-1,20,100,20,40
party-2,2,16,60,25
party-3,1,10,600,30
party-4,10,50,40,2
`;
const STEPS = 40;

let place: Place;
beforeAll(async () => {
  place = await newPlace();
  await writeFile(join(place.folder, "links.csv"), LINKS);
});
afterAll(() => place.close());

test("a plan becomes an experiment, whose rounds move the bytes and take the seconds that were planned", async () => {
  const once = await run("once.yaml", { algorithm: "algorithm: { kind: fedavg, localSteps: 1 }", rounds: "rounds: 1" });
  const messageBytes = (lastLine(once).payloadBytesUp as number) / 4;
  const words = `plan dynamicfl --parties links.csv --message-bytes ${messageBytes} --steps ${STEPS} --deadline 24s`;
  const planned = await place.run([...words.split(" "), "--out", "algorithm.yaml", "--json"]);
  expect(planned.code).toBe(0);
  const plan = lastLine(planned) as unknown as Plan;
  expect(plan.parties.map(({ level }) => level)).toEqual(["a", "a", "c", "b"]);

  const algorithm = (await readFile(join(place.folder, "algorithm.yaml"), "utf8")).trim();
  const ended = await run("planned.yaml", { algorithm, rounds: "rounds: 2\nlinks: links.csv" });
  const rounds = linesOf(ended).filter(({ type }) => type === "round");
  expect(rounds.map(({ virtualSeconds }) => virtualSeconds)).toEqual([plan.seconds, plan.seconds]);
  for (const { party, seconds } of plan.parties) {
    const { computing, waiting } = seconds;
    expect(rounds[0]?.virtual).toMatchObject({ [party]: { computing, waiting } });
  }
  expect(lastLine(ended)).toMatchObject({
    payloadBytesUp: 2 * plan.totals.bytesUp,
    payloadBytesDown: 2 * plan.totals.bytesDown,
    virtualSeconds: 2 * plan.seconds,
    longestRound: plan.seconds,
  });
  const metrics = await readFile(join(place.folder, ".concord/experiments/planned/metrics.csv"), "utf8");
  expect(metrics.split("\n")[1]?.endsWith(`,${plan.seconds}`)).toBe(true);
});

test("links may be stated in place, beside a table", async () => {
  const links =
    "links: { file: links.csv, parties: { party-4: { upMbit: 1, downMbit: 1, latencyMs: 0, stepsPerSecond: 1 } } }";
  const ended = await run("placed.yaml", {
    rounds: `rounds: 1\n${links}`,
    algorithm: "algorithm: { kind: fedavg, localSteps: 5 }",
  });
  expect(lastLine(ended).virtualSeconds).toBeGreaterThan(5);
  expect(lastLine(ended).virtualSeconds).toBeLessThan(6);
});

test.each([
  ["links: nowhere.csv", "nowhere.csv: ENOENT"],
  ["links: { default: { upMbit: 0, downMbit: 1, latencyMs: 1, stepsPerSecond: 1 } }", "links"],
  [
    "links: { parties: { party-1: { upMbit: 1, downMbit: 1, latencyMs: 1, stepsPerSecond: 1 } } }",
    'none for "party-2"',
  ],
])("wrong links are refused: %s", async (links, message) => {
  const ended = await run("wrong.yaml", { rounds: `rounds: 1\n${links}` });
  expect(ended.code).toBe(2);
  expect(ended.stderr).toContain(message);
});

async function run(file: string, change: Readonly<Record<string, string>>) {
  await writeFile(join(place.folder, file), experiment(change));
  return place.run(["run", file, "--workers", "1", "--json"]);
}

interface Plan {
  readonly seconds: number;
  readonly totals: { readonly bytesUp: number; readonly bytesDown: number };
  readonly parties: readonly {
    readonly party: string;
    readonly level: string;
    readonly seconds: { readonly computing: number; readonly waiting: number };
  }[];
}
