import { encodeSafetensors, float32 } from "@concord/engine";
import { blobId, ConcordError, parseInvite } from "@concord/protocol";
import { describe, expect, test } from "vitest";
import { coordinatorClient } from "./client.ts";

const origin = "http://coordinator.test";
const retry = { firstDelayMs: 1, longestDelayMs: 2 };

/** A client whose requests are answered one after the other by the given functions, the last one for all that follow. */
function client(...answers: readonly ((url: string, init: RequestInit) => Response | Promise<Response>)[]) {
  const requests: { readonly url: string; readonly init: RequestInit }[] = [];
  const fetch = async (url: string | URL | Request, init: RequestInit = {}) => {
    const answer = answers[Math.min(requests.length, answers.length - 1)];
    requests.push({ url: String(url), init });
    if (answer === undefined) throw new Error("no answer is prepared");
    return await answer(String(url), init);
  };
  return { client: coordinatorClient({ origin, key: "cp_secret", fetch, retry }), requests };
}

const json =
  (body: unknown, status = 200) =>
  () =>
    Response.json(body, { status });
const refused = (error: ConcordError) => json(error.toBody(), error.status);
const unreachable = () => {
  throw new TypeError("fetch failed", { cause: new Error("connect ECONNREFUSED 127.0.0.1:7700") });
};

describe("a request", () => {
  test("carries the key, follows no redirect and sends no cookies", async () => {
    const { client: party, requests } = client(json({ kind: "wait", reason: "nothing to do" }));
    expect(await party.work(20)).toEqual({ kind: "wait", reason: "nothing to do" });
    expect(requests[0]?.url).toBe(`${origin}/v1/party/work`);
    expect(requests[0]?.init).toMatchObject({ method: "POST", redirect: "manual", credentials: "omit" });
    expect(new Headers(requests[0]?.init.headers).get("authorization")).toBe("Bearer cp_secret");
  });

  test("is repeated while the coordinator is away or overloaded", async () => {
    const { client: party, requests } = client(
      unreachable,
      json({}, 503),
      refused(new ConcordError("resource_exhausted", "slow down")),
      json({ status: "duplicate" }),
    );
    expect(await party.reply("lease", { kind: "evaluate", evaluation: {} })).toEqual({ status: "duplicate" });
    expect(requests).toHaveLength(4);
  });

  test("that is refused is not repeated, and says what the coordinator said", async () => {
    const { client: party, requests } = client(
      refused(new ConcordError("gone", "the lease has ended", { param: "lease" })),
    );
    await expect(party.reply("lease", { kind: "evaluate", evaluation: {} })).rejects.toMatchObject({
      name: "ConcordError",
      code: "gone",
      message: "the lease has ended",
      param: "lease",
    });
    expect(requests).toHaveLength(1);
  });

  test("without an answer names the reason", async () => {
    await expect(client(unreachable).client.work(0)).rejects.toMatchObject({
      code: "unavailable",
      message: `cannot reach ${origin}: connect ECONNREFUSED 127.0.0.1:7700`,
    });
  });

  test("ends with the reason of its signal", async () => {
    const stop = new AbortController();
    const { client: party } = client(() => {
      stop.abort(new Error("enough"));
      return unreachable();
    });
    await expect(party.work(20, stop.signal)).rejects.toThrow("enough");
  });

  test.each([301, 302, 307, 308])("that is answered by a redirect (%i) fails at once", async (status) => {
    const { client: party, requests } = client(
      () => new Response(null, { status, headers: { location: "http://evil.test/" } }),
    );
    await expect(party.work(20)).rejects.toMatchObject({
      code: "failed_precondition",
      message: /redirects are not followed/,
    });
    expect(requests).toHaveLength(1);
  });
});

describe("an answer", () => {
  test.each([
    ["of another kind", { kind: "dance" }],
    ["without a field", { kind: "wait" }],
    ["with a field of the wrong type", { kind: "finished", reason: 7 }],
  ])("%s is refused, naming the request", async (_what, body) => {
    await expect(client(json(body)).client.work(20)).rejects.toMatchObject({
      code: "failed_precondition",
      message: expect.stringContaining("the answer to POST /v1/party/work"),
    });
  });

  test("that is no JSON is refused", async () => {
    await expect(client(() => new Response("<html>welcome</html>")).client.work(20)).rejects.toMatchObject({
      code: "failed_precondition",
    });
  });

  test("without end is cut off", async () => {
    let sent = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        sent += 65_536;
        controller.enqueue(new Uint8Array(65_536));
      },
    });
    await expect(client(() => new Response(endless)).client.work(20)).rejects.toMatchObject({
      code: "payload_too_large",
    });
    expect(sent).toBeLessThan(8 * 1024 * 1024);
  });
});

describe("a blob", () => {
  const bytes = encodeSafetensors({ w: float32([3], [1, 2, 3]) });
  const ref = async () => ({ sha256: await blobId(bytes), bytes: bytes.length });

  test("comes down as it is named", async () => {
    const { client: party, requests } = client(() => new Response(bytes));
    expect(await party.download(await ref())).toEqual(bytes);
    expect(requests[0]?.url).toBe(`${origin}/v1/blobs/${(await ref()).sha256}`);
    expect(party.bytes.down).toBe(bytes.length);
  });

  test("that was damaged on its way is fetched again", async () => {
    const damaged = Uint8Array.from(bytes, (byte, i) => (i === bytes.length - 1 ? byte ^ 1 : byte));
    const { client: party, requests } = client(
      () => new Response(damaged),
      () => new Response(bytes.slice(0, -4)),
      () => new Response(bytes),
    );
    expect(await party.download(await ref())).toEqual(bytes);
    expect(requests).toHaveLength(3);
  });

  test("that never has the hash it is named by is given up", async () => {
    const other = encodeSafetensors({ w: float32([3], [3, 2, 1]) });
    await expect(client(() => new Response(other)).client.download(await ref())).rejects.toMatchObject({
      code: "unavailable",
      message: expect.stringContaining("have the hash"),
    });
  });

  test("longer than it is named is refused before it is read", async () => {
    const { client: party, requests } = client(() => new Response(new Uint8Array(bytes.length + 1)));
    await expect(party.download(await ref())).rejects.toMatchObject({ code: "payload_too_large" });
    expect(requests).toHaveLength(1);
  });

  test("goes up under its hash, as a Blob, and again after a failure", async () => {
    const { client: party, requests } = client(unreachable, json({}));
    expect(await party.upload(bytes)).toEqual(await ref());
    const { url, init } = requests[1] ?? { url: "", init: {} };
    expect([init.method, url]).toEqual(["PUT", `${origin}/v1/blobs/${(await ref()).sha256}`]);
    expect(init.body).toBeInstanceOf(Blob);
    expect(new Uint8Array(await new Response(init.body ?? null).arrayBuffer())).toEqual(bytes);
    expect(party.bytes.up).toBe(bytes.length);
  });
});

test("an invite's token goes in the body, never in the address", async () => {
  const invite = parseInvite(`${origin}/join/points#ci_${"a".repeat(32)}`);
  const { client: guest, requests } = client(() => new Response(new Uint8Array([1, 2])));
  expect(await guest.sample(invite, "labels")).toEqual(new Uint8Array([1, 2]));
  expect(requests[0]?.url).toBe(`${origin}/v1/invites/sample/labels`);
});
