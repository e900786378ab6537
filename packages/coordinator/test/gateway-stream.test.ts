import type { PaletteTrace } from "@concord/protocol";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { complete, type FakeUpstream, fakeUpstream } from "./fake-upstream.ts";
import { partsFor, startGateway } from "./gateway-setting.ts";

let upstream: FakeUpstream;
let gateway: Awaited<ReturnType<typeof startGateway>>;
const TEXT = "  good good\n\ngood „Grüße“ 😀 ";

beforeEach(async () => {
  upstream = await fakeUpstream((question, response) => complete(question, response, TEXT, "length"));
  gateway = await startGateway(partsFor(upstream));
  await gateway.create();
});
afterEach(async () => {
  await gateway.coordinator.close();
  await upstream.close();
});

interface Chunk {
  readonly id: string;
  readonly object: string;
  readonly choices: readonly {
    readonly text?: string;
    readonly delta?: { readonly role?: string; readonly content?: string };
    readonly finish_reason: string | null;
  }[];
  readonly usage?: { readonly total_tokens: number } | null;
  readonly x_palette?: PaletteTrace;
}

async function events(answer: Response): Promise<Chunk[]> {
  expect(answer.status).toBe(200);
  expect(answer.headers.get("content-type")).toContain("text/event-stream");
  const parts = (await answer.text()).split("\n\n");
  expect(parts.splice(-2)).toEqual(["data: [DONE]", ""]);
  return parts.map((part) => JSON.parse(part.replace(/^data: /, "")) as Chunk);
}

describe("a streamed answer", () => {
  it("is that of a chat, in pieces, with its trace at the end", async () => {
    const chunks = await events(await gateway.chat({ stream: true, seed: 4 }));
    expect(chunks[0]?.choices[0]?.delta).toEqual({ role: "assistant", content: "" });
    expect(chunks.length).toBeGreaterThan(4);
    expect(chunks.map(({ choices }) => choices[0]?.delta?.content ?? "").join("")).toBe(TEXT);
    expect(new Set(chunks.map(({ id, object }) => `${id} ${object}`)).size).toBe(1);
    expect(chunks.every(({ object, usage }) => object === "chat.completion.chunk" && usage === undefined)).toBe(true);
    expect(chunks.at(-1)).toMatchObject({ choices: [{ finish_reason: "length" }], x_palette: { seed: 4, drawn: 8 } });
    expect(chunks.slice(0, -1).every(({ choices }) => choices[0]?.finish_reason === null)).toBe(true);
  });

  it("ends with usage where that is asked for", async () => {
    const chunks = await events(await gateway.chat({ stream: true, stream_options: { include_usage: true } }));
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { prompt_tokens: 40 } });
    expect(chunks.slice(0, -1).every(({ usage }) => usage === null)).toBe(true);
  });

  it("is that of a completion likewise", async () => {
    const body = { model: "base@kind", prompt: "Once", stream: true, stream_options: { include_usage: true } };
    const chunks = await events(await gateway.asTenant("POST", "/v1/completions", body));
    expect(chunks.map(({ choices }) => choices[0]?.text ?? "").join("")).toBe(TEXT);
    expect(chunks.at(-2)).toMatchObject({ choices: [{ finish_reason: "length" }], x_palette: { drawn: 8 } });
    expect(chunks.at(-1)?.usage?.total_tokens).toBeGreaterThan(40);
  });

  it("that cannot be given is an ordinary error", async () => {
    upstream.respond((_, response) => response.writeHead(500).end());
    const answer = await gateway.chat({ stream: true });
    expect(answer.status).toBe(503);
    expect(answer.headers.get("content-type")).toContain("application/json");
  });
});
