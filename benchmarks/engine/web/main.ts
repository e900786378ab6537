/**
 * Times training steps in Chromium, without WebGPU: jax-js on WebAssembly and the same program on onnxruntime-web, in turns.
 * The rule by which a tab chooses (`gainsOnWeb`) rests on its results.
 *
 *     node benchmarks/engine/web/main.ts [--rounds 9] [--out benchmarks/engine/results/web] [workload …]
 *
 * `CHROMIUM` names another binary than /usr/bin/chromium.
 */
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { availableParallelism, cpus, loadavg, tmpdir } from "node:os";
import { basename, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { WEB_RUNTIME } from "@concord/engine";
import { webRuntimeFolder } from "@concord/engine/node";
import { chromium } from "playwright-core";
import { build } from "vite";
import { median, medianInterval } from "../statistics.ts";
import type { Bench, Times } from "./page.ts";

const { values, positionals } = parseArgs({
  options: {
    rounds: { type: "string", default: "9" },
    out: { type: "string", default: "benchmarks/engine/results/web" },
  },
  allowPositionals: true,
});
const rounds = Number(values.rounds);

const folder = await mkdtemp(join(tmpdir(), "concord-web-bench-"));
await build({
  configFile: false,
  logLevel: "error",
  build: {
    outDir: folder,
    target: "es2024",
    lib: { entry: fileURLToPath(new URL("page.ts", import.meta.url)), formats: ["es"], fileName: "page" },
  },
});
const server = createServer((request, response) => {
  const name = basename(request.url ?? "/");
  const inRuntime = request.url?.startsWith(WEB_RUNTIME.path) && name in WEB_RUNTIME.files;
  if (request.url === "/") {
    response.setHeader("content-type", "text/html").end('<script type="module" src="/page.js"></script>');
    return;
  }
  readFile(join(inRuntime ? webRuntimeFolder() : folder, name)).then(
    (bytes) => response.setHeader("content-type", TYPES[extname(name)] ?? "text/plain").end(bytes),
    () => response.writeHead(404).end(),
  );
});
const TYPES: Readonly<Record<string, string>> = {
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".wasm": "application/wasm",
};
await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu"],
});
try {
  const page = await browser.newPage();
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await page.goto(`${origin}/`);
  await page.waitForFunction(() => "bench" in globalThis);
  const assets = `${origin}${WEB_RUNTIME.path}`;
  const load = await page.evaluate((at) => (globalThis as unknown as InPage).bench.start(at), assets);
  const all = await page.evaluate(() => (globalThis as unknown as InPage).bench.names());
  const results = [];
  for (const name of all.filter((one) => positionals.length === 0 || positionals.includes(one))) {
    const times = await page.evaluate(
      (order) => (globalThis as unknown as InPage).bench.time(order.name, order.rounds),
      { name, rounds },
    );
    const result = summary(times);
    results.push(result);
    const { work, portable, web, gain } = result;
    console.log(
      `${name.padEnd(40)} ${(work / 1e6).toFixed(1).padStart(8)} Mflop  jax-js ${portable.toFixed(2).padStart(8)}  web ${web.toFixed(2).padStart(8)} ms` +
        `  gain ${gain.median.toFixed(2)} [${gain.interval.map((end) => end.toFixed(2)).join(", ")}]`,
    );
  }
  const machine = { processor: cpus()[0]?.model, cores: availableParallelism(), load: loadavg()[0] };
  const report = {
    date: new Date().toISOString().slice(0, 10),
    machine: { ...machine, browser: `Chromium ${browser.version()}` },
    runtime: `onnxruntime-web ${WEB_RUNTIME.version}`,
    rounds,
    /** Milliseconds to fetch the runtime from this machine and to compile it. */
    load,
    results,
  };
  await mkdir(values.out, { recursive: true });
  await writeFile(join(values.out, "results.json"), `${JSON.stringify(report, null, 2)}\n`);
} finally {
  await browser.close();
  server.close();
  await rm(folder, { recursive: true });
}

function summary({ portable, web, ...rest }: Times) {
  // Within a round both were timed one after the other, under about the same load.
  const gains = portable.map((ms, i) => ms / (web[i] ?? Number.NaN));
  return {
    ...rest,
    portable: median(portable),
    web: median(web),
    gain: { median: median(gains), interval: medianInterval(gains) },
  };
}

interface InPage {
  readonly bench: Bench;
}
