import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Coordinator, memoryBlobs, memoryStore, startCoordinator } from "@concord/coordinator";
import { federationSpecSchema } from "@concord/federation";
import { type Browser, chromium } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildParty } from "../../scripts/party-size.ts";
import { CHROMIUM, until } from "./running-federation.ts";

/** A federation whose task gains from ONNX Runtime: the real coordinator, its policy, and its own copy of the runtime. */
const SPEC = federationSpecSchema.parse({
  name: "digits by convolution",
  dataset: "generated handwriting",
  task: {
    model: { kind: "lenet" },
    inputShape: [28, 28, 1],
    outputs: 10,
    loss: "cross-entropy",
    optimizer: { kind: "sgd" },
    learningRate: 0.1,
    batchSize: 8,
  },
  algorithm: { kind: "fedavg", localSteps: 2 },
  rounds: 2,
  seed: 3,
});

describe.skipIf(!existsSync(CHROMIUM))("a tab that trains convolutions", () => {
  let folder: string;
  let coordinator: Coordinator;
  let browser: Browser;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "concord-runtime-"));
    await buildParty(folder);
    await writeFile(join(folder, "index.html"), '<!doctype html><title>a party</title><link rel="icon" href="data:,">');
    coordinator = await startCoordinator({
      store: memoryStore(),
      blobs: memoryBlobs(),
      port: 0,
      pageDir: folder,
    });
    await coordinator.createFederation("digits", SPEC);
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
  });
  afterAll(async () => {
    await browser?.close();
    await coordinator?.close();
    await rm(folder, { recursive: true, force: true });
  });

  test("gets the runtime from the coordinator, under its content security policy, and from nowhere else", async () => {
    const { url } = await coordinator.createInvite("digits", { party: "ada" });
    const page = await browser.newPage();
    const messages: string[] = [];
    const asked: string[] = [];
    page.on("console", (message) => messages.push(message.text()));
    page.on("pageerror", (error) => messages.push(String(error)));
    page.on("request", (request) => asked.push(request.url()));
    await page.goto(coordinator.url);
    await page.evaluate(`import("/tab.js").then(({ openTabParty }) => {
      window.party = openTabParty({ invite: ${JSON.stringify(url)}, shareLabels: false });
    })`);
    // The policy forbids waitForFunction, which evaluates text in the page.
    const status = await until(async () => {
      const now = (await page.evaluate("party.status")) as { readonly kind: string };
      return /finished|failed/.test(now.kind) ? now : undefined;
    });
    expect(status).toMatchObject({ kind: "finished", updates: SPEC.rounds });
    expect(await page.evaluate("party.member.engine")).toContain("ONNX Runtime");
    expect(messages).toEqual([]);
    expect(asked.filter((address) => !address.startsWith(coordinator.url))).toEqual([]);
  });
});
