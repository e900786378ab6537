import { mkdir, readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { encodeSafetensors, float32 } from "@concord/engine";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { lastLine, linesOf, newPlace, type Place } from "./concord-process.ts";

let place: Place;
beforeAll(async () => {
  place = await newPlace();
});
afterAll(() => place.close());

/** The environment of a machine behind a proxy, whatever this machine's own is. */
function behind(proxy: string): Record<string, string> {
  const names = ["HTTPS_PROXY", "HTTP_PROXY", "https_proxy", "http_proxy"];
  return {
    ...Object.fromEntries(names.map((name) => [name, proxy])),
    NODE_USE_ENV_PROXY: "",
    NO_PROXY: "",
    no_proxy: "",
  };
}

describe("concord data", () => {
  test("list says what there is and what is here", async () => {
    const ended = await place.run(["data", "list", "--json"]);
    expect(ended).toMatchObject({ code: 0, stderr: "" });
    const found = linesOf(ended).map(({ name, here }) => [name, here]);
    expect(found).toEqual([
      ["handwriting", true],
      ["mnist", false],
      ["fashion-mnist", false],
      ["cifar-10", false],
      ["heart-disease", false],
      ["adult", false],
    ]);
    expect((await place.run(["data", "list"])).stdout).toContain("made on demand");
  });

  test("info shows a data set", async () => {
    const ended = await place.run(["data", "info", "handwriting", "--json"]);
    expect(ended).toMatchObject({ code: 0, stderr: "" });
    const [train, part] = linesOf(ended);
    expect(train).toMatchObject({ part: "train", examples: 10_000, inputShape: [28, 28, 1], generated: true });
    expect(train?.labels).toEqual(Array(10).fill(1_000));
    expect(part).toMatchObject({ part: "test", examples: 2_000 });
    expect(lastLine(ended)).toMatchObject({ type: "result", dataset: "handwriting", folder: null });
  });

  test("info of one that is not here says where it looked and how to get it", async () => {
    const { code, stderr } = await place.run(["data", "info", "heart-disease"]);
    expect(code).toBe(2);
    expect(stderr).toContain(join(place.folder, ".cache/data/heart-disease"));
    expect(stderr).toContain("`concord data pull heart-disease` downloads it");
  });

  test("pull without a way to the publisher says so and ends with 1", async () => {
    // A proxy at a port where nothing listens: no request leaves this machine.
    const nowhere = "http://127.0.0.1:9";
    const ended = await place.run(["data", "pull", "heart-disease", "--json"], behind(nowhere));
    expect(ended.code).toBe(1);
    expect(lastLine(ended)).toMatchObject({
      type: "error",
      message: expect.stringContaining("processed.cleveland.data"),
    });
    expect(ended.stderr).not.toMatch(/^\s+at /m);
    expect((await place.run(["data", "info", "heart-disease"])).code).toBe(2);
  });

  test("pull goes through the proxy that the environment names, and refuses a name that is none", async () => {
    const asked: (string | undefined)[] = [];
    const proxy = createServer().on("connect", ({ url }, socket) => {
      asked.push(url);
      socket.end("HTTP/1.1 403 Forbidden\r\n\r\n");
    });
    await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
    const { port } = proxy.address() as AddressInfo;
    const ended = await place.run(["data", "pull", "heart-disease"], behind(`http://127.0.0.1:${port}`));
    proxy.close();
    expect(ended.code).toBe(1);
    expect(asked[0]).toBe("archive.ics.uci.edu:443");

    const wrong = await place.run(["data", "pull", "heart-disease"], behind("nonsense"));
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toMatch(/https_proxy names no proxy .*expected http:\/\/host:port/);
  });
});

describe("concord model info", () => {
  test("shows the tensors of a file", async () => {
    const model = { layer: { bias: float32([2], [1, 3]), weight: float32([1, 2], [Number.NaN, 0]) } };
    await writeFile(join(place.folder, "model.safetensors"), encodeSafetensors(model, { made: "by hand" }));
    const ended = await place.run(["model", "info", "model.safetensors", "--json"]);
    expect(ended).toMatchObject({ code: 0, stderr: "" });
    const [bias, weight] = linesOf(ended);
    expect(bias).toMatchObject({
      name: "layer.bias",
      dtype: "float32",
      shape: [2],
      mean: 2,
      deviation: 1,
      finite: true,
    });
    expect(weight).toMatchObject({ name: "layer.weight", shape: [1, 2], finite: false });
    expect(lastLine(ended)).toMatchObject({
      tensors: 2,
      parameters: 4,
      payloadBytes: 16,
      metadata: { made: "by hand" },
    });
  });

  test.each<[string, string | Uint8Array]>([
    ["an empty file", ""],
    ["text", "this is no model"],
    ["a header of many gigabytes", new Uint8Array(16).fill(255)],
  ])("refuses %s with 2", async (_what, content) => {
    await writeFile(join(place.folder, "garbage.safetensors"), content);
    const { code, stderr, stdout } = await place.run(["model", "info", "garbage.safetensors"]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(/^concord: garbage\.safetensors is no valid safetensors file: /);
  });

  test("refuses a folder with 2", async () => {
    await mkdir(join(place.folder, "folder"));
    const { code, stderr } = await place.run(["model", "info", "folder"]);
    expect({ code, stderr }).toEqual({ code: 2, stderr: "concord: cannot read folder: EISDIR\n" });
  });
});

describe("concord doctor", () => {
  test("checks what is needed", async () => {
    const ended = await place.run(["doctor", "--json"]);
    expect(ended).toMatchObject({ code: 0, stderr: "" });
    const checks = linesOf(ended).filter(({ type }) => type === "check");
    expect(checks.map(({ name }) => name)).toEqual(["node", "machine", "engine", "speed", "store", "port", "data"]);
    expect(checks.every(({ ok }) => ok === true)).toBe(true);
    expect(lastLine(ended)).toEqual({ type: "result", checks: 7, failed: 0 });
    await expect(readFile(join(place.folder, ".concord/store.sqlite"))).rejects.toMatchObject({ code: "ENOENT" });
  });

  test("says how to start it on a Node that is too old", async () => {
    const binary = await readFile(new URL("../bin/concord.js", import.meta.url), "utf8");
    // Before anything else is loaded, and in plain JavaScript: an old Node cannot read types.
    expect(binary.indexOf("process.versions.node")).toBeLessThan(binary.indexOf("import("));
    expect(binary).not.toMatch(/^import /m);
  });
});
