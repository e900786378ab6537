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
