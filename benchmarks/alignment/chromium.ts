/**
 * Times a palette of 2,312 × 6 in Chromium: the package as a bundler puts it into a page, on the released rewards.
 *
 *     CONCORD_DATA=… node benchmarks/alignment/chromium.ts
 *
 * `CHROMIUM` names another binary than /usr/bin/chromium.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { build } from "vite";

const csv = readFileSync(join(process.env.CONCORD_DATA ?? "", "map-reward-vectors", "rewards_opt1.3b.csv"), "utf8");
const bundle = await build({
  configFile: false,
  logLevel: "error",
  build: {
    write: false,
    target: "es2024",
    lib: { entry: fileURLToPath(new URL("page.ts", import.meta.url)), formats: ["iife"], name: "alignment" },
  },
});
const [output] = Array.isArray(bundle) ? bundle : [bundle];
if (output === undefined || !("output" in output)) throw new Error("the bundler gave no output");
const { code } = output.output[0];

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu"],
});
try {
  const page = await browser.newPage();
  await page.addScriptTag({ content: code });
  for (const q of [50, 60, 70, 80]) {
    const hhh = ["humor", "gpt2-helpful", "gpt2-harmless"].map((value) => `${value}=q${q}`);
    const rest = ["diversity", "coherence", "perplexity"].map((value) => `${value}=mean`);
    const found = await page.evaluate(
      ({ text, palette }) => (globalThis as unknown as InPage).timeInPage(text, palette, 31),
      { text: csv, palette: [...hhh, ...rest].join(",") },
    );
    console.log(`HHH-${q}: solve ${found.solve.toFixed(2)} ms, linear program ${found.lp.toFixed(2)} ms (median)`);
  }
  console.log(`${browser.version()}, ${(code.length / 1024).toFixed(0)} KiB of script`);
} finally {
  await browser.close();
}

interface InPage {
  timeInPage(csv: string, palette: string, runs: number): { readonly solve: number; readonly lp: number };
}
