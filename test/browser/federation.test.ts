import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { chromium } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

/**
 * What a new user does, in a real browser and with the real command: start a federation, watch it, join it from a second
 * tab, see that tab's update counted, reload it, leave.
 */
const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
const CONCORD = fileURLToPath(new URL("../../packages/cli/bin/concord.js", import.meta.url));
/** More rounds than the tests need: the federation must not end before they do. */
const WORDS = [
  "start",
  "--json",
  "--no-open",
  "--port",
  "0",
  "--parties",
  "2",
  "--rounds",
  "2000",
  "--local-steps",
  "10",
];

/** Without a sandbox, as a container has it, and without the browser's own talk to its maker. */
const QUIET = ["--no-sandbox", "--disable-quic", "--disable-background-networking", "--disable-component-update"];

type Line = Readonly<Record<string, unknown>>;

describe.skipIf(!existsSync(CHROMIUM))("a federation in Chromium", () => {
  let folder: string;
  let server: ChildProcess;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  const lines: Line[] = [];
  const complaints: string[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "concord-browser-"));
    server = spawn(process.execPath, [CONCORD, ...WORDS, "--dir", join(folder, ".concord")], {
      env: { ...process.env, CONCORD_DATA: "", CONCORD_CACHE: join(folder, "cache") },
      stdio: ["ignore", "pipe", "inherit"],
    });
    if (server.stdout === null) throw new Error("no output");
    createInterface(server.stdout).on("line", (line) => lines.push(JSON.parse(line) as Line));
    const started = await until(() => lines.find(({ type }) => type === "start"));
    browser = await chromium.launch({ executablePath: CHROMIUM, args: QUIET });
    context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
    page = await open(String(started.url));
  });
  afterAll(async () => {
    await browser?.close();
    server?.kill("SIGKILL");
    await rm(folder, { recursive: true, force: true });
  });

  test("the page shows the federation live, and the token is gone from the address", async () => {
    await page.getByRole("button", { name: "Invite a party" }).waitFor();
    expect(page.url()).not.toContain("#");
    expect(await page.locator("body").textContent()).toContain("generated");
    await until(async () => (await roundsShown(page)) >= 2);
    const before = await roundsShown(page);
    await until(async () => (await roundsShown(page)) > before);
  });

  test("a second tab joins, its update is counted, it survives a reload, pauses and leaves", async () => {
    await page.getByRole("button", { name: "Invite a party" }).click();
    const field = page.locator("input.invite-url");
    const link = await until(async () => (await field.inputValue()) || undefined);
    expect(link).toMatch(/\/join\/federation-1#ci_[\w-]{32}$/);
    await page.keyboard.press("Escape");

    const tab = await open(link);
    await tab.getByRole("button", { name: /^Join/ }).click();
    await tab.getByText("This tab takes part as").waitFor();
    expect(tab.url()).not.toContain("ci_");
    const joined = await until(() => lines.find(({ type, client }) => type === "party.joined" && client === "browser"));
    await counted(joined.party, 1);
    await until(async () => (await figure(tab, "Updates counted")) >= 1);

    await tab.reload();
    await tab.getByText("This tab takes part as").waitFor();
    const sofar = accepted(joined.party);
    await counted(joined.party, sofar + 2);
    expect(lines.filter(({ type, client }) => type === "party.joined" && client === "browser")).toHaveLength(1);

    await tab.getByRole("button", { name: "Pause" }).click();
    await until(() =>
      lines.find(({ type, party, status }) => type === "party.status" && party === joined.party && status === "paused"),
    );
    await tab.getByRole("button", { name: "Resume" }).click();
    await counted(joined.party, accepted(joined.party) + 1);

    await tab.getByRole("button", { name: "Leave" }).click();
    await tab.getByRole("button", { name: /for good/ }).click();
    await until(() =>
      lines.find(({ type, party, status }) => type === "party.status" && party === joined.party && status === "left"),
    );
    const round = lines.findLast(({ type }) => type === "round.finished")?.round as number;
    await until(() => lines.some(({ type, round: n }) => type === "round.finished" && (n as number) > round + 1));

    const used = await open(link);
    await until(async () => /used|expired|no longer/i.test((await used.locator("body").textContent()) ?? ""));
    await used.close();
    await tab.close();
  });

  test("nothing is wider than a phone, and nothing broke the content security policy", async () => {
    await page.setViewportSize({ width: 360, height: 740 });
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(360);
    expect(complaints).toEqual([]);
  });

  async function open(url: string): Promise<Page> {
    const opened = await context.newPage();
    opened.on("pageerror", (error) => complaints.push(String(error)));
    opened.on("console", (message) => {
      if (/content security policy/i.test(message.text())) complaints.push(message.text());
    });
    // The page is built while the federation starts; until then the server asks for patience.
    await until(async () => (await opened.goto(url.split("#")[0] ?? url))?.ok());
    await opened.goto("about:blank");
    await opened.goto(url);
    return opened;
  }

  function accepted(party: unknown): number {
    return lines.filter(({ type, party: by }) => type === "update.accepted" && by === party).length;
  }

  async function counted(party: unknown, updates: number): Promise<void> {
    await until(() => accepted(party) >= updates);
  }
});

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

/** Asks again until there is an answer. */
async function until<T>(ask: () => T | Promise<T>, seconds = 90): Promise<NonNullable<T>> {
  for (const end = performance.now() + 1000 * seconds; performance.now() < end; ) {
    const answer = await ask();
    if (answer) return answer as NonNullable<T>;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error(`nothing came in ${seconds} s: ${ask}`);
}
