import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { lastLine, linesOf, newPlace, type Place } from "./concord-process.ts";
import { experiment } from "./small-experiment.ts";

let place: Place;
beforeEach(async () => {
  place = await newPlace();
});
afterEach(() => place.close());

describe("concord run", () => {
  test("ends with a result, and gives the same one again with any number of workers", async () => {
    await write("small.yaml", experiment());
    const ended = await place.run(["run", "small.yaml", "--json", "--workers", "1"]);
    expect(ended).toMatchObject({ code: 0, stderr: "" });
    const lines = linesOf(ended);
    expect(lines[0]).toMatchObject({ type: "start", dataset: "generated handwriting", parties: 4, resumedFrom: 0 });
    expect(lines.filter(({ type }) => type === "round")).toHaveLength(4);
    const result = lastLine(ended);
    expect(result).toMatchObject({
      type: "result",
      dataset: "generated handwriting",
      rounds: 4,
      accuracy: expect.any(Number),
      accuracySource: "held-out data at the parties (all parties)",
      // Three parties of four, four rounds, 12,730 parameters of four bytes.
      payloadBytesUp: 3 * 4 * 4 * (784 * 16 + 16 + 16 * 10 + 10),
      payloadBytesDown: 3 * 4 * 4 * (784 * 16 + 16 + 16 * 10 + 10),
    });
    const folder = ".concord/experiments/small";
    expect((await readdir(join(place.folder, folder))).sort()).toEqual([
      "checkpoint.safetensors",
      "config.json",
      "metrics.csv",
      "metrics.json",
      "model.safetensors",
    ]);

    const again = await place.run(["run", "small.yaml", "--json", "--workers", "2", "--out", "again"]);
    expect(lastLine(again)).toMatchObject({ accuracy: result.accuracy, loss: result.loss });
    expect(await read("again/model.safetensors")).toEqual(await read(`${folder}/model.safetensors`));

    // A finished run is told again, not made again.
    const third = await place.run(["run", "small.yaml", "--json"]);
    expect(third.stderr).toContain("holds a finished run; --fresh begins a new one");
    expect(lastLine(third)).toMatchObject({ accuracy: result.accuracy, rounds: 4 });
  });

  test("killed half-way, goes on from its checkpoint to the same bits", async () => {
    await write("long.yaml", experiment({ rounds: "rounds: 40" }));
    const undisturbed = place.run(["run", "long.yaml", "--json", "--workers", "1", "--out", "undisturbed"]);
    for (const round of [3, 11]) {
      const running = place.start(["run", "long.yaml", "--json", "--workers", "1", "--out", "killed"]);
      await running.line((line) => line.type === "round" && Number(line.round) >= round);
      running.kill("SIGKILL");
      await running.ended;
    }
    const last = await place.run(["run", "long.yaml", "--json", "--workers", "2", "--out", "killed"]);
    expect(linesOf(last)[0]?.resumedFrom).toBeGreaterThanOrEqual(11);
    expect(lastLine(last)).toMatchObject({ rounds: 40, accuracy: lastLine(await undisturbed).accuracy });
    expect(await read("killed/model.safetensors")).toEqual(await read("undisturbed/model.safetensors"));
    expect((await readdir(join(place.folder, "killed"))).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });

  test("does not mix a checkpoint with another experiment, and --rounds goes on", async () => {
    await write("small.yaml", experiment());
    expect((await place.run(["run", "small.yaml"])).code).toBe(0);
    const longer = await place.run(["run", "small.yaml", "--rounds", "6", "--json"]);
    expect(linesOf(longer)[0]).toMatchObject({ resumedFrom: 4, rounds: 6 });
    expect(lastLine(longer)).toMatchObject({ rounds: 6 });

    await write("small.yaml", experiment({ algorithm: "algorithm: { kind: fedsgd, localSteps: 2 }" }));
    const other = await place.run(["run", "small.yaml"]);
    expect(other.code).toBe(2);
    expect(other.stderr).toMatch(/checkpoint\.safetensors: this checkpoint belongs to another configuration.*--fresh/);
    expect((await place.run(["run", "small.yaml", "--fresh"])).code).toBe(0);
  });
});

describe("what is wrong with an experiment ends with 2 and names file and field:", () => {
  test.each<[string, Readonly<Record<string, string>>, RegExp]>([
    ["no YAML", { name: "name: [unclosed" }, /wrong\.yaml is no YAML:/],
    ["an unknown field", { more: "bogus: 1" }, /wrong\.yaml: Unrecognized key: "bogus"/],
    [
      "an unknown field of a part",
      { data: "data: { dataset: handwriting, parties: 4, partition: { kind: iid }, limits: 3 }" },
      /wrong\.yaml: data: Unrecognized key: "limits"/,
    ],
    ["a missing field", { name: "" }, /wrong\.yaml: name: .*expected string/],
    [
      "a wrong type",
      { data: "data: { dataset: handwriting, parties: four, partition: { kind: iid } }" },
      /wrong\.yaml: data\.parties: .*expected number/,
    ],
    ["a wrong type in the task", { rounds: "rounds: many" }, /wrong\.yaml: rounds: .*expected number/],
    [
      "an unknown algorithm",
      { algorithm: "algorithm: { kind: magic, localSteps: 5 }" },
      /wrong\.yaml: algorithm\.kind: .*'fedavg' \| 'fedsgd'/,
    ],
    [
      "an unknown data set",
      { data: "data: { dataset: nothing, parties: 4, partition: { kind: iid } }" },
      /wrong\.yaml: data\.dataset: there is no data set "nothing"; known are handwriting/,
    ],
    [
      "a data set that is not here",
      { data: "data: { dataset: fashion-mnist, parties: 4, partition: { kind: iid } }" },
      /data set "fashion-mnist" is not here\. Looked in .*`concord data pull fashion-mnist` downloads it, or set CONCORD_DATA/,
    ],
    [
      "more parties than examples",
      { data: "data: { dataset: handwriting, parties: 40, partition: { kind: iid }, limit: 20 }" },
      /wrong\.yaml: data: 20 examples cannot be dealt to 40 parties/,
    ],
    [
      "a task that does not fit the data",
      {
        task: "task: { model: { kind: softmax }, inputShape: [4], optimizer: { kind: sgd }, learningRate: 0.1, batchSize: 5 }",
      },
      /wrong\.yaml: task: .*its inputs are \[28, 28, 1\], expected \[4\]/,
    ],
  ])("%s", async (_what, change, message) => {
    await write("wrong.yaml", experiment(change));
    const { code, stdout, stderr } = await place.run(["run", "wrong.yaml"]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(await readdir(place.folder)).toEqual([".cache", "wrong.yaml"]);
  });

  test("a file that is not there, or a folder", async () => {
    const missing = await place.run(["run", "nothing.yaml"]);
    expect(missing).toMatchObject({ code: 2, stderr: expect.stringContaining("cannot read nothing.yaml: ENOENT") });
    const folder = await place.run(["run", ".cache"]);
    expect(folder).toMatchObject({ code: 2, stderr: expect.stringContaining("cannot read .cache: EISDIR") });
    await write("small.yaml", experiment());
    const out = await place.run(["run", "small.yaml", "--out", "small.yaml"]);
    expect(out).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("run --out: the folder small.yaml cannot be used"),
    });
  });

  test("a damaged checkpoint, which stays as it is", async () => {
    await write("small.yaml", experiment());
    expect((await place.run(["run", "small.yaml", "--out", "out"])).code).toBe(0);
    const whole = await read("out/checkpoint.safetensors");
    await writeFile(join(place.folder, "out/checkpoint.safetensors"), whole.subarray(0, 1000));
    const ended = await place.run(["run", "small.yaml", "--out", "out"]);
    expect(ended.code).toBe(2);
    expect(ended.stderr).toMatch(/out\/checkpoint\.safetensors: .*\(or --fresh\)/);
    expect(await read("out/checkpoint.safetensors")).toHaveLength(1000);
  });
});

function write(name: string, text: string): Promise<void> {
  return writeFile(join(place.folder, name), text);
}

function read(name: string): Promise<Buffer> {
  return readFile(join(place.folder, name));
}
