import { existsSync } from "node:fs";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { RunningFederation } from "./running-federation.ts";
import { CHROMIUM, inviteFrom, isGuest, joinIn, runningFederation, until } from "./running-federation.ts";

/**
 * What a new user does, in a real browser and with the real command: start a federation, watch it, join it from a second
 * tab, see that tab's update counted, reload it, leave.
 */
describe.skipIf(!existsSync(CHROMIUM))("a federation in Chromium", () => {
  let federation: RunningFederation;
  let page: Page;
  beforeAll(async () => {
    federation = await runningFederation("handwriting", { CONCORD_DATA: "" });
    page = await federation.open(federation.address);
  });
  afterAll(() => federation?.stop());

  test("the page shows the federation live, and the token is gone from the address", async () => {
    await page.getByRole("button", { name: "Invite a party" }).waitFor();
    expect(page.url()).not.toContain("#");
    expect(await page.locator("body").textContent()).toContain("generated");
    await until(async () => (await roundsShown(page)) >= 2);
    const before = await roundsShown(page);
    await until(async () => (await roundsShown(page)) > before);
  });

  test("a second tab joins, its update is counted, it survives a reload, pauses and leaves", async () => {
    const { lines, open, counted, accepted } = federation;
    const link = await inviteFrom(page);
    expect(link).toMatch(/\/join\/federation-1#ci_[\w-]{32}$/);

    const tab = await open(link);
    const party = await joinIn(tab, federation);
    expect(tab.url()).not.toContain("ci_");
    await counted(party, 1);
    await until(async () => (await figure(tab, "Updates counted")) >= 1);

    await tab.reload();
    await tab.getByText("This tab takes part as").waitFor();
    await counted(party, accepted(party) + 2);
    expect(lines.filter(isGuest)).toHaveLength(1);

    await tab.getByRole("button", { name: "Pause" }).click();
    await until(() => lines.find((line) => isStatus(line, party, "paused")));
    await tab.getByRole("button", { name: "Resume" }).click();
    await counted(party, accepted(party) + 1);

    await tab.getByRole("button", { name: "Leave" }).click();
    await tab.getByRole("button", { name: /for good/ }).click();
    await until(() => lines.find((line) => isStatus(line, party, "left")));
    const round = Number(lines.findLast(({ type }) => type === "round.finished")?.round);
    await until(() => lines.some(({ type, round: n }) => type === "round.finished" && Number(n) > round + 1));

    const used = await open(link);
    await until(async () => /used|expired|no longer/i.test((await used.locator("body").textContent()) ?? ""));
    await used.close();
    await tab.close();
  });

  test("nothing is wider than a phone, and nothing broke the content security policy", async () => {
    await page.setViewportSize({ width: 360, height: 740 });
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(360);
    expect(federation.complaints).toEqual([]);
  });
});

function isStatus({ type, party, status }: Readonly<Record<string, unknown>>, of: unknown, wanted: string): boolean {
  return type === "party.status" && party === of && status === wanted;
}

/** Rounds that the page says have ended. */
async function roundsShown(page: Page): Promise<number> {
  const text = (await page.locator("body").textContent()) ?? "";
  return Number(/round\s+(\d[\d,]*)\s+of/i.exec(text)?.[1]?.replaceAll(",", "") ?? 0);
}

/** A number that the party page shows under a name. */
async function figure(page: Page, name: string): Promise<number> {
  const text = await page.locator("dt", { hasText: name }).locator("xpath=following-sibling::dd[1]").textContent();
  return Number((text ?? "").replaceAll(/[^\d.]/g, ""));
}
