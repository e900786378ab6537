import type { ChatCompletion, TextCompletion } from "@concord/protocol";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { json } from "./fake-party.ts";
import { complete, type FakeUpstream, fakeUpstream, oneOf } from "./fake-upstream.ts";
import { recordingLog } from "./federation.ts";
import { partsFor, startGateway, TEXTS, UPSTREAM_KEY } from "./gateway-setting.ts";

let upstream: FakeUpstream;
let gateway: Awaited<ReturnType<typeof startGateway>>;
const { lines, log } = recordingLog();

beforeEach(async () => {
  upstream = await fakeUpstream(oneOf(TEXTS));
  gateway = await startGateway(partsFor(upstream), { log });
});
afterEach(async () => {
  await gateway.coordinator.close();
  await upstream.close();
});

const chat = async (body: object = {}) => json<ChatCompletion>(await gateway.chat(body));

describe("a chat request", () => {
  it("is answered in OpenAI's shape, with how the answer was picked", async () => {
    const { solution, version } = await gateway.create();
    const answered = await chat({ seed: 7 });
    expect(answered).toMatchObject({
      object: "chat.completion",
      model: "base@kind:1",
      choices: [{ index: 0, message: { role: "assistant" }, finish_reason: "stop", logprobs: null }],
      x_palette: { palette: "kind", version, seed: 7, drawn: 8, failed: 0, problems: [] },
    });
    const { x_palette: trace, choices, usage } = answered;
    expect(solution?.feasible && solution.lambda).toEqual(trace.lambda);
    const lambda = trace.lambda.goodness ?? Number.NaN;
    const terms = trace.candidates.map(({ rewards }) => Math.exp(lambda * (rewards.goodness ?? Number.NaN)));
    const sum = terms.reduce((total, term) => total + term, 0);
    trace.candidates.forEach(({ weight, score, rewards }, i) => {
      expect(weight).toBeCloseTo((terms[i] as number) / sum, 12);
      expect(score).toBeCloseTo(lambda * (rewards.goodness as number), 12);
    });
    const drawn = upstream.questions.map(({ body }) => TEXTS[body.seed % 4] as string);
    expect(choices[0]?.message.content).toBe(drawn[trace.picked]);
    const completion = drawn.reduce((total, text) => total + text.split(" ").length, 0);
    expect(usage).toEqual({ prompt_tokens: 40, completion_tokens: completion, total_tokens: 40 + completion });
  });

  it("asks the base for each candidate alone, with the palette's settings", async () => {
    await gateway.create({ sampling: { temperature: 0.7, topP: 0.9, maxTokens: 50 }, k: 4 });
    await chat({
      messages: [
        { role: "system", content: "Be kind." },
        { role: "user", content: [{ type: "text", text: "Hi" }] },
      ],
    });
    expect(upstream.questions).toHaveLength(4);
    for (const { path, authorization, body } of upstream.questions) {
      expect(path).toBe("/v1/chat/completions");
      expect(authorization).toBe(`Bearer ${UPSTREAM_KEY}`);
      expect(body).toMatchObject({ model: "big-1", n: 1, temperature: 0.7, top_p: 0.9, max_tokens: 50 });
      expect(body.messages).toEqual([
        { role: "system", content: "Be kind." },
        { role: "user", content: "Hi" },
      ]);
    }
    expect(new Set(upstream.questions.map(({ body }) => body.seed)).size).toBe(4);
  });

  it("gives the same answer to the same seed, and says which seed it took", async () => {
    await gateway.create();
    const first = await chat();
    const again = await chat({ seed: first.x_palette.seed });
    expect(again.x_palette).toEqual(first.x_palette);
    expect(again.choices).toEqual(first.choices);
    const others = await Promise.all(Array.from({ length: 10 }, () => chat()));
    expect(new Set(others.map(({ x_palette }) => x_palette.seed)).size).toBe(10);
  });

  it("picks as often as softmax says", async () => {
    await gateway.create();
    const answers = await Promise.all(Array.from({ length: 150 }, (_, seed) => chat({ seed })));
    for (let text = 0; text < 4; text++) {
      // Each request has candidates of its own: the expected count is the sum of the weights that they gave to this text.
      const shares = answers.map(({ x_palette: { candidates } }) =>
        candidates.reduce((sum, { rewards, weight }) => (rewards.goodness === text ? sum + weight : sum), 0),
      );
      const expected = shares.reduce((sum, share) => sum + share, 0);
      const sd = Math.sqrt(shares.reduce((sum, share) => sum + share * (1 - share), 0));
      const picked = answers.filter(({ choices }) => choices[0]?.message.content === TEXTS[text]).length;
      expect(Math.abs(picked - expected)).toBeLessThan(3.5 * sd);
      expect(expected).toBeGreaterThan(1);
    }
  });

  it("delivers the level that was asked for", async () => {
    await gateway.create({ targets: "goodness=2" });
    const counted = Array.from({ length: 8 }, (_, i) => TEXTS[i % 4] as string);
    upstream.respond((question, response, n) => complete(question, response, counted[n % 8] as string));
    for (let i = 0; i < 5; i++) await chat();
    const { live } = await gateway.palette();
    expect(live).toMatchObject({ requests: 5, candidates: 40, failed: 0 });
    expect(live?.levels[0]).toMatchObject({ label: "goodness", target: 2, interval: null, drift: false });
    expect(live?.levels[0]?.mean).toBeCloseTo(2, 6);
  });

  it.each([
    ["temperature", { temperature: 0.2 }],
    ["top_p", { top_p: 0.5 }],
    ["max_tokens", { max_tokens: 5 }],
    ["max_completion_tokens", { max_completion_tokens: 5 }],
    ["n", { n: 2 }],
    ["tools", { tools: [] }],
    ["logprobs", { logprobs: true }],
    ["stop", { stop: ["."] }],
    ["response_format", { response_format: { type: "json_object" } }],
    ["seed", { seed: -1 }],
    ["stream_options", { stream_options: { include_usage: true } }],
    ["messages.0", { messages: [{ role: "tool", content: "4", tool_call_id: "x" }] }],
    ["messages.0.content", { messages: [{ role: "user", content: [{ type: "image_url", image_url: { url: "x" } }] }] }],
    ["messages", { messages: [] }],
    ["something_new", { something_new: 1 }],
  ])("that changes %s is refused in OpenAI's shape", async (param, change) => {
    await gateway.create();
    const answer = await gateway.chat(change);
    expect(answer.status).toBe(400);
    const { error } = (await answer.json()) as { error: Record<string, unknown> };
    expect(error).toMatchObject({ type: "invalid_request_error", code: "invalid_argument" });
    expect(String(error.param)).toMatch(new RegExp(`^${param.replaceAll(".", "\\.")}`));
    expect(String(error.message)).toContain(param.split(".")[0]);
    expect(upstream.questions).toHaveLength(0);
  });

  it("may say what is so anyway", async () => {
    await gateway.create();
    const same = { temperature: 1, top_p: 1, max_tokens: 256, n: 1, user: "u-1", stop: null, logprobs: false };
    expect((await gateway.chat(same)).status).toBe(200);
  });

  it("of a model that is not there, or not ready, says so", async () => {
    await gateway.create();
    await gateway.create({ name: "high", targets: "goodness=2.9999" });
    await gateway.create({ name: "beyond", targets: "goodness=4" });
    for (const model of ["kind", "base@unkind", "other@kind", "base@kind:2", "base@kind:x"]) {
      const answer = await gateway.chat({ model });
      expect(answer.status).toBe(404);
      expect(await answer.json()).toMatchObject({ error: { code: "not_found", param: "model" } });
    }
    const unreachable = await gateway.chat({ model: "base@beyond" });
    expect(unreachable.status).toBe(409);
    expect(await unreachable.json()).toMatchObject({ error: { message: expect.stringContaining("not reachable") } });
    const { data } = await json<{ data: { id: string }[] }>(await gateway.asTenant("GET", "/v1/models"));
    expect(data.map(({ id }) => id)).toEqual(["base@high", "base@kind"]);
  });
});

describe("a request for a completion", () => {
  it("continues a text", async () => {
    await gateway.create();
    const body = { model: "base@kind:1", prompt: "Once", seed: 3 };
    const answered = await json<TextCompletion>(await gateway.asTenant("POST", "/v1/completions", body));
    expect(answered).toMatchObject({ object: "text_completion", model: "base@kind:1", x_palette: { seed: 3 } });
    expect(TEXTS).toContain(answered.choices[0]?.text);
    expect(upstream.questions[0]).toMatchObject({ path: "/v1/completions", body: { prompt: "Once" } });
    const many = await gateway.asTenant("POST", "/v1/completions", { ...body, prompt: ["a", "b"] });
    expect(many.status).toBe(400);
  });
});

describe("a palette", () => {
  it("of known rewards is solved at once, for its candidates", async () => {
    const view = await gateway.create({ targets: { goodness: 2, brevity: "q10" }, k: 8 });
    expect(view).toMatchObject({ name: "kind", version: 1, status: "ready", k: 8, progress: null, live: null });
    const { solution } = view;
    if (!solution?.feasible) throw new Error("not solved");
    expect(solution.realised.goodness).toBeCloseTo(2, 6);
    // One prompt of four texts: Σ i e^(λi) / Σ e^(λi) = 2.
    const lambda = solution.lambda.goodness as number;
    const terms = [0, 1, 2, 3].map((i) => Math.exp(lambda * i));
    const mean = terms.reduce((sum, term, i) => sum + i * term, 0) / terms.reduce((sum, term) => sum + term, 0);
    expect(mean).toBeCloseTo(2, 6);
    expect(solution.kl).toBeGreaterThan(0);
    expect(solution.prices.kl.goodness).toBeCloseTo(lambda, 9);
    expect(solution.verdict).toContain("reachable");
  });

  it("that cannot be reached says why, and what could be", async () => {
    const { status, solution } = await gateway.create({ targets: "goodness=4" });
    expect(status).toBe("unreachable");
    if (solution?.feasible !== false) throw new Error("it should not be reachable");
    expect(solution.conflict).toEqual(["goodness"]);
    expect(solution.nearest.goodness).toBeLessThan(3.0001);
  });

  it("of a known name becomes its next version; requests get the newest that is ready", async () => {
    await gateway.create();
    const second = await gateway.create({ targets: "goodness=2.5", pilot: { kind: "version", version: 1 } });
    expect(second).toMatchObject({ version: 2, status: "ready", targets: "goodness=2.5" });
    await gateway.create({ targets: "goodness=9" });
    const { palettes } = await json<{ palettes: { version: number }[] }>(
      await gateway.asOperator("GET", "/v1/palettes/kind/versions"),
    );
    expect(palettes.map(({ version }) => version)).toEqual([1, 2, 3]);
    expect((await chat()).model).toBe("base@kind:2");
    expect((await chat({ model: "base@kind:1" })).model).toBe("base@kind:1");
    expect((await gateway.palette()).version).toBe(3);
    const listed = await json<{ palettes: { version: number }[] }>(await gateway.asOperator("GET", "/v1/palettes"));
    expect(listed.palettes.map(({ version }) => version)).toEqual([3]);
  });

  it.each([
    ["base", { base: "elsewhere" }],
    ["targets", { targets: "humor=2" }],
    ["targets", { targets: "goodness=often" }],
    ["targets", { targets: {} }],
    ["k", { k: 1 }],
    ["sampling.temperature", { sampling: { temperature: 0 } }],
    ["pilot", { pilot: { kind: "rewards", rewards: [{ prompt_id: 1, goodness: 1 }] } }],
    ["pilot.rewards", { pilot: { kind: "rewards", rewards: "prompt_id,humor\n1,2\n" } }],
    ["pilot", { k: 16 }],
    ["name", { name: "Kind Words" }],
  ])("with a wrong %s is refused", async (param, change) => {
    const answer = await gateway.asOperator("POST", "/v1/palettes", {
      ...{ name: "kind", base: "base", targets: "goodness=2" },
      pilot: { kind: "rewards", rewards: "prompt_id,goodness\n1,1\n1,2\n2,1\n2,2\n" },
      k: 2,
      ...change,
    });
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ error: { code: "invalid_argument", param } });
  });

  it("takes rewards as CSV, and gives them back without the names of prompts", async () => {
    const csv = `id,goodness,other\n${Array.from({ length: 100 }, (_, j) => `question ${j >> 1},${j % 2},9`).join("\n")}`;
    const made = await gateway.create({
      targets: "goodness=0.6",
      k: 2,
      pilot: { kind: "rewards", rewards: csv, promptColumn: "id" },
    });
    expect(made).toMatchObject({ status: "ready", solution: { prompts: 50, samples: 100 } });
    const { rewards } = await json<{ rewards: string }>(await gateway.asOperator("GET", "/v1/palettes/kind/1/rewards"));
    expect(rewards.split("\n").slice(0, 4)).toEqual(["prompt_id,goodness", "0,0", "0,1", "1,0"]);
  });
});

describe("keys", () => {
  const reads = [
    "/v1/palettes",
    "/v1/palettes/kind",
    "/v1/palettes/kind/versions",
    "/v1/palettes/kind/1",
    "/v1/gateway",
  ];

  it("of tenants ask and do nothing else", async () => {
    await gateway.create();
    expect((await gateway.chat()).status).toBe(200);
    for (const path of [...reads, "/v1/tenants", "/v1/federations"]) {
      expect((await gateway.asTenant("GET", path)).status).toBe(403);
    }
    expect((await gateway.asTenant("POST", "/v1/palettes", {})).status).toBe(403);
    expect((await gateway.asTenant("POST", "/v1/tenants", { name: "b" })).status).toBe(403);
    expect((await gateway.asTenant("POST", "/v1/party/work", {})).status).toBe(403);
  });

  it("of nobody do nothing, and hear so in OpenAI's shape", async () => {
    const url = `${gateway.coordinator.url}/v1/chat/completions`;
    const answer = await fetch(url, { method: "POST", headers: { authorization: "Bearer ct_x" }, body: "{}" });
    expect(answer.status).toBe(401);
    expect(await answer.json()).toEqual({
      error: {
        message: "this key is unknown or has expired",
        type: "authentication_error",
        code: "unauthenticated",
        param: "authorization",
      },
    });
    for (const path of [...reads, "/v1/models"]) {
      expect((await fetch(gateway.coordinator.url + path)).status).toBe(401);
    }
  });

  it("of operators read palettes and may ask too", async () => {
    await gateway.create();
    for (const path of reads) expect((await gateway.asOperator("GET", path)).status).toBe(200);
    const body = { model: "base@kind", messages: [{ role: "user", content: "Hi" }] };
    expect((await gateway.asOperator("POST", "/v1/chat/completions", body)).status).toBe(200);
  });

  it("are worth nothing once they are taken back", async () => {
    await gateway.create();
    expect((await gateway.chat()).status).toBe(200);
    expect((await gateway.asOperator("POST", "/v1/tenants", { name: "acme" })).status).toBe(409);
    const { tenants } = await json<{ tenants: { name: string }[] }>(await gateway.asOperator("GET", "/v1/tenants"));
    expect(tenants.map(({ name }) => name)).toEqual(["acme"]);
    expect((await gateway.asOperator("DELETE", "/v1/tenants/acme")).status).toBe(204);
    expect((await gateway.chat()).status).toBe(401);
    expect((await gateway.asOperator("DELETE", "/v1/tenants/acme")).status).toBe(404);
  });
});

describe("what is secret", () => {
  it("is in no answer, no log, no metric and no description", async () => {
    await gateway.create();
    upstream.respond((_, response) => {
      response.statusCode = 500;
      response.end(JSON.stringify({ error: { message: `wrong key ${UPSTREAM_KEY} at ${upstream.url}` } }));
    });
    const texts = [await (await gateway.chat()).text()];
    await upstream.close();
    texts.push(await (await gateway.chat()).text());
    for (const path of ["/v1/palettes", "/v1/palettes/kind", "/v1/gateway", "/v1/models", "/metrics", "/docs/json"]) {
      texts.push(await (await gateway.asOperator("GET", path)).text());
    }
    const failures = lines.filter(({ message }) => message.startsWith("candidates of base fail"));
    expect(failures.map(({ details }) => details)).toMatchObject([
      { problem: "it answered with the status 500" },
      { problem: "it could not be reached" },
    ]);
    texts.push(JSON.stringify(lines));
    for (const text of texts) {
      expect(text).not.toContain(UPSTREAM_KEY);
      expect(text).not.toContain(new URL(upstream.url).host);
      expect(text).not.toContain("big-1");
      expect(text).not.toContain(gateway.key);
    }
  });
});
