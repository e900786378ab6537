import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { basename, extname, join } from "node:path";
import { flatten, portableEngine, type Tensor, type Tree, WEB_RUNTIME } from "@concord/engine";
import { webRuntimeFolder } from "@concord/engine/node";
import { federationKeys, federationSpecSchema } from "@concord/federation";
import { buildTask } from "@concord/learning";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { chromium } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { buildParty } from "../../../scripts/party-size.ts";
import { personalHandwriting } from "../src/browser/data.ts";
import type { DataSource } from "../src/browser/messages.ts";
import { runParty } from "../src/party.ts";
import { memoryStore } from "../src/private-state.ts";
import { invitingCoordinator } from "./inviting-coordinator.ts";
import { smallSpec } from "./small-federation.ts";

/**
 * A tab as a party in a real browser: the worker, WebAssembly under the strict content security policy, session storage,
 * IndexedDB and Web Locks. The coordinator is the fake one, behind a real socket.
 */
const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
const POLICY = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'";
const PAGE = "<!doctype html><title>a party</title>";

describe.skipIf(!existsSync(CHROMIUM))("a tab of Chromium", () => {
  let folder: string;
  let browser: Browser;
  let context: BrowserContext;
  let server: Server;
  let origin: string;
  let site: Awaited<ReturnType<typeof invitingCoordinator>>;
  /** Files of the runtime that the page has asked for. */
  let fetched: string[];
  let runtime: "there" | "missing";
  let warnings: string[];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "concord-tab-"));
    await buildParty(folder);
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
  });
  afterAll(async () => {
    await browser?.close();
    await rm(folder, { recursive: true, force: true });
  });
  beforeEach(async () => {
    site = await invitingCoordinator(digits(100_000), 320);
    server = createServer((request, response) => void serve(request, response));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    origin = typeof address === "object" && address !== null ? `http://127.0.0.1:${address.port}` : "";
    context = await browser.newContext();
    [fetched, runtime, warnings] = [[], "there", []];
  });
  afterEach(async () => {
    await context.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  test("joins, trains in its worker and says what it sends and receives", async () => {
    const page = await openPage();
    await joinFrom(page);
    const status = await reach(page, 3);
    expect(status).toMatchObject({ bytesUp: expect.any(Number), loss: expect.any(Number) });
    expect(status.bytesUp).toBeGreaterThan(3 * 31_400);
    expect(await page.evaluate("party.member.engine")).toBe("jax-js on WebAssembly");
    expect(fetched).toEqual([]);
    expect(site.joined[0]).toMatchObject({ client: "browser", examples: 320 });
  });

  test("trains convolutions on ONNX Runtime, to the numbers of jax-js, and fetches it from its own server only", async () => {
    site = await invitingCoordinator(LENET, 320);
    const page = await openPage();
    await joinFrom(page, { kind: "handwriting", seed: "7" });
    expect(await page.evaluate("party.done")).toMatchObject({ kind: "finished", updates: 2 });
    expect(await page.evaluate("party.member.engine")).toBe("ONNX Runtime on WebAssembly, 1 thread");
    expect(fetched).toEqual(Object.keys(WEB_RUNTIME.files));
    expect(warnings).toEqual([]);

    const { fake } = await invitingCoordinator(LENET, 320);
    const identity = { origin: "http://coordinator.test", federation: "points", party: "ada", key: "cp_secret" };
    const home = runParty({
      identity: { ...identity, secret: "cs_of-ada-and-nobody-else", spec: LENET },
      data: personalHandwriting("7"),
      engine: await portableEngine(),
      privateStore: memoryStore(),
      fetch: fake.fetch,
    });
    await home.done;
    expect(distance(site.fake.model, fake.model)).toBeLessThan(1e-5);
    // And it did train: the steps moved the parameters by far more than that.
    expect(
      distance(site.fake.model, buildTask(LENET.task).model.init(federationKeys(LENET.seed).init)),
    ).toBeGreaterThan(1e-3);
  });

  test("trains them on jax-js where the runtime is not there, and says so in one line", async () => {
    site = await invitingCoordinator(LENET, 320);
    runtime = "missing";
    const page = await openPage();
    await joinFrom(page, { kind: "handwriting", seed: "7" });
    await reach(page, 1);
    expect(await page.evaluate("party.member.engine")).toBe("jax-js on WebAssembly");
    expect(warnings).toEqual([
      expect.stringMatching(
        /^ONNX Runtime could not be loaded from http.*ort\.wasm\.min\.mjs: .*; jax-js computes instead$/,
      ),
    ]);
  });

  test("survives a reload: same party, same digits, and the state of before", async () => {
    const page = await openPage();
    await joinFrom(page);
    await reach(page, 2);
    const before = await page.evaluate("party.member");
    await page.reload();
    await resume(page);
    await reach(page, 2);
    expect(await page.evaluate("party.member")).toEqual(before);
    expect(site.joined).toHaveLength(1);
    expect(await page.evaluate("indexedDB.databases().then((all) => all.map(({ name }) => name))")).toEqual([
      "concord",
    ]);
  });

  test("duplicated finds that it is somebody else's, and the first goes on", async () => {
    const page = await openPage();
    await joinFrom(page);
    await reach(page, 1);
    const saved = await page.evaluate("JSON.stringify(sessionStorage)");
    const copy = await openPage();
    await copy.evaluate(`Object.assign(sessionStorage, ${saved})`);
    await resume(copy);
    expect(await copy.evaluate("party.done")).toMatchObject({ kind: "failed" });
    expect(await copy.evaluate("party.taken")).toBe(true);
    const { updates } = await reach(page, 1);
    await reach(page, updates + 2);
  });

  test("pauses, resumes and leaves", async () => {
    const page = await openPage();
    await joinFrom(page);
    await reach(page, 1);
    await page.evaluate("party.pause()");
    await holds(page, "party.status.kind === 'paused'");
    await page.evaluate("party.resume()");
    const { updates } = (await page.evaluate("party.status")) as { updates: number };
    await reach(page, updates + 1);
    await page.evaluate("party.leave()");
    expect(await page.evaluate("party.done")).toMatchObject({ kind: "left" });
    expect(await page.evaluate("sessionStorage.length")).toBe(0);
  });

  async function openPage(): Promise<Page> {
    const page = await context.newPage();
    page.on("console", (message) => {
      if (message.type() === "warning") warnings.push(message.text());
    });
    await page.goto(origin);
    return page;
  }

  async function joinFrom(page: Page, source?: DataSource): Promise<void> {
    const invite = `${origin}/join/points#ci_${"a".repeat(32)}`;
    await page.evaluate(`import("/tab.js").then(({ openTabParty }) => {
      window.party = openTabParty({ invite: ${JSON.stringify(invite)}, source: ${JSON.stringify(source)}, shareLabels: false });
    })`);
  }

  async function resume(page: Page): Promise<void> {
    await page.evaluate(`import("/tab.js").then(({ openTabParty, savedParty }) => {
      window.party = openTabParty({ saved: savedParty() });
    })`);
  }

  /** The status once so many updates were accepted. */
  async function reach(page: Page, updates: number): Promise<{ updates: number; bytesUp: number }> {
    await holds(page, `party.status.updates >= ${updates} || party.status.kind === "failed"`);
    const status = (await page.evaluate("party.status")) as { kind: string; updates: number; bytesUp: number };
    expect(status).not.toMatchObject({ kind: "failed" });
    return status;
  }

  /** The page's policy forbids waitForFunction, which evaluates text there; the debugger may. */
  async function holds(page: Page, condition: string): Promise<void> {
    await vi.waitUntil(() => page.evaluate(condition), { timeout: 120_000, interval: 50 });
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = new URL(request.url ?? "/", origin).pathname;
    if (path.startsWith("/v1/")) return await forward(request, response, path);
    const types: Readonly<Record<string, string>> = {
      ".js": "text/javascript",
      ".mjs": "text/javascript",
      ".wasm": "application/wasm",
    };
    const inRuntime = path.startsWith(WEB_RUNTIME.path);
    if (inRuntime) fetched.push(basename(path));
    try {
      if (inRuntime && runtime === "missing") throw new Error("not here");
      const file = inRuntime ? join(webRuntimeFolder(), basename(path)) : join(folder, path);
      const content = path === "/" ? PAGE : await readFile(file);
      response.writeHead(200, {
        "content-type": path === "/" ? "text/html" : (types[extname(path)] ?? "text/plain"),
        "content-security-policy": POLICY,
      });
      response.end(content);
    } catch {
      response.writeHead(404).end();
    }
  }

  async function forward(request: IncomingMessage, response: ServerResponse, path: string): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const answer = await site.fake.fetch(`${origin}${path}`, {
      method: request.method ?? "GET",
      headers: { "content-type": request.headers["content-type"] ?? "" },
      ...(chunks.length > 0 ? { body: Buffer.concat(chunks) } : {}),
    });
    response.writeHead(answer.status, Object.fromEntries(answer.headers));
    response.end(Buffer.from(await answer.arrayBuffer()));
  }
});

function digits(rounds: number) {
  const spec = smallSpec({ kind: "fedavg", localSteps: 2 }, rounds);
  return federationSpecSchema.parse({
    ...spec,
    dataset: "generated handwriting",
    task: { ...spec.task, inputShape: [28, 28, 1], outputs: 10 },
  });
}

/** Two rounds of two steps each, with convolutions. */
const LENET = federationSpecSchema.parse({
  ...digits(2),
  task: { ...digits(2).task, model: { kind: "lenet" } },
});

/** The largest difference between two models, relative to the largest entry of each tensor. */
function distance(a: Tree<Tensor>, b: Tree<Tensor>): number {
  const others = new Map(flatten(b));
  return Math.max(
    ...flatten(a).map(([path, { data }]) => {
      const other = others.get(path)?.data ?? [];
      const scale = Math.max(...Array.from(other, Math.abs));
      return Math.max(...Array.from(data, (value, i) => Math.abs(value - (other[i] ?? Number.NaN)))) / scale;
    }),
  );
}
