import { existsSync } from "node:fs";
import { paletteFrom, rewardsFromCsv, solve } from "@concord/alignment";
import type { Browser, Page } from "playwright-core";
import { chromium } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { FakeServer } from "./fake-server.ts";
import { OPERATOR_KEY, startFakeServer } from "./fake-server.ts";
import { pilotCsv } from "./pilot-file.ts";

const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
const CSV = pilotCsv();
const { rewards } = rewardsFromCsv(CSV);

/** The page of palettes in a real browser, under the policy that the coordinator sends. No server solves anything. */
describe.skipIf(!existsSync(CHROMIUM))("the page of palettes", { timeout: 240_000 }, () => {
  let browser: Browser;
  let server: FakeServer;

  beforeAll(async () => {
    server = await startFakeServer({ rounds: 1 });
    browser = await chromium.launch({
      executablePath: CHROMIUM,
      args: ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"],
    });
  }, 240_000);
  afterAll(async () => {
    await browser?.close();
    server?.close();
  });

  async function open(width = 1280): Promise<[Page, string[]]> {
    const page = await browser.newPage({ viewport: { width, height: 900 } });
    page.setDefaultTimeout(60_000);
    const complaints: string[] = [];
    page.on("pageerror", (error) => complaints.push(String(error)));
    page.on("console", (message) => {
      if (message.type() === "error") complaints.push(message.text());
    });
    await page.goto(`${server.origin}/palettes`);
    await page.getByLabel("File with rewards").setInputFiles({
      name: "pilot.csv",
      mimeType: "text/csv",
      buffer: Buffer.from(CSV),
    });
    await page.getByRole("heading", { name: "pilot.csv" }).waitFor();
    return [page, complaints];
  }

  /** The number in a card that has reached the given text. */
  const figure = (page: Page, card: string, name: string, text: string) =>
    page.getByLabel(card, { exact: true }).locator(`[data-figure=${name}]`, { hasText: text });

  it("solves as one drags, to the numbers of the package, and takes the nearest palette", async () => {
    const [page, complaints] = await open();
    await page.getByRole("heading", { name: "Reachable" }).waitFor();
    await figure(page, "brave", "lambda", "0").waitFor();

    const slider = page.getByLabel("brave: least average");
    await slider.focus();
    for (let i = 0; i < 12; i++) await page.keyboard.press("ArrowRight");
    const levels = { brave: Number(await slider.inputValue()), calm: await levelOf(page, "calm") };
    expect(levels.calm).toBeCloseTo(
      solve(rewards, paletteFrom({ calm: "mean" }), "per-prompt").goals[0]?.level ?? 0,
      2,
    );
    const own = solve(rewards, paletteFrom({ brave: levels.brave, calm: "mean" }), "per-prompt");
    if (!own.feasible) throw new Error(own.verdict);
    await figure(page, "brave", "lambda", own.lambda.brave?.toPrecision(3) ?? "").waitFor();
    await figure(page, "calm", "lambda", own.lambda.calm?.toPrecision(3) ?? "").waitFor();
    await page.locator("[data-figure=kl]", { hasText: own.kl.toPrecision(3) }).waitFor();
    expect(await slider.getAttribute("aria-valuetext")).toMatch(/^[\d.−]+ \(q\d+\)$/);

    // The reachable part of a slider appears when all is at rest, and prices with it.
    await page.getByLabel("brave", { exact: true }).getByText("Reaches").waitFor();
    await page.getByRole("rowheader", { name: /^brave \+/ }).waitFor();

    await page.keyboard.press("End");
    await page.getByRole("heading", { name: "Not reachable" }).waitFor();
    await page.getByLabel("brave", { exact: true }).getByText("in conflict").waitFor();
    const beyond = solve(
      rewards,
      paletteFrom({ brave: Number(await slider.inputValue()), calm: "mean" }),
      "per-prompt",
    );
    if (beyond.feasible) throw new Error("the end of the slider should be out of reach");
    await page.getByRole("button", { name: "Take the nearest reachable" }).click();
    await page.getByRole("heading", { name: /Reachable|Not estimable/ }).waitFor();
    expect(await levelOf(page, "brave")).toBeCloseTo(beyond.nearest.brave ?? 0, 2);
    expect(complaints).toEqual([]);
  });

  it("keeps a palette for comparison, shows answers under both, and needs no mouse for a switch", async () => {
    const [page, complaints] = await open(360);
    await page.getByRole("heading", { name: "Reachable" }).waitFor();
    await page.getByRole("button", { name: "Keep as palette A" }).click();
    await page.getByRole("heading", { name: "A and B" }).waitFor();
    await page.getByRole("heading", { level: 4, name: "Palette A" }).first().waitFor();
    const wanted = page.getByRole("checkbox", { name: "calm" });
    await wanted.focus();
    await page.keyboard.press("Space");
    await page.getByLabel("calm", { exact: true }).getByText("free").waitFor();
    // Two hundred prompts, each its number in the text.
    expect(await page.locator(".sample-prompt").first().textContent()).toMatch(/^question \d+$/);
    const sideways = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth");
    expect(sideways).toBe(0);
    expect(complaints).toEqual([]);
  });

  it("keeps a palette on the gateway, without its texts, and opens it again with its answers", async () => {
    const [page, complaints] = await open();
    await page.getByLabel("Key of the coordinator").fill(OPERATOR_KEY);
    await page.keyboard.press("Enter");
    await page.getByLabel("brave: level").fill("0.3");
    await page.getByLabel("Name").fill("polite");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("Saved as small@polite:1").waitFor();
    const own = solve(rewards, paletteFrom({ brave: 0.3, calm: "mean" }), "per-prompt");
    const kept = server.palettes[0]?.solution;
    expect(own.feasible && kept?.feasible && kept.lambda).toEqual(own.feasible && own.lambda);

    const polite = page.getByRole("article", { name: "polite" });
    await polite.getByRole("button", { name: "Open", exact: true }).click();
    await page.getByRole("heading", { name: "small@polite:1" }).waitFor();
    expect(await levelOf(page, "brave")).toBe(0.3);
    expect(await page.getByRole("heading", { name: "Answers" }).count()).toBe(0);
    await polite.getByRole("button", { name: "Open served answers" }).click();
    await page
      .getByRole("heading", { name: /^asked \d$/ })
      .first()
      .waitFor();
    expect(complaints).toEqual([]);
  });

  it("says why a file was not opened, and goes on with the example", async () => {
    const [page] = await open();
    await page.getByLabel("File with rewards").setInputFiles({
      name: "words.csv",
      mimeType: "text/csv",
      buffer: Buffer.from("answer\nhello\n"),
    });
    await page.getByRole("alert").getByText("no column holds rewards").waitFor();
    await page.getByRole("button", { name: "Try the example" }).click();
    await page.getByText("Made up by this page").waitFor();
    await page.getByLabel("helpful: least average").waitFor();
  });
});

async function levelOf(page: Page, value: string): Promise<number> {
  return Number((await page.getByLabel(`${value}: level`).inputValue()).replace("−", "-"));
}
