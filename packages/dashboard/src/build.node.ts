/// <reference types="node" />
import { fork } from "node:child_process";
import { createHash, randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { setPriority } from "node:os";
import { join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";

const DASHBOARD = fileURLToPath(new URL("..", import.meta.url));
const REPOSITORY = fileURLToPath(new URL("../../..", import.meta.url));

/** What goes into the page: these folders' sources, and the versions of everything else. */
const SOURCES = [
  "packages/dashboard/src",
  "packages/dashboard/public",
  "packages/party/src",
  "packages/protocol/src",
  "packages/alignment/src",
  "packages/federation/src",
  "packages/learning/src",
  "packages/engine/src",
];
const FILES = ["packages/dashboard/index.html", "packages/dashboard/vite.config.ts", "package-lock.json"];
/** On the same disk as `dist`, so that a finished page can be renamed into place. */
const SCRATCH = join(REPOSITORY, ".cache");
/** No build takes as long. */
const ABANDONED_MS = 3_600_000;
const STAMP = "stamp";
/** Behind the parties that train on the same cores, yet not so far that the page comes when all is over. */
const NICENESS = 2;
const LOG_LINES = 20;

/**
 * The folder with the built page. In a checkout of the sources nothing needs to be built before the first start: the
 * page is built here when it is missing or older than its sources, and kept for the next time.
 *
 * Safe with several at once: each builds into a folder of its own, and the first that is ready is used by all.
 * Throws Error with the end of the builder's output if the page cannot be built.
 */
export async function ensurePage(): Promise<string> {
  const dist = join(DASHBOARD, "dist");
  // Installed as a package: there are no sources beside it, and the page came with it.
  if (!existsSync(join(DASHBOARD, "index.html"))) return dist;
  const stamp = await stampOfSources();
  if (await isFresh(dist, stamp)) return dist;

  const own = join(SCRATCH, `page-${process.pid}-${randomUUID().slice(0, 8)}`);
  await mkdir(SCRATCH, { recursive: true });
  await sweepScratch();
  try {
    await build(own);
    await writeFile(join(own, STAMP), stamp);
    await replace(dist, own, stamp);
  } finally {
    await rm(own, { recursive: true, force: true });
  }
  return dist;
}

/** Removes what builds that were killed have left behind. */
async function sweepScratch(): Promise<void> {
  for (const name of await readdir(SCRATCH)) {
    if (!name.startsWith("page-")) continue;
    const path = join(SCRATCH, name);
    const age = await stat(path).then(
      ({ mtimeMs }) => Date.now() - mtimeMs,
      () => 0,
    );
    if (age > ABANDONED_MS) await rm(path, { recursive: true, force: true });
  }
}

/** SHA-256 over the paths and bytes of all sources that go into the page; tests and Node-only files do not. */
async function stampOfSources(): Promise<string> {
  const listed = await Promise.all(SOURCES.map((folder) => filesIn(join(REPOSITORY, folder))));
  const paths = [...listed.flat(), ...FILES.map((file) => join(REPOSITORY, file))].sort();
  const hash = createHash("sha256");
  for (const path of paths) {
    const bytes = await readFile(path);
    hash.update(`${relative(REPOSITORY, path).split(sep).join("/")}\0${bytes.length}\0`).update(bytes);
  }
  return hash.digest("hex");
}

async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isFile() && !/\.(test|node)\.tsx?$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));
}

async function isFresh(dist: string, stamp: string): Promise<boolean> {
  return (await readFile(join(dist, STAMP), "utf8").catch(() => "")) === stamp;
}

/** Runs Vite in a process of its own at a lower priority; it ends with this one. */
async function build(outDir: string): Promise<void> {
  const child = fork(fileURLToPath(new URL("./build-page.node.ts", import.meta.url)), [DASHBOARD, outDir], {
    cwd: DASHBOARD,
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    env: { ...process.env, NODE_ENV: "production" },
  });
  lowerPriority(child.pid);
  let output = "";
  const keep = (chunk: Buffer) => {
    output = `${output}${chunk}`.slice(-20_000);
  };
  child.stdout?.on("data", keep);
  child.stderr?.on("data", keep);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  if (code === 0) return;
  const end = output.trimEnd().split("\n").slice(-LOG_LINES).join("\n");
  throw new Error(`the page could not be built (vite ended with ${code}):\n${end}`);
}

function lowerPriority(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    setPriority(pid, NICENESS);
  } catch {
    // Not every system lets a process do that, and the page is the same without it.
  }
}

/** Puts `built` in the place of `dist`, unless another process has put an equal page there in the meantime. */
async function replace(dist: string, built: string, stamp: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const old = `${built}-old`;
    await rename(dist, old).catch(ignoreMissing);
    try {
      await rename(built, dist);
      await rm(old, { recursive: true, force: true });
      return;
    } catch (error) {
      await rm(old, { recursive: true, force: true });
      if (await isFresh(dist, stamp)) return;
      if (attempt === 5) throw error;
    }
  }
}

function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== "ENOENT") throw error;
}
