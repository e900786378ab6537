#!/usr/bin/env node
/**
 * Builds what a web page loads to take part in a federation, the party library and its worker with jax-js in it, and
 * prints the sizes as JSON. Every chunk counts, those that are loaded only on hosts with WebGPU or WebGL included.
 * Exit code 1 if they are larger than the budget.
 *
 *     node scripts/party-size.ts
 */
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build, type Rolldown } from "vite";

/** Bytes after gzip, as the issue sets them. */
export const BUDGET = 200 * 1024;

export interface PartyBundle {
  readonly files: readonly { readonly file: string; readonly bytes: number; readonly gzip: number }[];
  readonly bytes: number;
  readonly gzip: number;
  readonly budget: number;
  /** Every source file that was looked at: below the project's folder, or as the bundler names it. */
  readonly modules: readonly string[];
  /** The source files of which each file holds something. */
  readonly parts: ReadonlyMap<string, readonly string[]>;
}

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const ENTRY = join(ROOT, "packages/party/src/browser/tab.ts");

/** Builds into a folder that is thrown away, and measures. */
export async function partyBundle(): Promise<PartyBundle> {
  const folder = await mkdtemp(join(tmpdir(), "concord-party-"));
  try {
    const { modules, parts } = await buildParty(folder);
    const names = (await readdir(folder, { recursive: true })).filter((name) => /\.(js|wasm)$/.test(name)).sort();
    const files = await Promise.all(names.map((name) => measure(folder, name)));
    const total = (size: "bytes" | "gzip") => files.reduce((sum, file) => sum + file[size], 0);
    return { files, bytes: total("bytes"), gzip: total("gzip"), budget: BUDGET, modules, parts };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * Builds the library and its worker as an application's own build would, and returns what went in.
 * Vite finds the worker in `new Worker(new URL(…))`.
 */
export async function buildParty(folder: string): Promise<Pick<PartyBundle, "modules" | "parts">> {
  const modules = new Set<string>();
  const parts = new Map<string, readonly string[]>();
  const noteModules: Rolldown.Plugin = {
    name: "note-modules",
    moduleParsed: ({ id }) => {
      modules.add(nameOf(id));
    },
    generateBundle: (_, bundle) => {
      for (const file of Object.values(bundle)) {
        if (file.type === "chunk") parts.set(file.fileName, file.moduleIds.map(nameOf));
      }
    },
  };
  await build({
    root: ROOT,
    configFile: false,
    logLevel: "error",
    plugins: [noteModules],
    worker: { format: "es", plugins: () => [noteModules] },
    build: {
      outDir: folder,
      target: "es2024",
      minify: true,
      modulePreload: { polyfill: false },
      assetsInlineLimit: 0,
      rolldownOptions: {
        input: ENTRY,
        preserveEntrySignatures: "strict",
        output: { entryFileNames: "tab.js" },
      },
    },
  });
  return { modules: [...modules].sort(), parts };
}

async function measure(folder: string, file: string) {
  const content = await readFile(join(folder, file));
  return { file, bytes: content.length, gzip: gzipSync(content, { level: 9 }).length };
}

function nameOf(id: string): string {
  return id.startsWith(ROOT) ? relative(ROOT, id) : id;
}

if (import.meta.main) {
  const { modules, parts: _, ...sizes } = await partyBundle();
  console.log(JSON.stringify({ ...sizes, modules: modules.length }));
  process.exitCode = sizes.gzip > sizes.budget ? 1 : 0;
}
