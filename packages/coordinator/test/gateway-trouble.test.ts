import type { ChatCompletion } from "@concord/protocol";
import { afterEach, describe, expect, it } from "vitest";
import { openAiBase } from "../src/index.ts";
import { json } from "./fake-party.ts";
import { complete, type FakeUpstream, fakeUpstream, oneOf, type Responder } from "./fake-upstream.ts";
import { brevity, goodness, partsFor, startGateway, TEXTS } from "./gateway-setting.ts";

let upstream: FakeUpstream;
let gateway: Awaited<ReturnType<typeof startGateway>>;

async function start(responder: Responder, change: Parameters<typeof partsFor>[1] = {}): Promise<void> {
  upstream = await fakeUpstream(responder);
  gateway = await startGateway(partsFor(upstream, change));
  await gateway.create();
}

/** A base that waits for an answer as long as is said. */
async function startWithTimeout(responder: Responder, timeoutSeconds: number): Promise<void> {
  upstream = await fakeUpstream(responder);
  const base = openAiBase({ name: "base", url: upstream.url, model: "big-1", parallel: 64, timeoutSeconds });
  gateway = await startGateway(partsFor(upstream, { bases: [base] }));
  await gateway.create();
}

const chat = async (body: object = {}) => json<ChatCompletion>(await gateway.chat(body));
const failure = async (answer: Response) => {
  const { error } = (await answer.json()) as { error: { message: string; type: string; code: string } };
  return { status: answer.status, ...error };
};

afterEach(async () => {
  await gateway.coordinator.close();
  await upstream.close();
});

describe("an upstream", () => {
  it("that fails half of the time is answered from what it gives, and that is said", async () => {
    await start((question, response, n) => {
      if (n % 2 === 0) {
        response.statusCode = 503;
        response.end("no");
      } else complete(question, response, TEXTS[question.body.seed % 4] as string);
    });
    const answers = await Promise.all(Array.from({ length: 20 }, (_, seed) => chat({ seed })));
    for (const { x_palette: trace, choices } of answers) {
      expect(trace.drawn + trace.failed).toBe(8);
      expect(trace.candidates).toHaveLength(trace.drawn);
      expect(TEXTS).toContain(choices[0]?.message.content);
    }
    const failed = answers.reduce((sum, { x_palette }) => sum + x_palette.failed, 0);
    expect(failed).toBe(80);
    expect(answers.find(({ x_palette }) => x_palette.failed > 0)?.x_palette.problems).toEqual([
      "it answered with the status 503",
    ]);
    const { live } = await gateway.palette();
    expect(live).toMatchObject({ requests: 20, candidates: 80, failed: 80 });
  });

  it("that hangs for some candidates does not hold the others", async () => {
    await startWithTimeout((question, response, n) => {
      if (n < 3) return;
      complete(question, response, "good");
    }, 5);
    const { x_palette: trace } = await chat();
    expect(trace).toMatchObject({ drawn: 5, failed: 3, problems: ["it did not answer within 5 s"] });
  });

  it.each<[string, Responder, string]>([
    ["that hangs", () => {}, "it did not answer within 0.5 s"],
    ["that sends garbage", (_, response) => response.end("<html>"), "something that is no completion"],
    [
      "that sends other JSON",
      (_, response) => response.end('{"choices":[{"message":{"content":null}}]}'),
      "no completion",
    ],
    ["that breaks off", (_, response) => response.write('{"choi', () => response.destroy()), "could not be reached"],
    ["that drops the connection", (_, response) => response.destroy(), "could not be reached"],
    ["that refuses", (_, response) => response.writeHead(401).end(), "the status 401"],
  ])("%s altogether is a 503 with the reason", async (_, responder, reason) => {
    // Who waits for nothing need not wait long.
    await startWithTimeout(responder, reason.includes("within") ? 0.5 : 30);
    expect(await failure(await gateway.chat())).toMatchObject({
      status: 503,
      type: "server_error",
      code: "unavailable",
      message: expect.stringContaining(reason),
    });
  });

  it("that redirects is not followed, and gets no key there", async () => {
    const elsewhere = await fakeUpstream(oneOf(TEXTS));
    await start((_, response) => response.writeHead(307, { location: `${elsewhere.url}/chat/completions` }).end());
    expect(await failure(await gateway.chat())).toMatchObject({
      status: 503,
      message: expect.stringContaining("it redirects, which is not followed"),
    });
    expect(elsewhere.questions).toHaveLength(0);
    await elsewhere.close();
  });

  it("that answers without end is cut off", async () => {
    await start((_, response) => {
      const more = () => {
        while (!response.destroyed && response.write("x".repeat(65_536)));
      };
      response.on("drain", more);
      more();
    });
    expect(await failure(await gateway.chat())).toMatchObject({
      status: 503,
      message: expect.stringContaining("bytes"),
    });
  });
});

describe("a reward", () => {
  it("that cannot judge a candidate costs that candidate alone", async () => {
    const picky = {
      ...goodness,
      score: async (answers: Parameters<typeof goodness.score>[0]) => {
        if (answers.some(({ answer }) => answer === "bad")) throw new Error("I will not look at this");
        return goodness.score(answers);
      },
    };
    await start((question, response, n) => complete(question, response, TEXTS[n % 4] as string), {
      rewards: [picky, brevity],
    });
    const { x_palette: trace } = await chat();
    expect(trace).toMatchObject({ drawn: 6, failed: 2, problems: ["it could not be scored"] });
    expect(trace.candidates.every(({ rewards }) => (rewards.goodness as number) > 0)).toBe(true);
  });
});

describe("many requests", () => {
  it("at once, 200 of them, are all answered", async () => {
    await start((question, response) =>
      setTimeout(() => complete(question, response, TEXTS[question.body.seed % 4] as string), 20),
    );
    const answers = await Promise.all(Array.from({ length: 200 }, (_, seed) => chat({ seed })));
    expect(answers.every(({ x_palette }) => x_palette.drawn === 8)).toBe(true);
    expect(upstream.questions).toHaveLength(1600);
    const metrics = await (await gateway.asOperator("GET", "/metrics")).text();
    expect(metrics).toContain('concord_gateway_requests_total{outcome="answered"} 200');
    expect(metrics).toContain('concord_gateway_candidates_total{outcome="drawn"} 1600');
    expect(metrics).toContain("concord_gateway_scoring_seconds_count 200");
  });

  it("more than are allowed are told to come back", async () => {
    const held: (() => void)[] = [];
    await start((question, response) => held.push(() => complete(question, response, "good")), { requests: 2 });
    const [first, second] = [gateway.chat(), gateway.chat()];
    while (upstream.questions.length < 16) await new Promise((resolve) => setTimeout(resolve, 5));
    const third = await gateway.chat();
    expect(third.headers.get("retry-after")).toBe("1");
    expect(await failure(third)).toMatchObject({ status: 429, type: "rate_limit_error" });
    for (const answer of held) answer();
    expect([(await first).status, (await second).status]).toEqual([200, 200]);
    const fourth = gateway.chat();
    while (upstream.questions.length < 24) await new Promise((resolve) => setTimeout(resolve, 5));
    for (const answer of held.slice(16)) answer();
    expect((await fourth).status).toBe(200);
  });

  it("draw no more candidates at a time than the base takes", async () => {
    let [running, most] = [0, 0];
    upstream = await fakeUpstream((question, response) => {
      most = Math.max(most, ++running);
      setTimeout(() => {
        running--;
        complete(question, response, "good");
      }, 2);
    });
    const base = openAiBase({ name: "base", url: upstream.url, model: "big-1", parallel: 3, timeoutSeconds: 30 });
    gateway = await startGateway(partsFor(upstream, { bases: [base] }));
    await gateway.create();
    await Promise.all(Array.from({ length: 5 }, () => chat()));
    expect(most).toBe(3);
  });
});

describe("a client that goes away", () => {
  it("ends the drawing", async () => {
    await start(() => {});
    const gone = new AbortController();
    const asked = fetch(`${gateway.coordinator.url}/v1/chat/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${gateway.key}`, "content-type": "application/json" },
      body: JSON.stringify({ model: "base@kind", messages: [{ role: "user", content: "Hi" }] }),
      signal: gone.signal,
    });
    while (upstream.questions.length < 8) await new Promise((resolve) => setTimeout(resolve, 5));
    gone.abort();
    await expect(asked).rejects.toThrow();
    while (upstream.abandoned() < 8) await new Promise((resolve) => setTimeout(resolve, 5));
    const metrics = async () => (await gateway.asOperator("GET", "/metrics")).text();
    await expect.poll(metrics).toContain('concord_gateway_requests_total{outcome="left"} 1');
    expect((await gateway.palette()).live).toBeNull();
  });
});
