import type { PaletteTrace } from "@concord/protocol";
import OpenAI from "openai";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type FakeUpstream, fakeUpstream, oneOf } from "./fake-upstream.ts";
import { partsFor, startGateway, TEXTS } from "./gateway-setting.ts";

/** The official client, as it comes. */
let upstream: FakeUpstream;
let gateway: Awaited<ReturnType<typeof startGateway>>;
let client: OpenAI;

beforeEach(async () => {
  upstream = await fakeUpstream(oneOf(TEXTS));
  gateway = await startGateway(partsFor(upstream));
  await gateway.create();
  client = new OpenAI({ apiKey: gateway.key, baseURL: `${gateway.coordinator.url}/v1`, maxRetries: 0 });
});
afterEach(async () => {
  await gateway.coordinator.close();
  await upstream.close();
});

const asked = { model: "base@kind", messages: [{ role: "user" as const, content: "Say something." }], seed: 11 };

describe("the openai client", () => {
  it("lists the palettes", async () => {
    const models = [];
    for await (const model of client.models.list()) models.push(model.id);
    expect(models).toEqual(["base@kind"]);
    expect(await client.models.retrieve("base@kind:1")).toMatchObject({ id: "base@kind:1", object: "model" });
    await expect(client.models.retrieve("base@other")).rejects.toThrow(OpenAI.NotFoundError);
  });

  it("gets answers, with the trace beside what it knows", async () => {
    const completion = await client.chat.completions.create(asked);
    expect(TEXTS).toContain(completion.choices[0]?.message.content);
    expect(completion.usage?.prompt_tokens).toBe(40);
    const { x_palette: trace } = completion as typeof completion & { x_palette: PaletteTrace };
    expect(trace).toMatchObject({ palette: "kind", drawn: 8, seed: 11 });
    const text = await client.completions.create({ model: "base@kind", prompt: "Once" });
    expect(TEXTS).toContain(text.choices[0]?.text);
  });

  it("reads a stream, and gets the same answer", async () => {
    const whole = await client.chat.completions.create(asked);
    const stream = await client.chat.completions.create({
      ...asked,
      stream: true,
      stream_options: { include_usage: true },
    });
    let [text, total] = ["", 0];
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? "";
      total = chunk.usage?.total_tokens ?? total;
    }
    expect(text).toBe(whole.choices[0]?.message.content);
    expect(total).toBe(whole.usage?.total_tokens);
    const collected = await client.chat.completions.stream(asked).finalChatCompletion();
    expect(collected.choices[0]?.message.content).toBe(text);
  });

  it("throws its own errors", async () => {
    await expect(client.chat.completions.create({ ...asked, temperature: 0.1 })).rejects.toMatchObject({
      status: 400,
      code: "invalid_argument",
      param: "temperature",
      type: "invalid_request_error",
    });
    await expect(client.chat.completions.create({ ...asked, model: "gpt" })).rejects.toThrow(OpenAI.NotFoundError);
    const stranger = new OpenAI({ apiKey: "ct_x", baseURL: client.baseURL, maxRetries: 0 });
    await expect(stranger.models.list()).rejects.toThrow(OpenAI.AuthenticationError);
    upstream.respond((_, response) => response.writeHead(500).end());
    await expect(client.chat.completions.create(asked)).rejects.toThrow(OpenAI.InternalServerError);
  });
});
