import { createHash } from "node:crypto";
import { access, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import type { CatalogEntry } from "./catalog.ts";
import { CATALOG } from "./catalog.ts";
import { DownloadError } from "./download.node.ts";
import { pullDataset, pullEntry } from "./pull.node.ts";

/** 300,000 bytes that differ everywhere, so that a piece put in the wrong place shows. */
const CONTENT = Uint8Array.from({ length: 300_000 }, (_, i) => (i * 2_654_435_761) >>> 24);
const HALF = 150_000;

let cacheDir: string;
beforeEach(async () => {
  cacheDir = await mkdtemp(join(tmpdir(), "concord-pull-"));
});
afterEach(() => rm(cacheDir, { recursive: true }));

const place = () => join(cacheDir, "data", "toy", "toy.bin");
const part = () => `${place()}.part`;

describe("pullEntry", () => {
  it("downloads, reports progress, and does not download again", async () => {
    const server = await serve(whole);
    const seen: number[] = [];
    const folder = await pullEntry(entry(server.url), { cacheDir, onProgress: ({ received }) => seen.push(received) });
    expect(folder).toBe(join(cacheDir, "data", "toy"));
    expect(await arrived()).toBe(true);
    expect(await readdir(folder)).toEqual(["toy.bin"]);
    expect(seen.at(-1)).toBe(CONTENT.length);
    expect(seen).toEqual(seen.toSorted((a, b) => a - b));
    await pullEntry(entry(server.url), { cacheDir });
    expect(server.requests.length).toBe(1);
    expect(server.requests[0]?.headers["accept-encoding"]).toBe("identity");
  });

  it("replaces a file that is damaged", async () => {
    const server = await serve(whole);
    await pullEntry(entry(server.url), { cacheDir });
    await writeFile(place(), CONTENT.toReversed());
    await pullEntry(entry(server.url), { cacheDir });
    expect(await arrived()).toBe(true);
  });

  it("goes on by itself where the connection was cut", async () => {
    let cut: (() => void) | undefined;
    const server = await serve((request, response) => {
      if (cut !== undefined) return ranged(request, response);
      cut = () => response.destroy();
      response.writeHead(200, { "content-length": CONTENT.length }).write(CONTENT.slice(0, HALF));
    });
    await pullEntry(entry(server.url), { cacheDir, onProgress: () => cut?.() });
    expect(await arrived()).toBe(true);
    const [, second] = server.requests;
    expect(Number(second?.headers.range?.match(/^bytes=(\d+)-$/)?.[1])).toBeGreaterThan(0);
  });

  it("keeps what has arrived from a server that always cuts, and goes on in the next run", async () => {
    const bad = await serve(
      (_, response) => void response.writeHead(200).write(CONTENT.slice(0, 1000), () => response.destroy()),
    );
    await expect(pullEntry(entry(bad.url), { cacheDir })).rejects.toMatchObject({ reason: "cut" });
    await writeFile(part(), CONTENT.slice(0, HALF));
    const good = await serve(ranged);
    await pullEntry(entry(good.url), { cacheDir });
    expect(good.requests[0]?.headers.range).toBe(`bytes=${HALF}-`);
    expect(await arrived()).toBe(true);
  });

  it("starts anew where the server knows no ranges", async () => {
    const server = await serve(whole);
    await pullEntry(entry(server.url), { cacheDir });
    await rm(place());
    await writeFile(part(), new Uint8Array(HALF).fill(9));
    await pullEntry(entry(server.url), { cacheDir });
    expect(await arrived()).toBe(true);
  });

  it("starts anew where an earlier part turns out to be of another file", async () => {
    const server = await serve(ranged);
    await pullEntry(entry(server.url), { cacheDir });
    for (const length of [HALF, CONTENT.length, CONTENT.length + 1]) {
      await rm(place());
      await writeFile(part(), new Uint8Array(length).fill(9));
      await pullEntry(entry(server.url), { cacheDir });
      expect(await arrived()).toBe(true);
    }
  });

  it("removes a file with a wrong checksum and says so", async () => {
    const server = await serve((_, response) => void response.end(CONTENT.toReversed()));
    const failure = await failureOf(pullEntry(entry(server.url), { cacheDir }));
    expect(failure.reason).toBe("checksum");
    expect(failure.message).toContain(`expected ${sha256(CONTENT)}. It has been removed`);
    expect(await readdir(join(cacheDir, "data", "toy"))).toEqual([]);
  });

  it("stops a server that sends more than the file", async () => {
    const server = await serve((_, response) => void response.end(Buffer.concat([CONTENT, CONTENT])));
    const failure = await failureOf(pullEntry(entry(server.url), { cacheDir }));
    expect(failure.reason).toBe("length");
    expect(await exists(part())).toBe(false);
  });

  it("explains a refusal, and tries the next address", async () => {
    const gone = await serve((_, response) => void response.writeHead(404).end());
    const failure = await failureOf(pullEntry(entry(gone.url), { cacheDir }));
    expect(failure.reason).toBe("refused");
    expect(failure.message).toBe(`${gone.url}: HTTP 404 Not Found: the publisher may have moved the file`);
    const mirror = await serve(whole);
    await pullEntry(entry(gone.url, mirror.url), { cacheDir });
    expect(await arrived()).toBe(true);
  });

  it("gives up on a server that stalls, before and after its headers", async () => {
    // The time of the test, so that a slow machine is no stalled server.
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    onTestFinished(() => void vi.useRealTimers());
    const pass = () => vi.advanceTimersByTime(30_000);
    const silent = await serve(() => pass());
    expect((await failureOf(pullEntry(entry(silent.url), { cacheDir }))).reason).toBe("stalled");
    const stuck = await serve((_, response) => void response.writeHead(200).write(CONTENT.slice(0, HALF)));
    const onProgress = ({ received }: { received: number }) => void (received === HALF && pass());
    const failure = await failureOf(pullEntry(entry(stuck.url), { cacheDir, onProgress }));
    expect(failure.message).toContain("no byte in 30 s; what has arrived is kept");
    expect((await readFile(part())).length).toBe(HALF);
  });

  it("explains an address that cannot be reached", async () => {
    const server = await serve(whole);
    server.close();
    expect((await failureOf(pullEntry(entry(server.url), { cacheDir }))).message).toContain("refuses the connection");
    const offline = () =>
      Promise.reject(new TypeError("fetch failed", { cause: Object.assign(new Error(), { code: "ENOTFOUND" }) }));
    const failure = await failureOf(pullEntry(entry("https://data.example/toy.bin"), { cacheDir, fetch: offline }));
    expect(failure.reason).toBe("unreachable");
    expect(failure.message).toContain("the name data.example cannot be resolved");
  });

  it("stops when it is told to", async () => {
    const stuck = await serve((_, response) => void response.writeHead(200).write(CONTENT.slice(0, HALF)));
    const stop = new AbortController();
    const pulling = pullEntry(entry(stuck.url), {
      cacheDir,
      signal: stop.signal,
      onProgress: () => stop.abort(new Error("enough")),
    });
    await expect(pulling).rejects.toThrow("enough");
  });
});

it("knows which data sets have nothing to download", async () => {
  await expect(pullDataset("handwriting", { cacheDir })).rejects.toThrow("generated");
  await expect(pullDataset("nothing", { cacheDir })).rejects.toThrow("there is no data set");
});

it("asks the publisher for the files of the catalog", async () => {
  const asked: string[] = [];
  const fetch = (url: string | URL | Request) => {
    asked.push(String(url));
    return Promise.resolve(new Response(null, { status: 503, statusText: "Service Unavailable" }));
  };
  await expect(pullDataset("cifar-10", { cacheDir, fetch })).rejects.toThrow("HTTP 503 Service Unavailable");
  expect(asked).toEqual(["https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz"]);
});

function entry(...urls: string[]): CatalogEntry {
  const file = { name: "toy.bin", bytes: CONTENT.length, sha256: sha256(CONTENT), urls };
  return { ...CATALOG.mnist, folders: ["toy"], files: [file] };
}

async function serve(answer: RequestListener) {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  onTestFinished(close);
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/toy.bin`, requests, close };
}

function whole(_: IncomingMessage, response: ServerResponse): void {
  response.end(CONTENT);
}

function ranged(request: IncomingMessage, response: ServerResponse): void {
  const from = Number(request.headers.range?.match(/^bytes=(\d+)-$/)?.[1] ?? 0);
  if (from >= CONTENT.length) return void response.writeHead(416).end();
  if (from === 0) return void response.end(CONTENT);
  response.writeHead(206, { "content-range": `bytes ${from}-${CONTENT.length - 1}/${CONTENT.length}` });
  response.end(CONTENT.slice(from));
}

async function failureOf(pulling: Promise<unknown>): Promise<DownloadError> {
  const failure = await pulling.then(
    () => new Error("it did not fail"),
    (cause: unknown) => cause,
  );
  expect(failure).toBeInstanceOf(DownloadError);
  return failure as DownloadError;
}

const arrived = async () => sha256(await readFile(place())) === sha256(CONTENT);

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
