import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Coordinator } from "../src/index.ts";
import type { FakeParty } from "./fake-party.ts";
import { invite, joinAs, json, send } from "./fake-party.ts";
import { eventsOf, recordingLog, startInMemory, tinySpec, untilEvent } from "./federation.ts";
import { manualClock } from "./manual-clock.ts";
import { rawRequest } from "./raw-request.ts";

let coordinator: Coordinator;
let party: FakeParty;
const { clock, advance } = manualClock(() => coordinator.settled());
const { lines, log } = recordingLog();

beforeEach(async () => {
  coordinator = await startInMemory({ allowedHosts: ["concord.example", "behind.example:8443"], clock, log });
  await coordinator.createFederation("tiny", tinySpec({ minimumParties: 2 }));
  party = await joinAs(coordinator, "tiny", "a");
});
afterEach(() => coordinator.close());

const federationPaths = ["", "/parties", "/rounds", "/events", "/model"].map((path) => `/v1/federations/tiny${path}`);
const reads: [string, string][] = [
  "/v1/federations",
  ...federationPaths,
  "/v1/party",
  `/v1/blobs/${"0".repeat(64)}`,
].map((path) => ["GET", path]);
const writes: [string, string][] = [
  ["POST", "/v1/federations"],
  ["POST", "/v1/federations/tiny/invites"],
  ["POST", "/v1/federations/tiny/stop"],
  ["POST", "/v1/party/work"],
  ["POST", "/v1/party/status"],
  ["POST", "/v1/party/leases/x/heartbeat"],
  ["POST", "/v1/party/leases/x/reply"],
  ["PUT", `/v1/blobs/${"0".repeat(64)}`],
];

describe("a request without a valid key", () => {
  it.each([...reads, ...writes])("%s %s is refused", async (method, path) => {
    const body = method === "GET" ? undefined : {};
    await expect(json(await send(coordinator.url, method, path, body))).rejects.toMatchObject({
      code: "unauthenticated",
    });
    const wrong = await send(coordinator.url, method, path, body, `co_${"x".repeat(32)}`);
    expect(wrong.headers.get("www-authenticate")).toBe("Bearer");
    await expect(json(wrong)).rejects.toMatchObject({
      code: "unauthenticated",
      message: "this key is unknown or has expired",
    });
  });

  it("is in the event log, once for many", async () => {
    for (let i = 0; i < 5; i++) await send(coordinator.url, "POST", "/v1/party/work", {}, `cp_${i}`);
    await untilEvent(coordinator, "tiny", "update.refused");
    const refused = (await eventsOf(coordinator, "tiny")).filter(({ type }) => type === "update.refused");
    expect(refused).toHaveLength(1);
    expect(refused[0]).toMatchObject({ party: null, code: "unauthenticated" });
  });
});

describe("a party's key", () => {
  it.each([...reads, ...writes].filter(([, path]) => path.startsWith("/v1/federations")))(
    "does not allow %s %s",
    async (method, path) => {
      const answer = await party.request(method, path, method === "GET" ? undefined : {});
      await expect(json(answer)).rejects.toMatchObject({ code: "permission_denied" });
    },
  );

  it("allows only the blob that the party's lease names", async () => {
    const { model } = await coordinator.federation("tiny");
    expect(model).not.toBeNull();
    // Without a lease, as here, there is none to fetch (any more); one with another lease is in life.test.ts.
    await expect(json(await party.request("GET", `/v1/blobs/${model?.sha256}`))).rejects.toMatchObject({
      code: "gone",
    });
  });
});

describe("an operator's key", () => {
  it("allows what a viewer may, and the current model, but not to act as a party", async () => {
    const key = coordinator.operatorKey;
    for (const [method, path] of reads.filter(([, path]) => path.startsWith("/v1/federations"))) {
      expect((await send(coordinator.url, method, path, undefined, key)).status).toBe(200);
    }
    const { model } = await coordinator.federation("tiny");
    const blob = await send(coordinator.url, "GET", `/v1/blobs/${model?.sha256}`, undefined, key);
    expect(new Uint8Array(await blob.arrayBuffer())).toEqual(await coordinator.currentModel("tiny"));
    const unknown = await send(coordinator.url, "GET", `/v1/blobs/${"0".repeat(64)}`, undefined, key);
    await expect(json(unknown)).rejects.toMatchObject({ code: "not_found" });
    const work = await send(coordinator.url, "POST", "/v1/party/work", {}, key);
    await expect(json(work)).rejects.toMatchObject({ code: "permission_denied" });
  });

  it("begins and stops federations", async () => {
    const key = coordinator.operatorKey;
    const created = await send(coordinator.url, "POST", "/v1/federations", { id: "new", spec: tinySpec() }, key);
    expect(created.status).toBe(201);
    const taken = await send(coordinator.url, "POST", "/v1/federations", { id: "new", spec: tinySpec() }, key);
    await expect(json(taken)).rejects.toMatchObject({ code: "failed_precondition" });
    const wrong = { id: "other", spec: { ...tinySpec(), rounds: 0 } };
    await expect(json(await send(coordinator.url, "POST", "/v1/federations", wrong, key))).rejects.toMatchObject({
      code: "invalid_argument",
      param: "spec.rounds",
    });
    const stopped = await send(coordinator.url, "POST", "/v1/federations/new/stop", { reason: "enough" }, key);
    expect(await json(stopped)).toMatchObject({ id: "new", status: "stopped" });
    const missing = await send(coordinator.url, "GET", "/v1/federations/nowhere", undefined, key);
    await expect(json(missing)).rejects.toMatchObject({ code: "not_found" });
  });
});

describe("a one-time token", () => {
  const redeem = (token: string) => send(coordinator.url, "POST", "/v1/session", { token });

  it("gives a key once", async () => {
    const token = await coordinator.newOneTimeToken();
    const { key, role } = await json<{ key: string; role: string }>(await redeem(token));
    expect(role).toBe("operator");
    expect((await send(coordinator.url, "GET", "/v1/federations", undefined, key)).status).toBe(200);
    await expect(json(await redeem(token))).rejects.toMatchObject({ code: "unauthenticated" });
    // The token is no key itself.
    expect((await send(coordinator.url, "GET", "/v1/federations", undefined, token)).status).toBe(401);
  });

  it("expires after ten minutes", async () => {
    const token = await coordinator.newOneTimeToken();
    await advance(10 * 60);
    await expect(json(await redeem(token))).rejects.toMatchObject({ code: "unauthenticated" });
  });

  it("cannot be guessed at leisure", async () => {
    let status = 0;
    for (let i = 0; i < 31; i++) status = (await redeem(`c1_${i}`)).status;
    expect(status).toBe(429);
    await advance(60);
    expect((await redeem("c1_again")).status).toBe(401);
  });
});

describe("the Host header", () => {
  it.each(["127.0.0.1", "localhost", "[::1]"])("may be %s with the port", async (name) => {
    const { status } = await rawRequest(coordinator.port, "GET", "/healthz", { host: `${name}:${coordinator.port}` });
    expect(status).toBe(200);
  });

  it.each(["concord.example", "concord.example:9000", "CONCORD.example", "behind.example:8443"])(
    "may be %s, which was allowed",
    async (host) => {
      expect((await rawRequest(coordinator.port, "GET", "/healthz", { host })).status).toBe(200);
    },
  );

  it.each([
    "evil.example",
    "127.0.0.1:1",
    "127.0.0.1",
    "behind.example",
    "concord.example.evil.example",
    "x@127.0.0.1",
  ])("must not be %s", async (host) => {
    for (const path of ["/healthz", "/", "/v1/federations", "/metrics", "/docs/json"]) {
      const { status, body } = await rawRequest(coordinator.port, "GET", path, { host });
      expect(status).toBe(421);
      expect(JSON.parse(body)).toMatchObject({ error: { code: "misdirected_request", param: "host" } });
    }
    const event = await untilEvent(coordinator, "tiny", "update.refused");
    expect(event).toMatchObject({ party: null, code: "misdirected_request" });
  });
});

describe("the Origin header of a write", () => {
  const post = (origin: string) =>
    rawRequest(
      coordinator.port,
      "POST",
      "/v1/federations/tiny/invites",
      { origin, authorization: `Bearer ${coordinator.operatorKey}` },
      {},
    );

  it("may be absent or our own", async () => {
    expect((await post(`http://127.0.0.1:${coordinator.port}`)).status).toBe(201);
    expect((await post(`http://localhost:${coordinator.port}`)).status).toBe(201);
    const { status, body } = await post("https://concord.example");
    expect(status).toBe(201);
    // Behind a proxy that speaks TLS, the invite leads to the address of the page.
    expect(JSON.parse(body).url).toMatch(/^https:\/\/concord\.example\/join\/tiny#ci_/);
  });

  it.each([
    "https://evil.example",
    "null",
    "http://127.0.0.1",
    "https://127.0.0.1:7700",
    "file://",
    "http://localhost:1",
  ])("must not be %s, even with the right key", async (origin) => {
    const { status, body, headers } = await post(origin);
    expect(status).toBe(403);
    expect(JSON.parse(body)).toMatchObject({ error: { code: "permission_denied", param: "origin" } });
    expect(headers["access-control-allow-origin"]).toBeUndefined();
    const event = await untilEvent(coordinator, "tiny", "update.refused");
    expect(event).toMatchObject({ party: null, code: "permission_denied", reason: expect.stringContaining("origin") });
  });

  it("gets no CORS answer to a preflight", async () => {
    const headers = { origin: "https://evil.example", "access-control-request-method": "POST" };
    const { status, headers: answer } = await rawRequest(coordinator.port, "OPTIONS", "/v1/join", headers);
    expect(status).toBe(403);
    expect(Object.keys(answer).filter((name) => name.startsWith("access-control"))).toEqual([]);
  });
});

describe("every answer", () => {
  it("forbids what a page does not need", async () => {
    const page = await rawRequest(coordinator.port, "GET", "/");
    const host = `127.0.0.1:${coordinator.port}`;
    expect(page.headers["content-security-policy"]).toBe(
      "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self' 'unsafe-inline'; " +
        `img-src 'self' data: blob:; connect-src 'self' ws://${host} wss://${host}; worker-src 'self' blob:; ` +
        "object-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    );
    for (const path of ["/", "/v1/federations", "/healthz", "/nowhere.js"]) {
      const { headers } = await rawRequest(coordinator.port, "GET", path);
      expect(headers).toMatchObject({
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        "cross-origin-opener-policy": "same-origin",
        "content-security-policy": expect.stringContaining("frame-ancestors 'none'"),
      });
    }
  });

  it("to a body that is too long, no JSON, or not what is asked for says so", async () => {
    const operator = { authorization: `Bearer ${coordinator.operatorKey}` };
    const post = (body: string, type = "application/json") =>
      fetch(`${coordinator.url}/v1/federations`, {
        method: "POST",
        body,
        headers: { ...operator, "content-type": type },
      });
    expect((await post(JSON.stringify({ id: "x".repeat(1024 * 1024) }))).status).toBe(413);
    await expect(json(await post("{"))).rejects.toMatchObject({ code: "invalid_argument" });
    await expect(json(await post("<x/>", "text/xml"))).rejects.toMatchObject({ code: "unsupported_media_type" });
    await expect(json(await post("{}"))).rejects.toMatchObject({ code: "invalid_argument", param: "id" });
  });
});

describe("starting", () => {
  it("makes the operator's key file for the owner only, and keeps it", async () => {
    const folder = await mkdtemp(join(tmpdir(), "concord-"));
    try {
      const dataDir = join(folder, "data");
      const first = await startInMemory({ dataDir });
      await first.close();
      const file = join(dataDir, "operator.key");
      expect((await stat(dataDir)).mode & 0o777).toBe(0o700);
      expect((await stat(file)).mode & 0o777).toBe(0o600);
      const key = (await readFile(file, "utf8")).trim();
      expect(key).toBe(first.operatorKey);
      const second = await startInMemory({ dataDir });
      expect((await send(second.url, "GET", "/v1/federations", undefined, key)).status).toBe(200);
      await second.close();
      await writeFile(file, "something else");
      await expect(startInMemory({ dataDir })).rejects.toMatchObject({
        code: "failed_precondition",
        message: expect.stringContaining("holds no operator key"),
      });
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it("says what is wrong with a data folder that cannot be used", async () => {
    const folder = await mkdtemp(join(tmpdir(), "concord-"));
    const file = join(folder, "file");
    await writeFile(file, "");
    await expect(startInMemory({ dataDir: join(file, "data") })).rejects.toMatchObject({
      code: "failed_precondition",
      message: expect.stringMatching(/^the data folder .*file\/data cannot be used: ENOTDIR/),
    });
    await rm(folder, { recursive: true });
  });

  it("says that a port is in use", async () => {
    await expect(startInMemory({ port: coordinator.port })).rejects.toMatchObject({
      code: "failed_precondition",
      message: expect.stringContaining(`port ${coordinator.port} is in use; `),
    });
  });

  it("on an address that others reach needs TLS or an explicit word", async () => {
    await expect(startInMemory({ host: "0.0.0.0" })).rejects.toMatchObject({ code: "invalid_argument", param: "host" });
    const open = await startInMemory({ host: "0.0.0.0", insecure: true });
    expect(open.url).toBe(`http://localhost:${open.port}`);
    await open.close();
  });
});

describe("secrets", () => {
  it("are in no event, no view and no line of the log", async () => {
    const token = await invite(coordinator, "tiny", "b");
    const once = await coordinator.newOneTimeToken();
    await send(coordinator.url, "POST", "/v1/session", { token: "c1_wrong" });
    await send(coordinator.url, "GET", "/v1/federations", undefined, "co_wrong");
    const seen = JSON.stringify([
      lines,
      await eventsOf(coordinator, "tiny"),
      await coordinator.parties("tiny"),
      await coordinator.federations(),
    ]);
    for (const secret of [token, once, party.key, coordinator.operatorKey, "c1_wrong", "co_wrong"]) {
      expect(seen).not.toContain(secret);
    }
  });
});
