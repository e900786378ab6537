import { existsSync } from "node:fs";
import type { Browser, Page } from "playwright-core";
import { chromium } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { FakeServer } from "./fake-server.ts";
import { ONCE_TOKEN, OPERATOR_KEY, startFakeServer } from "./fake-server.ts";

const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";

/** The built page in a real browser, under the policy that the coordinator sends, against a scripted federation. */
describe.skipIf(!existsSync(CHROMIUM))("the page", () => {
  let browser: Browser;
  let server: FakeServer;

  beforeAll(async () => {
    server = await startFakeServer({ rounds: 12, intervalMs: 25, skip: 30 });
    browser = await chromium.launch({
      executablePath: CHROMIUM,
      args: ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"],
    });
  });
  afterAll(async () => {
    await browser.close();
    server.close();
  });

  async function open(address: string, viewport = { width: 1280, height: 900 }): Promise<[Page, string[]]> {
    const page = await browser.newPage({ viewport });
    const complaints: string[] = [];
    page.on("pageerror", (error) => complaints.push(String(error)));
    page.on("console", (message) => {
      if (message.type() === "error" && !message.text().includes("status of 4")) complaints.push(message.text());
    });
    await page.goto(server.origin + address);
    return [page, complaints];
  }

  it("takes the token out of the address, follows the federation to its end, and survives a lost connection", async () => {
    const [page, complaints] = await open(`/#${ONCE_TOKEN}`);
    await page.getByRole("heading", { level: 1, name: "Handwritten digits" }).waitFor();
    expect(page.url()).toBe(`${server.origin}/`);
    await page.getByText("generated data", { exact: true }).waitFor();

    server.cut();
    await page.getByText("Reconnecting …").waitFor();
    await page.getByText("Live", { exact: true }).waitFor();

    await page.getByRole("heading", { name: "Result" }).waitFor({ timeout: 60_000 });
    await page.getByText("Round 12 finished", { exact: false }).waitFor();
    const parties = page.getByRole("region", { name: "Parties, scrollable" });
    expect(await parties.getByRole("rowheader", { name: /Aarhus/ }).count()).toBe(1);
    const lanes = page.getByRole("table", { name: "Exchanges of round 12" });
    expect(await lanes.getByRole("rowheader", { name: /Aarhus/ }).count()).toBe(1);
    expect(await lanes.getByText("1 of 1 exchanges done").count()).toBe(8);
    expect(await page.title()).toBe("Handwritten digits (finished) · Concord");
    // Every event once, whatever was sent again after the cut.
    expect(await page.getByText("Round 12 finished", { exact: false }).count()).toBe(1);
    expect(complaints).toEqual([]);

    await page.reload();
    await page.getByRole("heading", { name: "Result" }).waitFor();
  });

  it("asks whoever has no key for one, and takes a pasted one", async () => {
    const [page] = await open("/");
    await page.getByRole("heading", { name: "This page needs a key" }).waitFor();
    await page.getByLabel("Or paste a key").fill("nonsense");
    await page.getByRole("button", { name: "Open" }).click();
    await page.getByRole("alert").waitFor();
    await page.getByLabel("Or paste a key").fill(OPERATOR_KEY);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { level: 1, name: "Handwritten digits" }).waitFor();
  });

  it("says that a one-time address has been used", async () => {
    const [page] = await open(`/#${ONCE_TOKEN}`);
    await page.getByText("This address has been used already", { exact: false }).waitFor();
  });

  it("fits a narrow phone without scrolling sideways", async () => {
    const [page, complaints] = await open("/", { width: 360, height: 740 });
    await page.getByLabel("Or paste a key").fill(OPERATOR_KEY);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Rounds" }).waitFor();
    const sideways = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth");
    expect(sideways).toBe(0);
    expect(complaints).toEqual([]);
  });

  it("tells a damaged invite from none", async () => {
    const [damaged] = await open("/join/digits#ci_cut");
    await damaged.getByRole("heading", { name: "The invite link is damaged" }).waitFor();
    const [missing] = await open("/join/digits");
    await missing.getByRole("heading", { name: "This address is not an invite" }).waitFor();
  });
});
