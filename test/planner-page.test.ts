import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";

/** What docs/planner.md shows is run as it stands there. */
const ROOT = fileURLToPath(new URL("..", import.meta.url));
const CONCORD = join(ROOT, "packages/cli/bin/concord.js");

let page: string;
let folder: string;
beforeAll(async () => {
  page = await readFile(join(ROOT, "docs/planner.md"), "utf8");
  folder = await mkdtemp(join(tmpdir(), "concord-planner-"));
  await writeFile(join(folder, "links.csv"), block("csv"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test("the plan of the page is what the command prints", async () => {
  expect(await concord(command())).toBe(block("text"));
  expect(block("yaml")).toContain(await readFile(join(folder, "algorithm.yaml"), "utf8"));
});

test("its experiment moves the planned bytes and takes the planned seconds", { timeout: 180_000 }, async () => {
  const plan = JSON.parse(await concord([...command(), "--json"]));
  await writeFile(join(folder, "planned.yaml"), block("yaml"));
  const lines = (await concord(["run", "planned.yaml", "--rounds", "1", "--json"])).trim().split("\n");
  const result = JSON.parse(lines.at(-1) ?? "");
  expect(result).toMatchObject({
    rounds: 1,
    virtualSeconds: plan.seconds,
    payloadBytesUp: plan.totals.bytesUp,
    payloadBytesDown: plan.totals.bytesDown,
  });
  expect(plan.seconds.toFixed(1)).toBe(/rounds take ([\d.]+) s/.exec(page)?.[1]);
});

function command(): string[] {
  return block("sh")
    .trim()
    .replace(/^npx concord /, "")
    .split(" ");
}

/** The first block of a language. */
function block(language: string): string {
  const found = new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``).exec(page)?.[1];
  if (found === undefined) throw new Error(`the page has no ${language} block`);
  return found;
}

async function concord(words: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [CONCORD, ...words], { cwd: folder });
  return stdout;
}
