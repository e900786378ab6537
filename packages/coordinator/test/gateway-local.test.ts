import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { key } from "@concord/engine";
import { encodeTextClassifier, trainTextClassifier } from "@concord/learning";
import type { ChatCompletion, TextCompletion } from "@concord/protocol";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openOperatorFile } from "../src/index.ts";
import { json } from "./fake-party.ts";
import { complete, fakeUpstream } from "./fake-upstream.ts";
import { startGateway } from "./gateway-setting.ts";

const stories = join(process.env.CONCORD_DATA ?? "", "llama2c-stories260k");
const hasStories = process.env.CONCORD_DATA !== undefined && existsSync(join(stories, "stories260K.bin"));
const local = {
  ...{ name: "stories", kind: "local" },
  model: join(stories, "stories260K.bin"),
  tokenizer: join(stories, "tok512.bin"),
};

let folder: string;
const open = (value: unknown, env: Record<string, string> = {}) => openOperatorFile(value, { folder, env });

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "concord-gateway-"));
});
afterEach(() => rm(folder, { recursive: true }));

describe.skipIf(!hasStories)("a local model (needs CONCORD_DATA with llama2c-stories260k)", () => {
  it("draws a pilot, is solved, and answers in its own thread", async () => {
    const parts = await open({
      bases: [local],
      rewards: [
        { name: "diversity", kind: "diversity" },
        { name: "fluency", kind: "perplexity", base: "stories" },
      ],
    });
    const gateway = await startGateway(parts);
    try {
      const prompts = ["Once upon a time", "Lily and Ben", "The dog", "One day, a girl", "Tom had a ball"];
      await gateway.create({
        ...{ name: "plain", base: "stories", targets: "fluency=mean,diversity=q60", k: 4 },
        sampling: { temperature: 1, topP: 0.95, maxTokens: 12 },
        pilot: { kind: "prompts", prompts, seed: 1 },
      });
      await expect.poll(async () => (await gateway.palette("plain")).status, { timeout: 50_000 }).toBe("ready");
      const { solution } = await gateway.palette("plain");
      expect(solution).toMatchObject({ feasible: true, prompts: 5, samples: 20 });
      const ask = async (seed: number) =>
        json<TextCompletion>(
          await gateway.asTenant("POST", "/v1/completions", { model: "stories@plain", prompt: "Once upon", seed }),
        );
      const [first, again] = [await ask(1), await ask(1)];
      expect(first.choices).toEqual(again.choices);
      expect(first.x_palette).toEqual(again.x_palette);
      expect(first.x_palette.candidates).toHaveLength(4);
      expect(first.usage.completion_tokens).toBeGreaterThan(4);
      expect(first.x_palette.candidates.every(({ rewards }) => (rewards.fluency as number) < 0)).toBe(true);
      const messages = [{ role: "user", content: "Once upon" }];
      const chat = await gateway.asTenant("POST", "/v1/chat/completions", {
        model: "stories@plain",
        messages,
        seed: 1,
      });
      expect((await json<ChatCompletion>(chat)).choices[0]?.message.content).toBe(first.choices[0]?.text);
      const long = await gateway.asTenant("POST", "/v1/completions", {
        model: "stories@plain",
        prompt: "a b ".repeat(900),
      });
      expect(long.status).toBe(400);
      expect(await long.json()).toMatchObject({
        error: { param: "prompt", message: expect.stringContaining("context") },
      });
    } finally {
      await gateway.coordinator.close();
    }
  });

  it("whose files are something else is refused with the field", async () => {
    await writeFile(join(folder, "no-model.bin"), "hello");
    const rewards = [{ name: "diversity", kind: "diversity" }];
    await expect(open({ bases: [{ ...local, model: "no-model.bin" }], rewards })).rejects.toMatchObject({
      code: "invalid_argument",
      param: "bases.0.model",
    });
    await expect(open({ bases: [{ ...local, tokenizer: "missing.bin" }], rewards })).rejects.toMatchObject({
      param: "bases.0.tokenizer",
      message: expect.stringContaining("ENOENT"),
    });
  });
});

describe("an operator's file", () => {
  const api = { name: "api", kind: "openai", url: "http://127.0.0.1:9/v1", model: "m" };
  const rewards = [{ name: "diversity", kind: "diversity" }];

  it.each<[string, object]>([
    ["bases", { rewards }],
    ["bases.0.url", { bases: [{ ...api, url: "api.example" }], rewards }],
    ["bases.0.url", { bases: [{ ...api, url: "https://me:secret@api.example/v1" }], rewards }],
    ["bases.0.url", { bases: [{ ...api, url: "file:///etc/passwd" }], rewards }],
    ["bases.0.keyEnv", { bases: [{ ...api, keyFile: "a", keyEnv: "B" }], rewards }],
    ["bases.0.keyFile", { bases: [{ ...api, keyFile: "missing.key" }], rewards }],
    ["bases.0.keyFile", { bases: [{ ...api, keyFile: "empty.key" }], rewards }],
    ["bases.0.keyEnv", { bases: [{ ...api, keyEnv: "NOT_SET" }], rewards }],
    ["bases.1.name", { bases: [api, api], rewards }],
    ["bases.0.name", { bases: [{ ...api, name: "a@b" }], rewards }],
    ["bases.0.timeoutSeconds", { bases: [{ ...api, timeoutSeconds: 0 }], rewards }],
    ["rewards.0.base", { bases: [api], rewards: [{ name: "fluency", kind: "perplexity", base: "api" }] }],
    ["rewards.0.base", { bases: [api], rewards: [{ name: "nice", kind: "judge", base: "other", rubric: "nice" }] }],
    [
      "rewards.0.highest",
      { bases: [api], rewards: [{ name: "nice", kind: "judge", base: "api", rubric: "nice", lowest: 2, highest: 1 }] },
    ],
    ["rewards.0.file", { bases: [api], rewards: [{ name: "tone", kind: "classifier", file: "empty.key" }] }],
  ])("with a wrong %s is refused with the field named", async (param, value) => {
    await writeFile(join(folder, "empty.key"), "\n");
    await expect(open(value)).rejects.toMatchObject({
      code: "invalid_argument",
      param,
      message: expect.stringContaining(param),
    });
  });

  it("gives bases their keys and rewards their models", async () => {
    const asked: string[] = [];
    const upstream = await fakeUpstream((question, response) => {
      const { authorization, body } = question;
      const fields = ["seed", "max_tokens", "max_completion_tokens"].filter((field) => field in body);
      asked.push(`${authorization} ${body.model} ${body.temperature} ${fields}`);
      const judging = question.body.messages?.[0]?.role === "system";
      complete(question, response, judging ? "7" : "what a lovely day");
    });
    const texts = ["a lovely day", "lovely", "an awful day", "awful"];
    const classifier = trainTextClassifier(
      texts.map((text, i) => ({ text, label: i < 2 ? 1 : 0 })),
      { features: 64, epochs: 20, learningRate: 0.5, penalty: 0, key: key(1) },
    );
    await writeFile(join(folder, "tone.safetensors"), encodeTextClassifier(classifier));
    await writeFile(join(folder, "api.key"), "sk-from-file\n");
    const parts = await open(
      {
        bases: [
          { ...api, url: `${upstream.url}/`, keyFile: "api.key" },
          {
            ...{ ...api, name: "judge", model: "wise", url: upstream.url, keyEnv: "JUDGE_KEY" },
            ...{ seeds: false, lengthField: "max_completion_tokens" },
          },
        ],
        rewards: [
          { name: "tone", kind: "classifier", file: "tone.safetensors", scale: "log-odds", reads: "answer" },
          { name: "nice", kind: "judge", base: "judge", rubric: "It is nice.", lowest: 0, highest: 10 },
        ],
      },
      { JUDGE_KEY: "sk-from-env" },
    );
    const rows = Array.from({ length: 120 }, (_, j) => ({ prompt_id: j >> 1, tone: j % 2, nice: 5 + (j % 2) }));
    const gateway = await startGateway(parts);
    const { status } = await gateway.create({
      ...{ base: "api", targets: "tone=0.6,nice=5.6", k: 2 },
      pilot: { kind: "rewards", rewards: rows },
    });
    expect(status).toBe("ready");
    const { x_palette: trace } = await json<ChatCompletion>(await gateway.chat({ model: "api@kind" }));
    expect(trace.candidates).toHaveLength(2);
    for (const { rewards } of trace.candidates) {
      expect(rewards.tone).toBeGreaterThan(0);
      expect(rewards.nice).toBe(7);
    }
    expect(new Set(asked)).toEqual(
      new Set(["Bearer sk-from-file m 1 seed,max_tokens", "Bearer sk-from-env wise 0 max_completion_tokens"]),
    );
    await gateway.coordinator.close();
    await upstream.close();
  });
});
