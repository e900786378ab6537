import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { lastLine, linesOf, newPlace, type Place } from "./concord-process.ts";

const FEDERATION = `
name: Two hands
dataset: generated handwriting
task:
  model: { kind: softmax }
  inputShape: [28, 28, 1]
  outputs: 10
  loss: cross-entropy
  optimizer: { kind: sgd }
  learningRate: 0.1
  batchSize: 10
algorithm: { kind: fedsgd, localSteps: 2 }
rounds: 8
seed: 1
minimumParties: 2
`;

let place: Place;
beforeEach(async () => {
  place = await newPlace();
  await writeFile(join(place.folder, "two-hands.yaml"), FEDERATION);
});
afterEach(() => place.close());

describe("concord serve and concord join", () => {
  test("finish together; a party that is killed goes on with the same link, and so does the coordinator", async () => {
    const server = place.start(["serve", "two-hands.yaml", "--invites", "2", "--port", "0", "--json"]);
    expect(await server.line(({ type }) => type === "start")).toMatchObject({ federations: ["two-hands"] });
    const invites: string[] = [];
    for (let i = 0; i < 2; i++) {
      const { url } = await server.line(({ type, url }) => type === "invite" && !invites.includes(String(url)));
      invites.push(String(url));
    }
    const [one = "", two = ""] = invites;
    const join1 = ["join", one, "--shard", "1/50", "--name", "Ada", "--json"];
    const first = place.start(join1);
    expect(await first.line(({ type }) => type === "start")).toMatchObject({ party: "ada", federation: "two-hands" });
    await first.line(({ type, kind }) => type === "status" && kind === "waiting");
    first.kill("SIGKILL");
    await first.ended;

    const again = place.start(join1);
    expect(await again.line(({ type }) => type === "start")).toMatchObject({ party: "ada" });
    const other = place.start(["join", two, "--shard", "2/50", "--json"]);
    await server.line(({ type }) => type === "exchange.merged");
    const { port } = new URL(one);
    server.kill("SIGKILL");
    await server.ended;
    const revived = place.start(["serve", "--port", port, "--json"]);

    for (const party of [again, other]) {
      const ended = await party.ended;
      expect(ended).toMatchObject({ code: 0 });
      expect(lastLine(ended)).toMatchObject({ type: "result", ended: "finished" });
    }
    await revived.line(({ type }) => type === "result");
    revived.kill("SIGTERM");
    const ended = await revived.ended;
    expect(ended).toMatchObject({ code: 0, signal: null, stderr: "" });
    expect(lastLine(ended)).toMatchObject({
      type: "result",
      federation: "two-hands",
      dataset: "generated handwriting",
      rounds: 8,
      folder: ".concord/runs/two-hands",
    });
    const updates = linesOf(ended).filter(({ type }) => type === "update.accepted");
    expect(updates.map(({ round, step, party }) => `${round} ${step} ${party}`).sort()).toHaveLength(8 * 2 * 2);
    expect(await readdir(join(place.folder, ".concord/runs/two-hands"))).toContain("model.safetensors");
  });

  test("SIGINT ends a party that waits, and the same command continues", async () => {
    const server = place.start(["serve", "two-hands.yaml", "--invites", "1", "--port", "0", "--json"]);
    const { url } = await server.line(({ type }) => type === "invite");
    const party = place.start(["join", String(url), "--shard", "1/50", "--json"]);
    await party.line(({ kind }) => kind === "waiting");
    party.kill("SIGINT");
    const ended = await party.ended;
    expect(ended).toMatchObject({ code: 0, signal: null, stderr: "" });
    expect(lastLine(ended)).toMatchObject({ type: "result", ended: "stopped", updates: 0 });
    server.kill("SIGINT");
    expect(await server.ended).toMatchObject({ code: 0, signal: null, stderr: "" });
  });

  test("a party goes on without its link where its folder is named", async () => {
    const server = place.start(["serve", "two-hands.yaml", "--invites", "1", "--port", "0", "--json"]);
    const { url } = await server.line(({ type }) => type === "invite");
    const words = ["--shard", "1/50", "--dir", "ada", "--json"];
    const nobody = await place.run(["join", ...words]);
    expect(nobody).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("ada holds no party yet: an invite link"),
    });
    const first = place.start(["join", String(url), "--name", "Ada", ...words]);
    await first.line(({ kind }) => kind === "waiting");
    first.kill("SIGKILL");
    await first.ended;
    const again = place.start(["join", ...words]);
    expect(await again.line(({ type }) => type === "start")).toMatchObject({ party: "ada", federation: "two-hands" });
    await again.line(({ kind }) => kind === "waiting");
  });

  test("a folder whose party runs, an invite that is used, of another federation, or of nobody ends with 2", async () => {
    const server = place.start(["serve", "two-hands.yaml", "--invites", "1", "--port", "0", "--json"]);
    const { url } = await server.line(({ type }) => type === "invite");
    const link = String(url);
    const party = place.start(["join", link, "--shard", "1/50", "--json"]);
    await party.line(({ kind }) => kind === "waiting");

    const twice = await place.run(["join", link, "--shard", "1/50"]);
    expect(twice).toMatchObject({ code: 2, stderr: expect.stringMatching(/another process is the party of .*joined/) });

    const words = ["--shard", "2/50", "--dir", "elsewhere"];
    const used = await place.run(["join", link, ...words]);
    expect(used).toMatchObject({ code: 2, stderr: expect.stringContaining("this invite has been used") });
    const unknown = await place.run(["join", `${link.slice(0, -3)}abc`, ...words]);
    expect(unknown).toMatchObject({ code: 2, stderr: expect.stringContaining("knows no such invite") });
    const { stderr } = await place.run(["join", link, "--shard", "9/8", "--dir", "elsewhere"]);
    expect(stderr).toContain("this invite has been used");
    await expect(readFile(join(place.folder, "elsewhere/identity.json"))).rejects.toMatchObject({ code: "ENOENT" });
  });

  test("a federation that is wrong, or another one under the same name, ends with 2 and the file's name", async () => {
    await writeFile(join(place.folder, "wrong.yaml"), FEDERATION.replace("rounds: 8", "rounds: 0"));
    const wrong = await place.run(["serve", "wrong.yaml", "--port", "0"]);
    expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining("wrong.yaml: rounds:") });

    const server = place.start(["serve", "two-hands.yaml", "--port", "0", "--json"]);
    await server.line(({ type }) => type === "start");
    server.kill("SIGTERM");
    await server.ended;
    await writeFile(join(place.folder, "two-hands.yaml"), FEDERATION.replace("rounds: 8", "rounds: 9"));
    const other = await place.run(["serve", "two-hands.yaml", "--port", "0"]);
    expect(other.code).toBe(2);
    expect(other.stderr).toContain('federation "two-hands" is there already with another specification');
  });
});
