import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { lastLine, linesOf, newPlace, type Place } from "./concord-process.ts";
import { experiment } from "./small-experiment.ts";

let place: Place;
beforeEach(async () => {
  place = await newPlace();
});
afterEach(() => place.close());

/** Eight parties with a class or two each; a fast member exchanges after steps 4, 8 and 10, a slow one at the end. */
const COMPARISON = {
  data: "data: { dataset: handwriting, parties: 8, partition: { kind: classes, classes: 2 }, limit: 400 }",
  algorithm: "algorithm: { kind: dynamicfl, localSteps: 10, activeParties: 4, levels: [b, g], p: 0.5 }",
  rounds: "rounds: 4",
  score: "score: { lastRounds: 2 }",
  compare:
    "compare: { fedavg: fedavg, fedavg-short: fedavg-short, fedavg-inner: fedavg-inner, chance: { group: random } }",
};
/** 12,730 parameters in float32, up and down. */
const EXCHANGE = 2 * 4 * (784 * 16 + 16 + 16 * 10 + 10);

describe("an experiment that compares", () => {
  test("ends with one line: score and cost of its algorithm and of each other one, on equal shares", async () => {
    await write("small.yaml", experiment(COMPARISON));
    const ended = await place.run(["run", "small.yaml", "--json", "--workers", "2"]);
    expect(ended).toMatchObject({ code: 0, stderr: "" });
    const result = lastLine(ended) as unknown as Told & { baselines: Record<string, Told>; meanGroupSize: number };
    expect(result).toMatchObject({ type: "result", accuracy: expect.any(Number) });
    expect(Object.keys(result.baselines)).toEqual(["fedavg", "fedavg-short", "fedavg-inner", "chance"]);

    // From the messages: every payload byte over what an exchange after each of the 10 steps of 4 parties would have been.
    for (const run of [result, ...Object.values(result.baselines)]) {
      expect(run.costRatio).toBeCloseTo((run.payloadBytesUp + run.payloadBytesDown) / (EXCHANGE * 4 * 10 * 4), 12);
    }
    const { fedavg, chance, "fedavg-short": short, "fedavg-inner": inner } = result.baselines;
    expect(fedavg?.costRatio).toBeCloseTo(1 / 10, 12);
    expect(result.costRatio).toBeCloseTo((result.meanGroupSize * 3 + (4 - result.meanGroupSize)) / 40, 12);
    expect(chance?.costRatio).toBe(result.costRatio);
    const exchanges = Math.round(result.costRatio * 10);
    expect(short).toMatchObject({ exchanges, costRatio: exchanges / 10, rounds: 4 * exchanges });
    expect(inner).toMatchObject({ exchanges, costRatio: exchanges / 10, rounds: 4 });

    // The score is the mean over the last two rounds, which the run tells one by one.
    for (const [name, { accuracy }] of [["main", result] as const, ...Object.entries(result.baselines)]) {
      const told = linesOf(ended).filter(({ type, run }) => type === "round" && run === name);
      expect(told).toHaveLength(4);
      expect(accuracy).toBeCloseTo((Number(told[2]?.accuracy) + Number(told[3]?.accuracy)) / 2, 12);
    }

    // A run alone gives what it gave beside the others.
    const alone = await place.run(["run", "small.yaml", "--json", "--only", "fedavg-short", "--out", "alone"]);
    expect(lastLine(alone)).toMatchObject({ run: "fedavg-short", accuracy: short?.accuracy, loss: short?.loss });

    const folder = ".concord/experiments/small";
    const rounds = (await read(`${folder}/metrics.csv`)).toString().trimEnd().split("\n");
    expect(rounds[0]).toContain("groupSize,divergence");
    expect(rounds).toHaveLength(1 + 4);
    const config = JSON.parse((await read(`${folder}/chance/config.json`)).toString());
    expect(config.config).toMatchObject({ algorithm: { group: "random" }, score: { lastRounds: 2 } });
    expect(config.machine.load).toHaveLength(3);
  }, 120_000);

  test("killed half-way, goes on from the checkpoints of its runs to the same result", async () => {
    const long = { ...COMPARISON, rounds: "rounds: 20", compare: "compare: { short: fedavg-short, fedavg: fedavg }" };
    await write("long.yaml", experiment(long));
    const undisturbed = place.run(["run", "long.yaml", "--json", "--workers", "1", "--out", "undisturbed"]);
    const running = place.start(["run", "long.yaml", "--json", "--workers", "2", "--out", "killed"]);
    await running.line(({ type, run, round }) => type === "round" && run === "main" && Number(round) >= 5);
    running.kill("SIGKILL");
    await running.ended;
    const last = await place.run(["run", "long.yaml", "--json", "--workers", "2", "--out", "killed"]);
    expect(linesOf(last)[0]?.resumedFrom).toBeGreaterThanOrEqual(5);
    const { accuracy, baselines } = lastLine(await undisturbed) as unknown as {
      accuracy: number;
      baselines: Record<string, Told>;
    };
    expect(lastLine(last)).toMatchObject({
      accuracy,
      baselines: { short: { accuracy: baselines.short?.accuracy }, fedavg: { accuracy: baselines.fedavg?.accuracy } },
    });
    for (const run of ["", "short/", "fedavg/"]) {
      expect(await read(`killed/${run}model.safetensors`)).toEqual(await read(`undisturbed/${run}model.safetensors`));
    }
  }, 120_000);

  test("a run that leaves the finite numbers is told as one that diverged, beside those that did not", async () => {
    await write(
      "wild.yaml",
      experiment({
        ...COMPARISON,
        task: "task: { model: { kind: mlp, hidden: [16] }, optimizer: { kind: sgd }, learningRate: 0.05, batchSize: 10 }",
        compare: "compare: { wild: { kind: fedprox, mu: 1000000 } }",
      }),
    );
    const ended = await place.run(["run", "wild.yaml", "--json", "--workers", "1"]);
    expect(ended.code).toBe(0);
    expect(lastLine(ended)).toMatchObject({
      accuracy: expect.any(Number),
      baselines: { wild: { accuracy: null, diverged: expect.stringMatching(/^round \d+: update: .* must be finite/) } },
    });
  }, 60_000);
});

describe("what is wrong with a comparison ends with 2 and names file and field:", () => {
  test.each<[string, Readonly<Record<string, string>>, RegExp]>([
    [
      "an unknown word",
      { compare: "compare: { best: magic }" },
      /wrong\.yaml: compare\.best: expected one of fedavg, .*fedavg-inner/,
    ],
    [
      "a name that is no name",
      { compare: "compare: { ../up: fedavg }" },
      /wrong\.yaml: compare: .*small letters, digits and hyphens, got "\.\.\/up"/,
    ],
    [
      "the name of the experiment's own run",
      { compare: "compare: { main: fedavg }" },
      /wrong\.yaml: compare: "main" is the experiment's own algorithm/,
    ],
    ["a wrong field of a change", { compare: "compare: { half: { p: 1.5 } }" }, /wrong\.yaml: compare\.half: p: .*1/],
    [
      "an unknown algorithm",
      { compare: "compare: { half: { kind: magic } }" },
      /wrong\.yaml: compare\.half: kind: .*'fedavg'/,
    ],
    ["a score over no rounds", { score: "score: { lastRounds: 0 }" }, /wrong\.yaml: score\.lastRounds: .*>=1/],
    [
      "a score over more rounds than there are",
      { score: "score: { lastRounds: 5 }" },
      /wrong\.yaml: score\.lastRounds: 5 is more than the 4 rounds/,
    ],
  ])("%s", async (_what, change, message) => {
    await write("wrong.yaml", experiment({ ...COMPARISON, ...change }));
    const { code, stdout, stderr } = await place.run(["run", "wrong.yaml"]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(message);
  });

  test("a run that the file does not have", async () => {
    await write("small.yaml", experiment(COMPARISON));
    const { code, stderr } = await place.run(["run", "small.yaml", "--only", "scaffold"]);
    expect(code).toBe(2);
    expect(stderr).toContain('run --only: small.yaml has no run "scaffold"; it has main, fedavg, fedavg-short');
  });
});

interface Told {
  readonly loss: number;
  readonly accuracy: number;
  readonly costRatio: number;
  readonly payloadBytesUp: number;
  readonly payloadBytesDown: number;
}

function write(name: string, text: string): Promise<void> {
  return writeFile(join(place.folder, name), text);
}

function read(name: string): Promise<Buffer> {
  return readFile(join(place.folder, name));
}
