import { existsSync, globSync, readdirSync, readFileSync } from "node:fs";
import { join, sep } from "node:path";
import { describe, expect, it } from "vitest";
import type { Manifest, Workspace } from "./structure/rules.ts";
import { ORDER, violations } from "./structure/rules.ts";
import { readSource } from "./structure/source-text.ts";

const ROOT = join(import.meta.dirname, "..");
const house = readHouse();

describe("the house", () => {
  it("keeps its rules: who imports whom, what runs in a browser, what is pure, how files are called", () => {
    expect(violations(house)).toEqual([]);
  });

  it("was read: every package has files, and known imports were seen", () => {
    for (const name of Object.keys(house.manifests)) {
      expect(house.files.filter(({ path }) => path.startsWith(`packages/${name}/src/`)).length).toBeGreaterThan(0);
    }
    const steps = house.files.find(({ path }) => path === "packages/federation/src/local-steps.ts");
    const specifiers = readSource(steps?.text ?? "").imports.map(({ specifier }) => specifier);
    expect(specifiers).toEqual(expect.arrayContaining(["@concord/engine", "@concord/learning", "./algorithm.ts"]));
    expect(house.files.some(({ path }) => path.endsWith(".tsx"))).toBe(true);
  });

  it("has no package outside the order", () => {
    expect(Object.keys(house.manifests).filter((name) => !ORDER.includes(name))).toEqual([]);
  });

  it("declares only packages that a package may import", () => {
    for (const [name, { dependencies }] of Object.entries(house.manifests)) {
      const imports = Object.keys(dependencies ?? {})
        .filter((dependency) => dependency.startsWith("@concord/"))
        .map((dependency) => `import "${dependency}";`);
      const doors = imports.filter((line) => !line.includes("dashboard"));
      const file = { path: `packages/${name}/src/all.ts`, text: doors.join("\n") };
      expect(violations({ ...house, files: [file] })).toEqual([]);
    }
  });
});

describe("the rules", () => {
  const manifest = (name: string, ...dependencies: string[]): Manifest => ({
    name: `@concord/${name}`,
    exports: { ".": "./src/index.ts", "./node": "./src/index.node.ts" },
    dependencies: Object.fromEntries(dependencies.map((dependency) => [`@concord/${dependency}`, "0.1.0"])),
  });
  const manifests: Workspace["manifests"] = {
    engine: manifest("engine"),
    learning: manifest("learning", "engine"),
    federation: manifest("federation", "engine", "learning", "cli"),
    protocol: manifest("protocol"),
    coordinator: manifest("coordinator", "engine", "protocol"),
    party: manifest("party", "protocol", "coordinator"),
    dashboard: manifest("dashboard", "party", "coordinator"),
    cli: manifest("cli", "engine", "coordinator"),
  };
  const check = (path: string, text: string) =>
    violations({ manifests, files: [{ path, text }] }).map((line) => line.slice(path.length + 2));

  it("let a package import what stands before it and is declared", () => {
    expect(check("packages/learning/src/x.ts", 'import { a } from "@concord/engine";')).toEqual([]);
    expect(check("packages/cli/src/x.ts", 'import { a } from "@concord/coordinator";')).toEqual([]);
    expect(check("packages/cli/src/x.ts", 'import { a } from "@concord/engine/node";')).toEqual([]);
    expect(check("packages/learning/src/x.ts", 'import { a } from "./y.ts"; import z from "zod";')).toEqual([]);
  });

  it.each([
    ["engine", "learning", "engine may not import learning"],
    ["federation", "cli", "federation may not import cli"],
    ["party", "coordinator", "party may not import coordinator"],
    ["dashboard", "coordinator", "dashboard may not import coordinator"],
  ])("keep the order: %s, %s", (from, to, complaint) => {
    for (const text of [
      `import { a } from "@concord/${to}";`,
      `import type { A } from "@concord/${to}";`,
      `export * from "@concord/${to}";`,
      `const a = await import("@concord/${to}");`,
    ]) {
      for (const path of [
        `packages/${from}/src/deep/x.ts`,
        `packages/${from}/src/x.test.ts`,
        `packages/${from}/test/x.ts`,
      ]) {
        expect(check(path, text)).toContain(complaint);
      }
    }
  });

  it("ask for a declaration", () => {
    expect(check("packages/learning/src/x.ts", 'import "@concord/engine";')).toEqual([]);
    expect(check("packages/cli/src/x.ts", 'import "@concord/protocol";')).toEqual([
      "imports @concord/protocol, which its package.json does not declare",
    ]);
    expect(check("packages/cli/src/x.ts", 'import "@concord/nothing";')).toEqual([
      "imports @concord/nothing, which is no package",
    ]);
  });

  it("let packages in by their doors only", () => {
    expect(check("packages/learning/src/x.ts", 'import "@concord/engine/src/tree.ts";')).toEqual([
      "imports @concord/engine/src/tree.ts, which @concord/engine does not export",
    ]);
    const past = (path: string, specifier: string) => check(path, `import "${specifier}";`);
    expect(past("packages/learning/src/x.ts", "../../engine/src/tree.ts")).toEqual([
      "imports ../../engine/src/tree.ts, past the door of a package",
    ]);
    expect(past("packages/learning/src/data/x.ts", "../../test/y.ts")).toEqual([]);
    expect(past("packages/learning/src/x.ts", "../../../test/y.ts")).toHaveLength(1);
    expect(past("packages/learning/src/x.test.ts", "../../../scripts/y.ts")).toEqual([]);
    expect(past("packages/learning/test/x.ts", "../../engine/test/y.ts")).toHaveLength(1);
    expect(past("test/x.ts", "../packages/engine/src/tree.ts")).toHaveLength(1);
    expect(past("test/x.ts", "@concord/engine/src/tree.ts")).toHaveLength(1);
    expect(past("test/x.ts", "./structure/rules.ts")).toEqual([]);
  });

  it.each(["engine", "learning", "federation", "protocol", "party", "dashboard"])("keep Node out of %s", (name) => {
    const path = (file: string) => `packages/${name}/${file}`;
    for (const specifier of ["node:fs", "fs", "fs/promises", "worker_threads"]) {
      expect(check(path("src/x.ts"), `import { a } from "${specifier}";`)).toHaveLength(1);
      expect(check(path("src/x.tsx"), `export type { A } from "${specifier}";`)).toHaveLength(1);
      for (const file of ["src/x.node.ts", "src/x.test.ts", "src/x.node.test.ts", "test/x.ts", "vite.config.ts"]) {
        expect(check(path(file), `import { a } from "${specifier}";`)).toEqual([]);
      }
    }
    expect(check(path("src/x.ts"), 'import { a } from "./y.node.ts";')).toEqual([
      "imports ./y.node.ts, which runs on Node only",
    ]);
    expect(check(path("src/x.ts"), 'import type { A } from "./y.node.ts";')).toEqual([]);
    expect(check(path("src/x.node.ts"), 'import { a } from "./y.node.ts";')).toEqual([]);
  });

  it("keep the Node doors of other packages out of browser code, and Node in the coordinator", () => {
    expect(check("packages/learning/src/x.ts", 'import { a } from "@concord/engine/node";')).toEqual([
      "imports @concord/engine/node, which runs on Node only",
    ]);
    expect(check("packages/coordinator/src/x.ts", 'import "node:fs"; import "@concord/engine/node";')).toEqual([]);
  });

  it.each([
    ["Math.random()", "Math.random"],
    ["Math\n  .random()", "Math.random"],
    ["Date.now()", "Date.now"],
    ["new Date()", "new Date()"],
    ["new Date", "new Date()"],
    ["performance.now()", "performance.now"],
    ["globalThis.crypto.getRandomValues(x)", "crypto's randomness"],
    ["`at §{Date.now()}`", "Date.now"],
  ])("keep the mathematics pure of %j", (code, what) => {
    for (const name of ["engine", "learning", "federation"]) {
      expect(check(`packages/${name}/src/x.ts`, `const x = ${withDollars(code)};`)).toEqual([
        `uses ${what}; pass it in`,
      ]);
    }
    for (const path of ["packages/engine/src/x.node.ts", "packages/engine/src/x.test.ts", "packages/cli/src/x.ts"]) {
      expect(check(path, `const x = ${withDollars(code)};`)).toEqual([]);
    }
  });

  it("let the mathematics speak of clocks, and read a date that it is given", () => {
    const text =
      '// never Math.random\n/* Date.now() */ const a = "Math.random()"; const b = new Date(a); `new Date()`;';
    expect(check("packages/engine/src/x.ts", text)).toEqual([]);
  });

  it.each(["utils.ts", "helpers/x.ts", "test-helpers.ts", "common.test.ts", "string.util.ts", "misc/x.tsx"])(
    "want better names than %s",
    (file) => {
      expect(check(`packages/engine/src/${file}`, "")).toHaveLength(1);
      expect(check(`test/${file}`, "")).toHaveLength(1);
    },
  );

  it("let words be that only hold such a name", () => {
    for (const file of [
      "utility.ts",
      "commons-licence.ts",
      "miscellany.ts",
      "helper-free/x.ts".replace("helper-", "help-"),
    ]) {
      expect(check(`packages/engine/src/${file}`, "")).toEqual([]);
    }
  });
});

describe("reading a source", () => {
  const specifiersIn = (text: string) => readSource(text).imports.map(({ specifier }) => specifier);

  it("finds imports of every form", () => {
    expect(
      specifiersIn(`
        import a from "a";
        import * as b from 'b';
        import { c, type C as D } from "c";
        import e, { f } from "e";
        import {
          g,
          h,
        } from "g";
        import type { I } from "i";
        export { j } from "j";
        export * from "k";
        export * as l from "l";
        export type { M } from "m";
        import "n";
        const o = await import("o");
        const p = require('p');
        const q = import.meta.resolve("q");
        type R = import("r").R;
        import s from "s" with { type: "json" };
        const t = import(\`t\`);
        import type U, { V } from "u";
      `).sort(),
    ).toEqual("abcegijklmnopqrstu".split(""));
  });

  it("tells types from values", () => {
    const typeOnly = (text: string) => readSource(text).imports.map((found) => found.typeOnly);
    expect(typeOnly('import type { A } from "a";')).toEqual([true]);
    expect(typeOnly('import type A from "a";')).toEqual([true]);
    expect(typeOnly('import type * as A from "a";')).toEqual([true]);
    expect(typeOnly('export type { A } from "a";')).toEqual([true]);
    // Of this an import is left: it runs the module.
    expect(typeOnly('import { type A } from "a";')).toEqual([false]);
    expect(typeOnly('import types from "a";')).toEqual([false]);
    expect(typeOnly('export interface A {}\nimport b from "b";')).toEqual([false]);
    expect(typeOnly('export type { A };\nimport b from "b";')).toEqual([false]);
  });

  it.each([
    ["a comment", '// import a from "a";'],
    ["a long comment", '/* import a from "a";\n * import "b" */'],
    ["a string", "const x = 'import a from \"a\"';"],
    ["a string with escapes", 'const x = "\\"; import a from \'a\'";'],
    ["a template", 'const x = `import a from "a"`;'],
    ["a template after its code", 'const x = `§{ { y: `§{1}` } } import "a"`;'],
    ["a regular expression", 'const x = /import "a"/; const y = a.replace(/[/"]import "a"/g, 2);'],
    ["a method", 'loader.import("a"); x.require("b");'],
    ["an exported value", 'export const from = "a"; export function f() { return "b"; }'],
  ])("sees none in %s", (_, text) => {
    expect(specifiersIn(withDollars(text))).toEqual([]);
  });

  it.each([
    ["an address in a string", 'const x = "http://x"; import("a");'],
    ["a comment sign in a template", "const x = `/* // §{y}`; import('a');"],
    ["code in a template", 'const x = `§{await import("a")}`;'],
    ["code in a template in a template", 'const x = `a §{ b ? `c §{ { d: import("a") } }` : "`" } e`;'],
    ["a division", 'const x = a / b; import("a"); const y = (a) / 2 / c;'],
    ["a quote in a regular expression", 'const x = y.match(/["\'`]/); import("a");'],
    ["an escaped slash", 'if (/\\/\\*/.test(x)) import("a");'],
    ["an apostrophe on a page", 'const x = <p>don\'t</p>;\nconst y = <b a="c" />; import("a");'],
    ["a quoted word on a page", "const x = <p>it's Bob's</p>;\nimport('a');"],
    ["an escaped backtick", 'const x = `\\``; import("a");'],
  ])("is not led astray by %s", (_, text) => {
    expect(specifiersIn(withDollars(text))).toEqual(["a"]);
  });

  it("does not pass over what it cannot read", () => {
    expect(() => readSource('const x = `import "a";')).toThrow("a template has no end");
    expect(() => readSource(withDollars("const x = `§{y; "))).toThrow("a template has no end");
    expect(() => readSource("/* for ever")).toThrow("a comment has no end");
  });
});

/** Samples write § where a template has its dollar, so that nobody takes them for templates gone wrong. */
function withDollars(text: string): string {
  return text.replaceAll("§", "$");
}

function readHouse(): Workspace {
  const folders = readdirSync(join(ROOT, "packages")).filter((name) =>
    existsSync(join(ROOT, "packages", name, "package.json")),
  );
  const read = (path: string) => readFileSync(join(ROOT, path), "utf8");
  const paths = globSync(
    ["packages/*/{src,test,bin}/**/*.{ts,tsx,js}", "packages/*/*.ts", "{test,scripts,benchmarks,experiments}/**/*.ts"],
    { cwd: ROOT, exclude: (name) => name.split(sep).some((part) => part === "node_modules" || part === "dist") },
  );
  return {
    files: paths
      .map((path) => path.split(sep).join("/"))
      .sort()
      .map((path) => ({ path, text: read(path) })),
    manifests: Object.fromEntries(
      folders.map((name) => [name, JSON.parse(read(`packages/${name}/package.json`)) as Manifest]),
    ),
  };
}
