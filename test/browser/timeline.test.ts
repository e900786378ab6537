import { existsSync } from "node:fs";
import type { RoundView } from "@concord/protocol";
import { exchangeCount } from "@concord/protocol";
import type { Browser, Page } from "playwright-core";
import { chromium } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { DynamicFederation } from "./dynamic-federation.ts";
import { dynamicFederation, FEDERATION } from "./dynamic-federation.ts";
import { CHROMIUM, until } from "./running-federation.ts";

const NAMES = ["Aarhus", "Bergen", "Cadiz", "Delft", "Espoo"];
/** Longer than the deadline of an exchange. */
const TOO_LONG_MS = 7_000;

/** The timeline of a real DynamicFL federation, of which one fast party oversleeps an exchange of the first round. */
describe.skipIf(!existsSync(CHROMIUM))("the timeline of a round in Chromium", () => {
  let federation: DynamicFederation;
  let browser: Browser;
  let page: Page;
  beforeAll(async () => {
    let replies = 0;
    federation = await dynamicFederation({
      names: NAMES,
      algorithm: { kind: "dynamicfl", localSteps: 40, levels: ["b", "g"], p: 0.6 },
      rounds: 1_000,
      seconds: 4,
      // Some fast party: the slow ones reply once a round.
      replyAfter: () => (++replies === NAMES.length + 2 ? TOO_LONG_MS : 30),
    });
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox", "--disable-gpu"] });
    page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    await page.goto(await federation.address());
    await page.getByRole("heading", { name: "Exchanges of a round" }).waitFor();
  });
  afterAll(async () => {
    await browser?.close();
    await federation?.close();
  });

  test("shows who exchanged, the group and its divergence, as the coordinator has them", async () => {
    await until(async () => (await federation.coordinator.federation(FEDERATION)).round >= 2);
    await page.getByLabel("Round shown").selectOption("1");
    const [first] = (await federation.coordinator.rounds(FEDERATION)) as [RoundView];
    const fast = first.group?.parties ?? [];
    expect(fast.length).toBeGreaterThan(0);
    expect(first.members.some(({ missed }) => missed.length > 0)).toBe(true);

    const card = page.getByRole("region", { name: "Exchanges of a round" });
    await card
      .getByText(`Fast group: ${fast.length} of 5 parties, KL ${first.group?.divergence.toFixed(3)} nats`)
      .waitFor();
    const rows = page.getByRole("table", { name: "Exchanges of round 1" }).getByRole("row");
    const texts = (await rows.allInnerTexts()).slice(1);
    expect(texts).toHaveLength(5);
    expect(texts.map((text) => /fast$/m.test(text.split("\t")[0] ?? ""))).toEqual(texts.map((_, i) => i < fast.length));
    for (const { party, exchanges, missed } of first.members) {
      const total = exchangeCount(exchanges);
      expect(total).toBe(fast.includes(party) ? 10 : 1);
      const text = texts.find((row) => row.toLowerCase().startsWith(party)) ?? "";
      expect(text).toContain(`${total - missed.length}/${total}`);
      expect(text).toContain(`${total - missed.length} of ${total} exchanges done`);
      expect(text.includes(`${missed.length} missed`)).toBe(missed.length > 0);
    }
  });

  test("draws a lane as a handful of paths, with a mark for each exchange", async () => {
    const lane = page.locator("table.timeline svg.lane").first();
    expect(await lane.locator("path").count()).toBeLessThanOrEqual(8);
    const marks = await Promise.all(
      ["exchanged", "missed", "ahead"].map(async (kind) => {
        const path = (await lane.locator(`.lane-${kind}`).getAttribute("d")) ?? "";
        return path.split("M").length - 1;
      }),
    );
    expect(marks.reduce((sum, count) => sum + count, 0)).toBe(10);
  });

  test("follows the latest round again, and its lanes grow", async () => {
    await page.getByLabel("Round shown").selectOption("latest");
    const shown = async () => (await page.locator(".timeline-words").innerText()).split("\n")[0];
    const before = await shown();
    await until(async () => (await shown()) !== before);
    await page.getByLabel("Round before").click();
    expect(Number(await page.getByLabel("Round shown").inputValue())).toBeGreaterThan(1);
  });

  test("shows accuracy against bytes as well as against rounds", async () => {
    const card = page.getByRole("region", { name: "Accuracy by round" });
    await card.getByText("by bytes").click();
    await page
      .getByRole("region", { name: "Accuracy by bytes" })
      .getByText(/round \d+, .*iB sent/)
      .waitFor();
  });

  test("fits a narrow phone", async () => {
    await page.setViewportSize({ width: 360, height: 740 });
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(360);
    expect(await page.locator("table.timeline .lane").first().isVisible()).toBe(true);
  });
});
