import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Browser } from "playwright-core";
import { chromium } from "playwright-core";
import { createServer, type ViteDevServer } from "vite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { nativeEngine, webRuntimeFolder } from "../src/index.node.ts";
import { exportStep } from "../src/index.programs.ts";
import type { ArrayTree, NDArray, StepDefinition, Tensor } from "../src/index.ts";
import {
  conv2d,
  flatten,
  float32,
  key,
  matmul,
  maxPool2d,
  mean,
  relu,
  rng,
  sizeOf,
  square,
  valueAndGrad,
} from "../src/index.ts";
import type { Order } from "./web/page.ts";

const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
const ROOT = fileURLToPath(new URL("./web", import.meta.url));
const REPOSITORY = fileURLToPath(new URL("../../..", import.meta.url));

/** A convolution, a pooling and a product, trained by gradient descent. */
const STEP: StepDefinition = {
  name: "a small network",
  carry: {
    parameters: { kernel: { dtype: "float32", shape: [3, 2, 3, 3] }, w: { dtype: "float32", shape: [48, 5] } },
  },
  input: { x: { dtype: "float32", shape: [2, 2, 8, 8] } },
  apply(carry, input) {
    const objective = (p: ArrayTree) => {
      const image = maxPool2d(relu(conv2d(input.x as NDArray, p.kernel as NDArray, "same")), 2);
      return { loss: mean(square(matmul(image.reshape([2, 48]), p.w as NDArray).sub(1))), aux: {} };
    };
    const before = carry.parameters as ArrayTree;
    const { loss, gradient } = valueAndGrad(objective)(before);
    const moved = (name: string) => (before[name] as NDArray).sub((gradient[name] as NDArray).mul(0.05));
    return { carry: { parameters: { kernel: moved("kernel"), w: moved("w") } }, output: { loss } };
  },
};

describe.skipIf(!existsSync(CHROMIUM))("a program in Chromium", () => {
  let server: ViteDevServer;
  let browser: Browser;

  beforeAll(async () => {
    server = await createServer({
      configFile: false,
      root: ROOT,
      logLevel: "error",
      cacheDir: join(REPOSITORY, ".cache/vite-engine-test"),
      server: { port: 0, host: "127.0.0.1", fs: { allow: [REPOSITORY] } },
      optimizeDeps: { include: ["@jax-js/jax"] },
    });
    await server.listen();
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
  });

  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  it("gives the numbers of Node, from the same bytes, and fetches nothing from elsewhere", async () => {
    const native = await nativeEngine();
    const { bytes, hash } = await exportStep(STEP);
    const parameters = { kernel: normal([3, 2, 3, 3], 1), w: normal([48, 5], 2) };
    const inputs = [normal([2, 2, 8, 8], 3), normal([2, 2, 8, 8], 4)].map((x) => ({ x }));
    const home = await (await native.compileStep(STEP)).run({ parameters }, inputs);

    const page = await browser.newPage();
    const origin = server.resolvedUrls?.local[0] ?? "";
    const foreign: string[] = [];
    page.on("request", (request) => {
      if (!request.url().startsWith(origin) && !request.url().startsWith("blob:")) foreign.push(request.url());
    });
    await page.goto(origin);
    await page.waitForFunction(() => "train" in globalThis);
    const order: Order = {
      bytes: [...bytes],
      hash,
      assets: `${origin}@fs${webRuntimeFolder()}/`,
      carry: flatten({ parameters } as ArrayTreeOfTensors).map(
        ([path, leaf]) => [path, leaf.shape, [...leaf.data]] as const,
      ),
      inputs: inputs.map(({ x }) => [["x", x.dtype, x.shape, [...x.data]] as const]),
    };
    const away = await page.evaluate(
      (given) => (globalThis as unknown as { train(order: unknown): Promise<Record<string, number[]>> }).train(given),
      order,
    );
    for (const [path, leaf] of flatten(home.carry)) {
      for (const [i, value] of leaf.data.entries()) expect(away[path]?.[i]).toBeCloseTo(value, 5);
    }
    expect(foreign).toEqual([]);
  });
});

type ArrayTreeOfTensors = { readonly parameters: Readonly<Record<string, Tensor>> };

function normal(shape: readonly number[], seed: number): Tensor {
  const random = rng(key(seed));
  return float32(
    shape,
    Float32Array.from({ length: sizeOf(shape) }, () => 0.5 * random.normal()),
  );
}
