import { builtinModules } from "node:module";
import { beforeAll, describe, expect, test } from "vitest";
import { type PartyBundle, partyBundle } from "../scripts/party-size.ts";

describe("what a page loads to take part in a federation", () => {
  let bundle: PartyBundle;
  beforeAll(async () => {
    bundle = await partyBundle();
  });

  test("is at most 200 KB after gzip: library, worker and jax-js with all its back ends", () => {
    expect(bundle.files.map(({ file }) => file)).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/tab/),
        expect.stringMatching(/worker/),
        expect.stringMatching(/webgpu/),
      ]),
    );
    expect(bundle.gzip).toBeLessThanOrEqual(200 * 1024);
  });

  test("holds nothing of ONNX Runtime, and the lowering apart, to be loaded where a task may gain from it", () => {
    const packages = bundle.modules.filter((module) => module.startsWith("node_modules/"));
    expect(packages.some((module) => module.includes("@jax-js"))).toBe(true);
    expect(packages.filter((module) => module.includes("onnxruntime"))).toEqual([]);
    const lowering = [...bundle.parts].filter(([, modules]) =>
      modules.some((module) => /native\/lower\//.test(module)),
    );
    expect(lowering.map(([file]) => file)).toEqual([expect.stringMatching(/^assets\/index\.programs-/)]);
    expect(bundle.files.map(({ file }) => file)).toContain(lowering[0]?.[0]);
  });

  test("holds nothing of the coordinator", () => {
    expect(bundle.modules).toContain("packages/party/src/party.ts");
    expect(bundle.modules.filter((module) => module.includes("packages/coordinator"))).toEqual([]);
  });

  test("holds nothing of Node", () => {
    // Vite stands in for a built-in that browsers lack with a module of this name.
    const builtins = new Set(
      builtinModules.flatMap((name) => [name, `node:${name}`, `__vite-browser-external:${name}`]),
    );
    const ofNode = bundle.modules.filter(
      (module) => builtins.has(module) || module.includes("__vite-browser-external") || module.endsWith(".node.ts"),
    );
    expect(ofNode).toEqual([]);
  });
});
