import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const BUILDER = fileURLToPath(new URL("../src/build-page.node.ts", import.meta.url));
const DASHBOARD = fileURLToPath(new URL("..", import.meta.url));

it("a build of the page ends with the process that wanted it, also by kill -9", async () => {
  const folder = await mkdtemp(join(tmpdir(), "concord-build-"));
  const page = join(folder, "page");
  const parent = spawn(process.execPath, [
    "--input-type=module",
    "--eval",
    `import { fork } from "node:child_process";
     const child = fork(${JSON.stringify(BUILDER)}, ${JSON.stringify([DASHBOARD, page])});
     console.log(child.pid);`,
  ]);
  const [said] = (await once(parent.stdout, "data")) as [Buffer];
  parent.kill("SIGKILL");
  await once(parent, "exit");
  await expect.poll(() => runs(Number(said))).toBe(false);
  // It ended because it was alone, not because it was ready.
  expect(existsSync(page)).toBe(false);
  await rm(folder, { recursive: true });
});

function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
