import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { decodeSafetensors } from "@concord/engine";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { lastLine, linesOf, newPlace, type Place } from "./concord-process.ts";
import { experiment } from "./small-experiment.ts";

/** Four parties with uneven labels, of which up to two are fast: levels a (T − 1 = 7 exchanges of 8 steps) and b (2). */
const FILE = experiment({
  data: "data: { dataset: handwriting, parties: 4, partition: { kind: dirichlet, beta: 0.3 } }",
  algorithm: "algorithm: { kind: dynamicfl, localSteps: 8, levels: [a, b], p: 0.5 }",
  rounds: "rounds: 2",
});
/** 784 · 16 + 16 + 16 · 10 + 10 parameters in float32. */
const MODEL_BYTES = 4 * (784 * 16 + 16 + 16 * 10 + 10);
const SERVED = fileURLToPath(new URL("../../../experiments/serve/dynamicfl.yaml", import.meta.url));

let place: Place;
beforeEach(async () => {
  place = await newPlace();
});
afterEach(() => place.close());

describe("a file that names DynamicFL", () => {
  test("gives the same model and the same payload bytes simulated and served to parties over HTTP", async () => {
    await writeFile(join(place.folder, "small.yaml"), FILE);
    const run = await place.run(["run", "small.yaml", "--json"]);
    expect(run, run.stderr).toMatchObject({ code: 0 });

    const server = place.start(["serve", "small.yaml", "--invites", "4", "--port", "0", "--json"]);
    await server.line(({ type }) => type === "start");
    const urls: string[] = [];
    for (let k = 1; k <= 4; k++) {
      const { url } = await server.line(({ type, url }) => type === "invite" && !urls.includes(String(url)));
      urls.push(String(url));
    }
    const parties = urls.map((url, i) =>
      place.start([
        "join",
        url,
        "--name",
        `party-${i + 1}`,
        "--shard",
        `${i + 1}/4`,
        "--partition",
        "dirichlet:0.3",
        "--share-labels",
        "--json",
      ]),
    );
    for (const party of parties) expect(await party.ended).toMatchObject({ code: 0, stderr: "" });
    const result = await server.line(({ type }) => type === "result");
    server.kill("SIGTERM");
    const events = linesOf(await server.ended);

    const model = async (folder: unknown) =>
      decodeSafetensors(await readFile(join(place.folder, String(folder), "model.safetensors"))).tensors;
    const simulated = lastLine(run);
    expect(await model(result.folder)).toEqual(await model(simulated.folder));
    expect(result.accuracy).toBe(simulated.accuracy);

    const { payloadBytesUp, payloadBytesDown } = result;
    expect({ payloadBytesUp, payloadBytesDown }).toEqual({
      payloadBytesUp: simulated.payloadBytesUp,
      payloadBytesDown: simulated.payloadBytesDown,
    });
    // An update up for each exchange and a model down: 2 · 7 + 2 · 2 exchanges a round with a group of two.
    const exchanges = events.filter(({ type }) => type === "update.accepted").length;
    const group = events
      .filter(({ type }) => type === "round.started")
      .map(({ group }) => group as { parties: string[] });
    expect(exchanges).toBe(group.reduce((sum, { parties }) => sum + 7 * parties.length + 2 * (4 - parties.length), 0));
    expect([payloadBytesUp, payloadBytesDown]).toEqual(Array(2).fill(exchanges * MODEL_BYTES));
  }, 400_000);

  test("that is in the repository is served", async () => {
    const server = place.start(["serve", SERVED, "--invites", "1", "--port", "0", "--json"]);
    expect(await server.line(({ type }) => type === "start")).toMatchObject({ federations: ["dynamicfl"] });
    const { url } = await server.line(({ type }) => type === "invite");
    const silent = await place.run(["join", String(url), "--shard", "1/10", "--partition", "dirichlet:0.3"]);
    expect(silent).toMatchObject({ code: 2, stderr: expect.stringContaining("labels") });
    server.kill("SIGINT");
    expect(await server.ended).toMatchObject({ code: 0, stderr: "" });
  }, 120_000);
});
