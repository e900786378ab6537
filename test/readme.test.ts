import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

/** What the README shows is run as it stands there. */
const ROOT = fileURLToPath(new URL("..", import.meta.url));
const CONCORD = join(ROOT, "packages/cli/bin/concord.js");
const run = promisify(execFile);

describe("the README", () => {
  let readme: string;
  let folder: string;
  beforeAll(async () => {
    readme = await readFile(join(ROOT, "README.md"), "utf8");
    // Inside of the checkout, where the packages are found.
    folder = await mkdtemp(join(ROOT, ".cache-readme-"));
  });
  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  test("has an experiment in ten lines of YAML that trains", async () => {
    const yaml = block("yaml", 0);
    expect(yaml.trim().split("\n").length).toBeLessThanOrEqual(10);
    await writeFile(join(folder, "first.yaml"), yaml);
    const { stdout } = await run(process.execPath, [CONCORD, "run", "first.yaml", "--json"], { cwd: folder });
    const result = JSON.parse(stdout.trim().split("\n").at(-1) ?? "");
    expect(result).toMatchObject({ type: "result", dataset: "generated handwriting", rounds: 10 });
    expect(result.accuracy).toBeGreaterThan(0.5);
  });

  test("has the same in ten lines of TypeScript", async () => {
    const code = block("ts", 0);
    const statements = code.split("\n").filter((line) => line.trim() !== "" && !line.startsWith("import "));
    expect(statements.length).toBeLessThanOrEqual(10);
    await writeFile(join(folder, "first.ts"), code);
    const { stdout } = await run(process.execPath, ["first.ts"], { cwd: folder });
    expect(Number(/accuracy: ([\d.]+)/.exec(stdout.slice(stdout.lastIndexOf("accuracy:")))?.[1])).toBeGreaterThan(0.5);
  });

  function block(language: string, index: number): string {
    const blocks = [...readme.matchAll(/```(\w+)\n([\s\S]*?)```/g)].filter(([, name]) => name === language);
    const found = blocks[index]?.[2];
    if (found === undefined) throw new Error(`the README has no ${language} block number ${index + 1}`);
    return found;
  }
});
