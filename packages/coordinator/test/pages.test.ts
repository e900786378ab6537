import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { WEB_RUNTIME } from "@concord/engine";
import { webRuntimeFolder } from "@concord/engine/node";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { Coordinator } from "../src/index.ts";
import { joinAs } from "./fake-party.ts";
import { startInMemory, tinySpec } from "./federation.ts";
import { rawRequest } from "./raw-request.ts";

let coordinator: Coordinator;
afterEach(() => coordinator.close());

const get = (path: string) => rawRequest(coordinator.port, "GET", path);

describe("the page", () => {
  it("says that it is being built until it is there", async () => {
    const folder = await mkdtemp(join(tmpdir(), "concord-page-"));
    await mkdir(join(folder, "assets"));
    await writeFile(join(folder, "index.html"), "<!doctype html><title>The page</title>");
    await writeFile(join(folder, "favicon.svg"), "<svg/>");
    await writeFile(join(folder, "assets/index-Ab12Cd34.js"), "export {};");
    const built = Promise.withResolvers<string>();
    const build = vi.fn(() => built.promise);
    coordinator = await startInMemory({ pageDir: build });
    expect(await get("/")).toMatchObject({ status: 503, body: expect.stringContaining("The page is being built") });
    built.resolve(folder);

    for (const path of ["/", "/join/tiny", "/federations/tiny"]) {
      const { status, headers, body } = await get(path);
      expect({ path, status }).toEqual({ path, status: 200 });
      expect(body).toContain("The page");
      expect(headers["content-type"]).toContain("text/html");
      expect(headers["cache-control"]).toBe("no-store");
    }
    const script = await get("/assets/index-Ab12Cd34.js");
    expect(script.headers).toMatchObject({
      "content-type": expect.stringContaining("javascript"),
      "cache-control": "public, max-age=31536000, immutable",
    });
    expect((await get("/favicon.svg")).headers["content-type"]).toContain("image/svg");
    for (const path of ["/missing.js", "/../package.json", "/%2e%2e/%2e%2e/etc/passwd.txt", "/v1/nothing"]) {
      const { status, body } = await get(path);
      expect({ path, status: status === 403 ? 404 : status }).toEqual({ path, status: 404 });
      expect(JSON.parse(body)).toHaveProperty("error.code");
    }
    expect(build).toHaveBeenCalledTimes(1);
    await rm(folder, { recursive: true });
  });
});

describe("the runtime of tabs that train", () => {
  const types = {
    "ort.wasm.min.mjs": "text/javascript; charset=utf-8",
    "ort-wasm-simd-threaded.mjs": "text/javascript; charset=utf-8",
    "ort-wasm-simd-threaded.wasm": "application/wasm",
  };

  it.each(Object.entries(types))("has %s, for ever, under the page's policy", async (file, type) => {
    coordinator = await startInMemory();
    const response = await fetch(`${coordinator.url}${WEB_RUNTIME.path}${file}`);
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe(type);
    expect(response.headers.get("content-encoding")).toBe("gzip");
    expect(response.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
    expect(response.headers.get("content-security-policy")).toContain("script-src 'self' 'wasm-unsafe-eval'");
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
    const installed = await readFile(join(webRuntimeFolder(), file));
    expect(Buffer.from(await response.arrayBuffer()).equals(installed)).toBe(true);
    const plain = await get(`${WEB_RUNTIME.path}${file}`);
    expect(plain.headers).toMatchObject({ "content-length": String(installed.length), "content-type": type });
  });

  it("has no other file and no other version", async () => {
    coordinator = await startInMemory();
    for (const path of [
      `${WEB_RUNTIME.path}ort.all.mjs`,
      `${WEB_RUNTIME.path}..%2fpackage.json`,
      `${WEB_RUNTIME.path}constructor`,
      "/runtime/onnxruntime-web-1.0.0/ort.wasm.min.mjs",
    ]) {
      expect({ path, status: (await get(path)).status }).not.toMatchObject({ status: 200 });
    }
    const { status, body } = await get(`${WEB_RUNTIME.path}ort.all.mjs`);
    expect(status).toBe(404);
    expect(JSON.parse(body).error.message).toContain("there is no ort.all.mjs here, only ort.wasm.min.mjs");
  });
});

describe("/docs", () => {
  it("describes every route from its schemas, and needs nothing from elsewhere", async () => {
    coordinator = await startInMemory();
    const { status, body } = await get("/docs/json");
    expect(status).toBe(200);
    const document = JSON.parse(body) as { paths: Record<string, Record<string, { security?: unknown }>> };
    expect(Object.keys(document.paths).sort()).toEqual(
      [
        "/healthz",
        "/metrics",
        "/v1/blobs/{sha256}",
        "/v1/chat/completions",
        "/v1/completions",
        "/v1/federations",
        "/v1/federations/{federation}",
        "/v1/federations/{federation}/events",
        "/v1/federations/{federation}/invites",
        "/v1/federations/{federation}/model",
        "/v1/federations/{federation}/parties",
        "/v1/federations/{federation}/rounds",
        "/v1/federations/{federation}/stop",
        "/v1/invites/catalogue",
        "/v1/gateway",
        "/v1/invites/inspect",
        "/v1/invites/model",
        "/v1/invites/sample/{part}",
        "/v1/join",
        "/v1/models",
        "/v1/models/{model}",
        "/v1/palettes",
        "/v1/palettes/{name}",
        "/v1/palettes/{name}/versions",
        "/v1/palettes/{name}/{version}",
        "/v1/palettes/{name}/{version}/answers",
        "/v1/palettes/{name}/{version}/rewards",
        "/v1/party",
        "/v1/party/leases/{lease}/heartbeat",
        "/v1/party/leases/{lease}/reply",
        "/v1/party/model",
        "/v1/party/status",
        "/v1/party/work",
        "/v1/session",
        "/v1/tenants",
        "/v1/tenants/{name}",
      ].sort(),
    );
    expect(document.paths["/v1/party/work"]?.post?.security).toEqual([{ key: [] }]);
    expect(document.paths["/v1/join"]?.post?.security).toBeUndefined();
    const page = await get("/docs");
    expect(page.status).toBe(200);
    expect(page.headers["content-security-policy"]).toContain("script-src 'self' 'wasm-unsafe-eval'");
    // No inline script, which the policy would not run, and no address on another host.
    expect(page.body).not.toMatch(/<script(?![^>]*\ssrc=)/);
    expect(page.body).not.toMatch(/(src|href)="(https?:)?\/\//);
    for (const [, path] of page.body.matchAll(/(?:src|href)="(\/[^"]+)"/g)) {
      expect({ path, status: (await get(path as string)).status }).toEqual({ path, status: 200 });
    }
  });
});

describe("/metrics", () => {
  it("counts, and names nobody", async () => {
    coordinator = await startInMemory();
    await coordinator.createFederation("secret-name", tinySpec({ minimumParties: 3 }));
    await joinAs(coordinator, "secret-name", "secret-party");
    const { status, headers, body } = await get("/metrics");
    expect(status).toBe(200);
    expect(headers["content-type"]).toContain("text/plain");
    expect(body).toContain('concord_federations{status="waiting"} 1');
    expect(body).toContain('concord_parties{status="active"} 1');
    expect(body).toContain("concord_parties_online 1");
    expect(body).toContain('concord_events_total{type="party.joined"} 1');
    expect(body).toMatch(/concord_http_request_seconds_count\{method="POST",route="\/v1\/join",status="201"\} 1/);
    expect(body).toMatch(/process_resident_memory_bytes \d+/);
    expect(body).not.toContain("secret");
    expect(await get("/healthz")).toMatchObject({ status: 200, body: '{"status":"ok"}' });
  });
});
