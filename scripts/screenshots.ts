/**
 * Makes the pictures of the documentation from real federations: starts coordinators and parties, lets a browser watch
 * them and join, and writes docs/images/*.png.
 *
 *     node scripts/screenshots.ts [--rounds 30] [--only federation|palettes|timeline]
 *
 * Needs a Chromium: CHROMIUM, or /usr/bin/chromium.
 */
import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { ensurePage } from "@concord/dashboard/node";
import type { Browser, Page } from "playwright-core";
import { chromium } from "playwright-core";
import { chosen, optionsOf } from "../experiments/command-line.ts";

const IMAGES = fileURLToPath(new URL("../docs/images", import.meta.url));
const CONCORD = fileURLToPath(new URL("../packages/cli/bin/concord.js", import.meta.url));
const DYNAMICFL = fileURLToPath(new URL("../experiments/serve/dynamicfl.yaml", import.meta.url));
const OPERATOR = /http:\S+#c1_\S+/g;
const INVITE = /http:\S+#ci_\S+/g;
const DESKTOP = { width: 1280, height: 960 };
const PHONE = { width: 390, height: 844 };
/** Rounds to wait for, so that there is a curve to see. */
const ROUNDS_SEEN = 14;

/** Who joins the federation whose rounds are shown as timelines. */
const CITIES = ["Aarhus", "Bergen", "Cádiz", "Delft", "Espoo", "Faro", "Ghent", "Hull"];

const values = optionsOf({ rounds: { type: "string", default: "30" }, only: { type: "string" } });
const wanted = chosen("only", values.only, ["federation", "palettes", "timeline"], (part) => part);
await mkdir(IMAGES, { recursive: true });
// Built beforehand: otherwise the federation might be over when the page is there.
await ensurePage();
const folder = await mkdtemp(join(tmpdir(), "concord-screenshots-"));
const processes: ChildProcess[] = [];
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"],
});
try {
  if (wanted("federation") || wanted("palettes")) {
    const [address = ""] = await printed(
      startConcord("start", "--rounds", values.rounds, "--no-open", "--port", "0"),
      OPERATOR,
    );
    if (wanted("federation")) await takeFederation(browser, address);
    if (wanted("palettes")) await takePalettes(browser, new URL("/palettes", address).href);
    await stopAll();
  }
  if (wanted("timeline")) await takeTimeline(browser);
} finally {
  await browser.close();
  await stopAll();
  await rm(folder, { recursive: true, force: true });
}

async function takeFederation(browser: Browser, address: string): Promise<void> {
  const page = await open(browser, address, "light");
  await page.getByRole("button", { name: "Invite a party" }).click();
  const link = page.getByLabel("Invite link");
  await until(async () => (await link.inputValue()) !== "");
  const tab = await open(browser, await link.inputValue(), "light");
  await page.keyboard.press("Escape");
  await tab.getByRole("button", { name: "Join" }).waitFor();
  await save(tab, "join.png", DESKTOP.width, 1_000);
  await tab.getByLabel("Name (optional)").fill("Kitchen laptop");
  await tab.getByLabel("Also show how many").check();
  await tab.getByRole("button", { name: "Join" }).click();

  const round = page.locator(".heading-progress strong");
  await until(async () => Number(await round.textContent()) >= ROUNDS_SEEN);
  await save(page, "federation-light.png", DESKTOP.width, DESKTOP.height);
  await page.emulateMedia({ colorScheme: "dark" });
  await save(page, "federation-dark.png", DESKTOP.width, DESKTOP.height);
  await page.emulateMedia({ colorScheme: "light" });
  await save(page, "federation-phone.png", PHONE.width, PHONE.height);
}

/** The page of palettes with its own example: a level raised, and an earlier one kept beside it. */
async function takePalettes(browser: Browser, address: string): Promise<void> {
  const page = await open(browser, address, "light");
  await page.getByRole("button", { name: "Try the example" }).click();
  const helpful = page.getByLabel("helpful: level");
  await helpful.fill("0.7");
  await page.locator("[data-figure=delivered]", { hasText: "0.7" }).waitFor();
  await page.getByRole("button", { name: "Keep as palette A" }).click();
  await helpful.fill("1");
  await page.getByRole("rowheader", { name: /^helpful \+/ }).waitFor();
  await until(async () => (await page.getByText("Reaches").count()) === 3);
  await until(async () => (await page.locator("[data-stale]").count()) === 0);
  await save(page, "palettes-light.png", DESKTOP.width, DESKTOP.height);
  await page.emulateMedia({ colorScheme: "dark" });
  await save(page, "palettes-dark.png", DESKTOP.width, DESKTOP.height);
  await page.emulateMedia({ colorScheme: "light" });
  await page.setViewportSize(PHONE);
  await page.getByLabel("helpful: least average").evaluate((slider) => slider.scrollIntoView({ block: "center" }));
  await save(page, "palettes-phone.png", PHONE.width, PHONE.height);
}

/** A federation of DynamicFL over HTTP, each party with two digits of its own. */
async function takeTimeline(browser: Browser): Promise<void> {
  const serve = startConcord("serve", DYNAMICFL, "--invites", `${CITIES.length}`, "--port", "0");
  const [[address = ""], invites] = await Promise.all([
    printed(serve, OPERATOR),
    printed(serve, INVITE, CITIES.length),
  ]);
  for (const [i, city] of CITIES.entries()) {
    const data = ["--dataset", "handwriting", "--shard", `${i + 1}/${CITIES.length}`, "--partition", "classes:2"];
    startConcord("join", invites[i] ?? "", ...data, "--share-labels", "--name", city, "--dir", join(folder, city));
  }
  const page = await open(browser, address, "light");
  const round = page.locator(".heading-progress strong");
  await until(async () => Number(await round.textContent()) >= ROUNDS_SEEN);
  const card = page.getByRole("region", { name: "Exchanges of a round" });
  // In the middle of a round.
  await until(async () => /after step (80|96|112|128) /.test(await card.innerText()));
  await card.screenshot({ path: join(IMAGES, "timeline.png") });
  console.log("docs/images/timeline.png");
}

async function open(browser: Browser, address: string, colorScheme: "light" | "dark"): Promise<Page> {
  const context = await browser.newContext({ viewport: DESKTOP, deviceScaleFactor: 1.5, colorScheme });
  const page = await context.newPage();
  // Right after the start the address may say that the page is still being built. The way leads over an empty page each
  // time: to go where one is already is no request.
  await until(async () => {
    await page.goto("about:blank");
    return (await page.goto(address))?.ok() ?? false;
  });
  await page.getByRole("heading", { level: 1 }).waitFor();
  return page;
}

/** Waits until something is true, three minutes at most. */
async function until(isTrue: () => Promise<boolean>): Promise<void> {
  const patience = AbortSignal.timeout(180_000);
  while (!(await isTrue())) {
    patience.throwIfAborted();
    await setTimeout(250);
  }
}

async function save(page: Page, name: string, width: number, height: number): Promise<void> {
  await page.setViewportSize({ width, height });
  await page.mouse.move(0, 0);
  // Charts follow their box on the next frames.
  await page.waitForTimeout(400);
  await page.screenshot({ path: join(IMAGES, name) });
  console.log(`docs/images/${name}`);
}

function startConcord(...args: readonly string[]): ChildProcess {
  const child = spawn(process.execPath, [CONCORD, ...args], { cwd: folder, stdio: ["ignore", "pipe", "inherit"] });
  processes.push(child);
  return child;
}

/** What a command prints of a pattern, once it is so often there. */
function printed({ stdout }: ChildProcess, pattern: RegExp, count = 1): Promise<readonly string[]> {
  return new Promise((resolve, reject) => {
    let text = "";
    stdout?.on("data", (chunk: Buffer) => {
      text += chunk;
      const found = text.match(pattern) ?? [];
      // The last one may have come in part.
      if (found.length >= count && text.endsWith("\n")) resolve(found);
    });
    stdout?.once("end", () => reject(new Error(`the command ended before ${pattern} was printed:\n${text}`)));
  });
}

async function stopAll(): Promise<void> {
  const running = processes.splice(0).filter(({ exitCode }) => exitCode === null);
  await Promise.all(
    running.map((child) => child.kill("SIGINT") && new Promise((resolve) => child.once("exit", resolve))),
  );
}
