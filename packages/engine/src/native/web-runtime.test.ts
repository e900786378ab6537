import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { webRuntimeFolder } from "./web-runtime.node.ts";
import { WEB_RUNTIME } from "./web-runtime.ts";

// Browsers keep the files for ever by their address: were the version in it wrong, they would keep the wrong files.

it("names the version that is installed", async () => {
  const installed = JSON.parse(await readFile(join(webRuntimeFolder(), "..", "package.json"), "utf8")) as object;
  expect(installed).toMatchObject({ name: "onnxruntime-web", version: WEB_RUNTIME.version });
  expect(WEB_RUNTIME.path).toContain(WEB_RUNTIME.version);
});

it("lists files that are there, the entry among them", async () => {
  const files = Object.keys(WEB_RUNTIME.files);
  expect(files).toContain(WEB_RUNTIME.entry);
  for (const file of files) expect((await stat(join(webRuntimeFolder(), file))).size).toBeGreaterThan(10_000);
});
