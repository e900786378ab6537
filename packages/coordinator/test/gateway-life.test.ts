import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ChatCompletion, KeptAnswers, PaletteView } from "@concord/protocol";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openSqliteStore } from "../src/index.ts";
import { json } from "./fake-party.ts";
import { complete, type FakeUpstream, fakeUpstream, oneOf } from "./fake-upstream.ts";
import { startInMemory } from "./federation.ts";
import { gatewayOf, partsFor, startGateway, TEXTS } from "./gateway-setting.ts";

let upstream: FakeUpstream;
let folder: string;
let gateway: Awaited<ReturnType<typeof startGateway>>;

beforeEach(async () => {
  upstream = await fakeUpstream(oneOf(TEXTS));
  folder = await mkdtemp(join(tmpdir(), "concord-gateway-"));
});
afterEach(async () => {
  await gateway.coordinator.close();
  await upstream.close();
  await rm(folder, { recursive: true });
});

const open = async () => ({ store: await openSqliteStore(join(folder, "store.sqlite")), dataDir: folder });
const chat = async (body: object = {}) => json<ChatCompletion>(await gateway.chat(body));

/** Comes back over the same folder, as after a restart. */
async function restart(): Promise<void> {
  const { key } = gateway;
  await gateway.coordinator.close();
  const coordinator = await startInMemory({ gateway: partsFor(upstream), ...(await open()) });
  gateway = { ...gatewayOf(coordinator, key), coordinator };
}

const settled = (name = "kind") =>
  expect.poll(async () => (await gateway.palette(name)).status, { timeout: 30_000 }).not.toBe("piloting");

describe("a restart", () => {
  it("loses no palette, no version, no tenant and no live level", async () => {
    gateway = await startGateway(partsFor(upstream), await open());
    await gateway.create();
    await gateway.create({ targets: "goodness=2.5" });
    const first = await chat({ seed: 5 });
    for (let seed = 0; seed < 3; seed++) await chat({ seed });
    const before = await gateway.palette();
    await restart();
    expect(await gateway.palette()).toEqual(before);
    expect(before.live?.requests).toBe(4);
    const again = await chat({ seed: 5 });
    expect({ ...again.x_palette }).toEqual(first.x_palette);
    expect((await gateway.palette()).live?.requests).toBe(5);
    expect((await gateway.create()).version).toBe(3);
  });

  it("says of a pilot that it broke off, and answers from the version before", async () => {
    gateway = await startGateway(partsFor(upstream), await open());
    await gateway.create();
    upstream.respond(() => {});
    await gateway.create({ pilot: { kind: "prompts", prompts: ["a", "b"] } });
    expect(await gateway.palette()).toMatchObject({ version: 2, status: "piloting", progress: { done: 0, all: 2 } });
    await restart();
    expect(await gateway.palette()).toMatchObject({
      version: 2,
      status: "failed",
      progress: null,
      problem: expect.stringContaining("make the palette again"),
    });
    upstream.respond(oneOf(TEXTS));
    expect((await chat()).model).toBe("base@kind:1");
  });
});

describe("a pilot of prompts", () => {
  const prompts = Array.from({ length: 60 }, (_, i) => `Question ${i}`);

  it("draws and scores k candidates for each prompt, and solves on them", async () => {
    gateway = await startGateway(partsFor(upstream));
    const sampling = { temperature: 0.8, topP: 0.9, maxTokens: 20 };
    const begun = await gateway.create({ k: 4, sampling, pilot: { kind: "prompts", prompts, seed: 3 } });
    expect(begun).toMatchObject({ status: "piloting", solution: null, progress: { all: 60 } });
    const early = await gateway.chat();
    expect(early.status).toBe(409);
    await settled();
    expect(await gateway.palette()).toMatchObject({
      status: "ready",
      progress: null,
      solution: { feasible: true, prompts: 60, samples: 240 },
    });
    expect(upstream.questions).toHaveLength(240);
    expect(new Set(upstream.questions.map(({ body }) => body.messages?.[0]?.content))).toEqual(new Set(prompts));
    expect(upstream.questions[0]?.body).toMatchObject({ temperature: 0.8, top_p: 0.9, max_tokens: 20 });
    // All rewards of the gateway are there, so that the next version may ask for another value on the same pilot.
    const next = await gateway.create({
      ...{ targets: "goodness=mean,brevity=mean", k: 4, sampling },
      pilot: { kind: "version", version: 1 },
    });
    expect(next).toMatchObject({ version: 2, status: "ready" });
    const other = await gateway.asOperator("POST", "/v1/palettes", {
      ...{ name: "kind", base: "base", targets: "goodness=2", k: 4 },
      pilot: { kind: "version", version: 1 },
    });
    expect(await other.json()).toMatchObject({ error: { code: "invalid_argument", param: "pilot.version" } });
  });

  it("draws again what failed", async () => {
    const asked = new Set<string>();
    upstream.respond((question, response) => {
      const prompt = question.body.messages?.[0]?.content ?? "";
      if (asked.has(prompt)) return complete(question, response, TEXTS[question.body.seed % 4] as string);
      asked.add(prompt);
      response.writeHead(500).end();
    });
    gateway = await startGateway(partsFor(upstream));
    await gateway.create({ k: 2, pilot: { kind: "prompts", prompts } });
    await settled();
    expect((await gateway.palette()).solution).toMatchObject({ prompts: 60, samples: 120 });
    const { rewards } = await json<{ rewards: string }>(await gateway.asOperator("GET", "/v1/palettes/kind/1/rewards"));
    expect(rewards.trim().split("\n")).toHaveLength(1 + 120);
  });

  it("of a base that gives nothing fails, and says why", async () => {
    upstream.respond((_, response) => response.writeHead(500).end());
    gateway = await startGateway(partsFor(upstream));
    await gateway.create({ k: 2, pilot: { kind: "prompts", prompts } });
    await settled();
    expect(await gateway.palette()).toMatchObject({
      status: "failed",
      solution: null,
      problem: "the base model gives no candidates: it answered with the status 500",
    });
  });
});

describe("live levels", () => {
  it("have an interval after thirty requests, and say when the target has left it", async () => {
    gateway = await startGateway(partsFor(upstream));
    await gateway.create({ targets: "goodness=2" });
    // Eight candidates as in the pilot, in every request: the level is the target.
    const ask = async (count: number) => {
      for (let i = 0; i < count; i++) await chat({ seed: i });
    };
    let [n, texts] = [0, TEXTS as readonly string[]];
    upstream.respond((question, response) => complete(question, response, texts[n++ % texts.length] as string));
    await ask(35);
    const { live } = await gateway.palette();
    const [level] = live?.levels ?? [];
    expect(level?.mean).toBeCloseTo(2, 6);
    expect(level?.interval?.[0]).toBeLessThanOrEqual(level?.interval?.[1] ?? Number.NaN);
    // Then the base turns bad.
    texts = ["bad", "bad", "bad", "bad", "bad", "bad", "bad", "good"];
    await ask(20);
    const [after] = (await gateway.palette()).live?.levels ?? [];
    expect(after).toMatchObject({ target: 2, drift: true });
    expect(after?.interval?.[1]).toBeLessThan(2);
  });
});

describe("prompts", () => {
  const words = "a prompt that is nobody's business";
  const body = { messages: [{ role: "user", content: words }], seed: 1 };

  it("are kept where the operator asks for it", async () => {
    gateway = await startGateway(partsFor(upstream, { keepPrompts: true }));
    await gateway.create();
    const { x_palette: trace } = await chat(body);
    const path = "/v1/palettes/kind/1/answers";
    const { answers } = await json<KeptAnswers>(await gateway.asOperator("GET", path));
    expect(answers).toMatchObject([{ seq: 1, prompt: words, picked: trace.picked }]);
    expect(answers[0]?.candidates.map(({ weight }) => weight)).toEqual(trace.candidates.map(({ weight }) => weight));
    expect((await gateway.asTenant("GET", path)).status).toBe(403);
  });

  it("are otherwise nowhere in the store", async () => {
    gateway = await startGateway(partsFor(upstream), await open());
    await gateway.create();
    await chat(body);
    await gateway.create({ name: "drawn", k: 2, pilot: { kind: "prompts", prompts: [words, `${words} either`] } });
    await settled("drawn");
    expect(await json(await gateway.asOperator("GET", "/v1/palettes/kind/1/answers"))).toEqual({ answers: [] });
    await gateway.coordinator.close();
    for (const name of await readdir(folder)) {
      expect((await readFile(join(folder, name))).includes(words)).toBe(false);
    }
  });
});

describe("a coordinator without a gateway", () => {
  it("says so", async () => {
    const coordinator = await startInMemory();
    gateway = { ...gatewayOf(coordinator, coordinator.operatorKey), coordinator };
    expect(await json(await gateway.asOperator("GET", "/v1/gateway"))).toMatchObject({ enabled: false });
    expect(await json<{ palettes: PaletteView[] }>(await gateway.asOperator("GET", "/v1/palettes"))).toEqual({
      palettes: [],
    });
    expect((await gateway.chat()).status).toBe(409);
  });
});
