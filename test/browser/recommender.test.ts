import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Coordinator, memoryBlobs, memoryStore, startCoordinator } from "@concord/coordinator";
import { ensurePage } from "@concord/dashboard/node";
import { key, portableEngine } from "@concord/engine";
import { federationSpecSchema } from "@concord/federation";
import { generatedFilms, splitRatings, taskDefaults } from "@concord/learning";
import { openParty } from "@concord/party/node";
import type { Catalogue } from "@concord/protocol";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CHROMIUM, until } from "./running-federation.ts";

/** What a visitor of a recommender's page does, in a real browser; every byte that comes in at the coordinator is read. */

const { ratings, genres } = generatedFilms({ key: key("page"), films: 80, users: 40 });
const catalogue: Catalogue = {
  name: ratings.name,
  generated: true,
  scale: ratings.scale,
  items: ratings.itemIds.map((id, n) => ({
    id,
    title: ratings.itemNames?.[n] ?? id,
    genres: [...(genres[n] ?? [])],
    popularity: 1000 - n,
  })),
};
const spec = federationSpecSchema.parse({
  name: "Generated films",
  dataset: ratings.name,
  task: {
    ...taskDefaults(ratings),
    model: { kind: "autoencoder", hidden: 16, code: 8 },
    optimizer: { kind: "sgd" },
    learningRate: 0.3,
    clipNorm: 1,
    batchSize: 10,
  },
  algorithm: {
    kind: "personalfr",
    localSteps: 4,
    encoder: "vector",
    privateOptimizer: { kind: "adam", learningRate: 0.05 },
    userBias: 5,
    decoderMomentum: "fresh",
    merge: "active",
  },
  rounds: 100_000,
  seed: 1,
  minimumParties: 2,
  quorum: 0.5,
  exchangeDeadline: 5,
  leaseSeconds: 5,
  evaluation: { every: 1000 },
});
const titleOf = (column: number) => catalogue.items[column]?.title ?? "";

describe.skipIf(!existsSync(CHROMIUM))("the recommender's page in Chromium", () => {
  const heard: Buffer[] = [];
  const complaints: string[] = [];
  const listen = (message: unknown) => {
    (message as { socket: Socket }).socket.on("data", (bytes: Buffer) => heard.push(bytes));
  };
  const stopping = new AbortController();
  let folder: string;
  let coordinator: Coordinator;
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    subscribe("net.server.socket", listen);
    folder = await mkdtemp(join(tmpdir(), "concord-page-"));
    const pageDir = await ensurePage();
    coordinator = await startCoordinator({
      store: memoryStore(),
      blobs: memoryBlobs(),
      port: 0,
      pageDir,
      catalogue: async () => catalogue,
    });
    await coordinator.createFederation("films", spec);
    const parts = splitRatings(ratings, { kind: "per-user", test: 0.1, validation: 0 }, key(1));
    await openParty({
      dir: folder,
      invite: (await coordinator.createInvite("films", { party: "others" })).url,
      data: { train: parts.train, heldOut: parts.test },
      engine: await portableEngine(),
      signal: stopping.signal,
    });
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox", "--disable-quic"] });
    page = await (await browser.newContext({ viewport: { width: 1280, height: 900 } })).newPage();
    page.on("pageerror", (error) => complaints.push(String(error)));
    page.on("console", (message) => {
      if (/content security policy/i.test(message.text())) complaints.push(message.text());
    });
    const link = (await coordinator.createInvite("films", { uses: 5 })).url;
    // The link of any invite leads on to the page of the recommender.
    await page.goto(link);
    await page.getByRole("heading", { name: "Your top 10" }).waitFor();
  }, 400_000);
  afterAll(async () => {
    unsubscribe("net.server.socket", listen);
    stopping.abort();
    await browser?.close();
    await coordinator?.close();
    await rm(folder, { recursive: true, force: true });
  });

  test("rates films and sees a top 10 of others, for which nothing is sent", async () => {
    expect(page.url()).not.toContain("#");
    expect(await page.locator("body").textContent()).toContain("generated data");
    expect(await topTen()).toEqual(catalogue.items.slice(0, 10).map(({ title }) => title));
    await rate(0, 5);
    await rate(2, 1);
    await page.getByRole("searchbox", { name: "Search films" }).fill(titleOf(50));
    await rate(50, 4);
    await page.getByText("from 3 ratings").waitFor();
    const top = await topTen();
    expect(top).toHaveLength(10);
    for (const column of [0, 2, 50]) expect(top).not.toContain(titleOf(column));
    expect((await coordinator.parties("films")).map(({ id }) => id)).toEqual(["others"]);
    expect(await panel()).toEqual({ payload: 0, index: 0 });
  });

  test("takes part: the panel shows what the coordinator has metered, and no private number is on the wire", async () => {
    await page.getByRole("button", { name: "Take part" }).click();
    await until(async () => (await guests()).some(({ updates }) => updates >= 2));
    await page.getByRole("button", { name: "Pause" }).click();
    await until(async () => (await visitor())?.status === "paused");
    const { train } = await visitor();
    await until(async () => (await panel()).payload === train.payloadUp);
    expect(await panel()).toEqual({ payload: train.payloadUp, index: train.indexUp });
    expect(train.indexUp).toBeGreaterThan(0);
    expect(await page.locator(".sent-list").textContent()).toContain(titleOf(50));

    const wire = Buffer.concat(heard).toString("latin1");
    const secret = Buffer.from(await keptCodes(page)).toString("latin1");
    expect(secret).toHaveLength(4 * 8);
    const windows = Array.from({ length: 4 }, (_, i) => secret.slice(8 * i, 8 * i + 8));
    expect(windows.filter((window) => wire.includes(window))).toEqual([]);
    expect(wire).toContain("items.weight");
    expect(wire).not.toMatch(/codes|Optimizer|biases|"ratings"|"value"/);
  });

  test("a reload keeps ratings and party", async () => {
    await page.reload();
    await page.getByText("from 3 ratings").waitFor();
    expect(await page.getByRole("button", { name: "Resume" }).isVisible()).toBe(true);
    await page.getByRole("button", { name: "Resume" }).click();
    const before = (await visitor()).updates;
    await until(async () => (await visitor()).updates > before);
    expect(await coordinator.parties("films")).toHaveLength(2);
  });

  test("is no wider than a phone", async () => {
    await page.setViewportSize({ width: 360, height: 740 });
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(360);
    await page.setViewportSize({ width: 1280, height: 900 });
    expect(complaints).toEqual([]);
  });

  test("exports a copy", async () => {
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: "Export a copy" }).click(),
    ]);
    const copy = JSON.parse(await readFile(await download.path(), "utf8"));
    expect(copy.ratings.map(({ title }: { title: string }) => title)).toEqual([0, 2, 50].map(titleOf));
    expect(copy.privateState).not.toBeNull();
  });

  test("imports a copy, and says what is wrong with one that does not fit", async () => {
    const copy = (value: number) => {
      const rated = { item: "8", title: titleOf(7), value, time: 1 };
      const kind = { kind: "concord recommender", version: 1, catalogue: ratings.name };
      return Buffer.from(JSON.stringify({ ...kind, ratings: [rated], privateState: null }));
    };
    const give = (buffer: Buffer) =>
      page.locator("input[type=file]").setInputFiles({ name: "copy.json", mimeType: "application/json", buffer });
    await give(copy(6));
    await page.getByText("a rating of 6 is off the scale").waitFor();
    await page.getByText("from 3 ratings").waitFor();
    await give(copy(5));
    await page.getByText("from 1 rating").waitFor();
    expect(await topTen()).not.toContain(titleOf(7));
  });

  test("where the federation learns likes there are thumbs, and a probability beside what is recommended", async () => {
    await coordinator.createFederation("likes", { ...spec, task: { ...spec.task, loss: "bce" } });
    const visitor = await (await browser.newContext({ viewport: { width: 390, height: 844 } })).newPage();
    visitor.on("pageerror", (error) => complaints.push(String(error)));
    await visitor.goto((await coordinator.createInvite("likes")).url);
    const thumb = (column: number, name: string) =>
      visitor
        .getByRole("radiogroup", { name: `Do you like ${titleOf(column)}?` })
        .getByRole("radio", { name, exact: true });
    for (const [column, says] of [[0, "I like it"] as const, [1, "I do not like it"] as const]) {
      await thumb(column, says).dispatchEvent("click");
      await until(() => thumb(column, says).isChecked());
    }
    await visitor.getByText("likely to be liked").first().waitFor();
    const scores = await visitor.locator(".top-score").allTextContents();
    expect(scores).toHaveLength(10);
    for (const score of scores) expect(score).toMatch(/^\d{1,3} % likely to be liked$/);
    expect(complaints).toEqual([]);
    await visitor.context().close();
  });

  test("a second tab recommends too, but only one takes part", async () => {
    const tab = await page.context().newPage();
    await tab.goto(page.url());
    await tab.getByText("Another tab takes part").waitFor();
    expect(await tab.locator(".top-list li").count()).toBe(10);
    await tab.close();
    expect(await guests()).toHaveLength(1);
  });

  test("opens and recommends without the coordinator", async () => {
    stopping.abort();
    await coordinator.close();
    await page.reload();
    await page.getByText("from 1 rating").waitFor();
    await rate(1, 5);
    await page.getByText("from 2 ratings").waitFor();
    expect(await topTen()).not.toContain(titleOf(1));
  });

  test("delete removes everything", async () => {
    await page.getByRole("button", { name: "Delete everything" }).click();
    await page.getByRole("button", { name: "Really delete everything?" }).click();
    await page.getByRole("heading", { name: "Deleted" }).waitFor();
    expect(await page.evaluate(KEPT_NAMES)).toEqual([]);
  });

  async function rate(column: number, stars: number): Promise<void> {
    const group = page.getByRole("radiogroup", { name: `Your rating of ${titleOf(column)}`, exact: true });
    await group
      .locator("label")
      .nth(stars - 1)
      .click();
  }

  function topTen(): Promise<string[]> {
    return page
      .locator(".top-list .film-title")
      .evaluateAll((films) => films.map((film) => film.firstChild?.textContent ?? ""));
  }

  /** Bytes of the updates as the page shows them. */
  async function panel(): Promise<{ readonly payload: number; readonly index: number }> {
    const [payload, index] = await Promise.all(
      ["data-payload", "data-index"].map((name) => page.locator("section[data-payload]").getAttribute(name)),
    );
    return { payload: Number(payload), index: Number(index) };
  }

  async function guests() {
    return (await coordinator.parties("films")).filter(({ client }) => client === "browser");
  }

  async function visitor() {
    const [found] = await guests();
    if (found === undefined) throw new Error("the visitor has not joined");
    return found;
  }
});

const DATABASE = `await new Promise((resolve) => {
  const request = indexedDB.open("concord-recommender");
  request.onsuccess = () => resolve(request.result);
})`;

/** The names of all that the browser keeps. */
const KEPT_NAMES = `(async () => {
  const database = ${DATABASE};
  return await new Promise((resolve) => {
    const request = database.transaction("kept").objectStore("kept").getAllKeys();
    request.onsuccess = () => resolve(request.result);
  });
})()`;

/** The bytes of the visitor's private vector, from the browser's database. */
async function keptCodes(page: Page): Promise<number[]> {
  return await page.evaluate(`(async () => {
    const database = ${DATABASE};
    const key = [location.origin + "/films", "states"];
    const states = await new Promise((resolve) => {
      const request = database.transaction("kept").objectStore("kept").get(key);
      request.onsuccess = () => resolve(request.result);
    });
    return [...new Uint8Array(states.at(-1).state.own.codes.data.buffer)];
  })()`);
}
