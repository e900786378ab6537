import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Line, lastLine, linesOf, newPlace, type Place } from "./concord-process.ts";

const QUICK = ["start", "--no-open", "--json", "--port", "0", "--parties", "2", "--local-steps", "4"];
/** More rounds than any machine makes while a test looks on. */
const ENDLESS = "100000";

let place: Place;
beforeEach(async () => {
  place = await newPlace();
});
afterEach(() => place.close());

describe("concord start", () => {
  test("prints JSON lines, the result last, and leaves the run in its folder", async () => {
    const ended = await place.run([...QUICK, "--rounds", "2"]);
    expect(ended).toMatchObject({ code: 0, stderr: "" });
    const lines = linesOf(ended);
    expect(lines[0]).toMatchObject({
      type: "start",
      federation: "federation-1",
      dataset: "generated handwriting",
      generated: true,
      parties: 2,
      rounds: 2,
      resumed: false,
      url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/#c1_/),
    });
    expect(lines.filter(({ type }) => type === "round.finished")).toHaveLength(2);
    const result = lastLine(ended);
    expect(result).toEqual({
      type: "result",
      dataset: "generated handwriting",
      rounds: 2,
      accuracy: expect.any(Number),
      loss: expect.any(Number),
      accuracySource: "held-out examples of all parties",
      bytesUp: expect.any(Number),
      bytesDown: expect.any(Number),
      // A model down and up for each of two parties in each of two rounds.
      payloadBytesUp: 4 * 437_544,
      payloadBytesDown: 4 * 437_544,
    });

    const folder = join(place.folder, ".concord/runs/federation-1");
    const files = ["config.json", "metrics.csv", "metrics.json", "model.safetensors"];
    expect((await readdir(folder)).sort()).toEqual(files);
    const config = JSON.parse(await readFile(join(folder, "config.json"), "utf8"));
    expect(config.config).toMatchObject({ rounds: 2, minimumParties: 2, algorithm: { kind: "fedavg", localSteps: 4 } });
    const metrics = JSON.parse(await readFile(join(folder, "metrics.json"), "utf8"));
    expect(metrics.result).toEqual(result);
    expect(metrics.rounds).toHaveLength(2);
    const csv = (await readFile(join(folder, "metrics.csv"), "utf8")).trimEnd().split("\n");
    expect(csv[0]).toBe("round,status,parties,trainLoss,accuracy,loss,bytesUp,bytesDown");
    expect(csv[2]).toMatch(/^2,finished,2,/);
    expect(csv).toHaveLength(3);

    const model = await place.run(["model", "info", join(folder, "model.safetensors"), "--json"]);
    expect(model.code).toBe(0);
    expect(lastLine(model)).toMatchObject({ type: "result", tensors: 6, parameters: 109_386, payloadBytes: 437_544 });

    expect((await stat(join(place.folder, ".concord"))).mode & 0o777).toBe(0o700);
    expect((await stat(join(place.folder, ".concord/operator.key"))).mode & 0o777).toBe(0o600);
    await place.gone();
  });

  test("killed half-way leaves no process, goes on where it was, and ends with an undisturbed run's model", async () => {
    // Rounds enough that none of the kills comes when all is over.
    const words = [...QUICK, "--rounds", "20", "--quorum", "all"];
    const other = await newPlace();
    const undisturbed = other.run(words);

    const first = place.start(words);
    await first.line(({ type }) => type === "update.accepted");
    first.kill("SIGKILL");
    await first.ended;
    await place.gone();

    // Other options change nothing in what was begun.
    const second = place.start([...QUICK, "--rounds", "9", "--seed", "2", "--parties", "3"]);
    const start = await second.line(({ type }) => type === "start");
    expect(start).toMatchObject({ federation: "federation-1", resumed: true, rounds: 20, parties: 2 });
    await second.line(is("round.finished", { round: 2 }));
    second.kill("SIGKILL");
    await second.ended;
    await place.gone();

    const third = await place.run(words);
    expect(third).toMatchObject({ code: 0 });
    const updates = linesOf(third).filter(({ type }) => type === "update.accepted");
    const names = updates.map(({ round, party }) => `${round} ${party}`).sort();
    const rounds = Array.from({ length: 20 }, (_, i) => i + 1);
    expect(names).toEqual(rounds.flatMap((round) => [`${round} party-1`, `${round} party-2`]).sort());
    expect((await undisturbed).code).toBe(0);
    expect(lastLine(third).accuracy).toBe(lastLine(await undisturbed).accuracy);
    expect(await modelOf(place, "federation-1")).toEqual(await modelOf(other, "federation-1"));
    await other.close();
  });

  test("keeps a finished federation and begins a new one; --fresh puts one aside that has not finished", async () => {
    expect((await place.run([...QUICK, "--rounds", "1"])).code).toBe(0);
    const second = place.start([...QUICK, "--rounds", ENDLESS]);
    expect(await second.line(({ type }) => type === "start")).toMatchObject({ federation: "federation-2" });
    await second.line(({ type }) => type === "round.started");
    second.kill("SIGKILL");
    await second.ended;
    const third = await place.run([...QUICK, "--rounds", "1", "--fresh"]);
    expect(third.code).toBe(0);
    expect(linesOf(third)[0]).toMatchObject({ federation: "federation-3", resumed: false, rounds: 1 });
    expect((await readdir(join(place.folder, ".concord/runs"))).sort()).toEqual(["federation-1", "federation-3"]);
  });

  test.each(["SIGINT", "SIGTERM"] as const)("ends cleanly on %s, and continues later", async (signal) => {
    const running = place.start([...QUICK, "--rounds", ENDLESS]);
    await running.line(({ type }) => type === "update.accepted");
    running.kill(signal);
    const ended = await running.ended;
    expect(ended).toMatchObject({ code: 0, signal: null, stderr: "" });
    expect(lastLine(ended)).toEqual({ type: "stopped", federation: "federation-1" });
    await place.gone();
  });

  test("starts a party again that was killed", async () => {
    const running = place.start([...QUICK, "--rounds", "30", "--quorum", "all"]);
    await running.line(is("round.finished", { round: 1 }));
    const [victim] = (await place.processes()).filter((pid) => pid !== running.pid);
    if (victim === undefined) throw new Error("no party runs");
    process.kill(victim, "SIGKILL");
    const ended = await running.ended;
    expect(ended.code).toBe(0);
    expect(ended.stderr).toMatch(/^party-[12]: its process ended \(SIGKILL\); it is started again\n$/);
    expect(linesOf(ended).filter(({ type }) => type === "party.dropped")).toEqual([]);
    expect(lastLine(ended)).toMatchObject({ type: "result", rounds: 30 });
  });
});

function is(type: string, fields: Readonly<Record<string, unknown>>): (line: Line) => boolean {
  return (line) => line.type === type && Object.entries(fields).every(([name, value]) => line[name] === value);
}

function modelOf({ folder }: Place, federation: string): Promise<Buffer> {
  return readFile(join(folder, ".concord/runs", federation, "model.safetensors"));
}

test("concord start --recommender serves generated films to visitors, and refuses other data", async () => {
  const words = ["start", "--recommender", "--no-open", "--json", "--port", "0", "--parties", "2", "--rounds", "1"];
  const ended = await place.run(words, { CONCORD_DATA: "" });
  expect(ended).toMatchObject({ code: 0, stderr: "" });
  const lines = linesOf(ended);
  expect(lines[0]).toMatchObject({
    federation: "recommender-1",
    dataset: "generated films",
    generated: true,
    parties: 2,
  });
  expect(lines.find(({ type }) => type === "invite")?.url).toMatch(/\/recommender\/recommender-1#ci_[\w-]{32}$/);
  expect(lastLine(ended)).toMatchObject({ type: "result", accuracy: null, loss: expect.any(Number) });

  const refused = await place.run([...words, "--dataset", "handwriting"]);
  expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('generated-films, not "handwriting"') });
});
