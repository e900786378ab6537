import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { BrowserContext, Page } from "playwright-core";
import { chromium } from "playwright-core";

export const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
const CONCORD = fileURLToPath(new URL("../../packages/cli/bin/concord.js", import.meta.url));
/** Without a sandbox, as a container has it, and without the browser's own talk to its maker. */
const QUIET = ["--no-sandbox", "--disable-quic", "--disable-background-networking", "--disable-component-update"];

export type Line = Readonly<Record<string, unknown>>;

/** `concord start` as a process of its own, and a browser to look at it. */
export interface RunningFederation {
  readonly context: BrowserContext;
  /** What the command has printed. */
  readonly lines: readonly Line[];
  /** Errors of the pages, and violations of their content security policy. */
  readonly complaints: readonly string[];
  /** The address with the operator's one-time token. */
  readonly address: string;
  /** Opens an address in a new tab, once the page has been built. */
  open(url: string): Promise<Page>;
  /** Waits until the coordinator has counted so many updates of a party. */
  counted(party: unknown, updates: number): Promise<void>;
  accepted(party: unknown): number;
  stop(): Promise<void>;
}

/** Starts a federation of two built-in parties with more rounds than a test needs: it must not end before the test does. */
export async function runningFederation(dataset: string, env: NodeJS.ProcessEnv): Promise<RunningFederation> {
  const folder = await mkdtemp(join(tmpdir(), "concord-browser-"));
  const conditions = ["--parties", "2", "--rounds", "2000", "--local-steps", "10", "--dataset", dataset];
  const words = ["start", "--json", "--no-open", "--port", "0", ...conditions, "--dir", join(folder, ".concord")];
  const server: ChildProcess = spawn(process.execPath, [CONCORD, ...words], {
    env: { ...process.env, ...env, CONCORD_CACHE: join(folder, "cache") },
    stdio: ["ignore", "pipe", "inherit"],
  });
  if (server.stdout === null) throw new Error("no output");
  const lines: Line[] = [];
  const complaints: string[] = [];
  createInterface(server.stdout).on("line", (line) => lines.push(JSON.parse(line) as Line));
  const started = await until(() => lines.find(({ type }) => type === "start"));
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: QUIET });
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  const accepted = (party: unknown) =>
    lines.filter(({ type, party: by }) => type === "update.accepted" && by === party).length;

  return {
    context,
    lines,
    complaints,
    address: String(started.url),
    accepted,
    async open(url) {
      const opened = await context.newPage();
      opened.on("pageerror", (error) => complaints.push(String(error)));
      opened.on("console", (message) => {
        if (/content security policy/i.test(message.text())) complaints.push(message.text());
      });
      // The page is built when somebody first looks; until then the server asks for patience.
      await until(async () => (await opened.goto(url.split("#")[0] ?? url))?.ok());
      await opened.goto("about:blank");
      await opened.goto(url);
      return opened;
    },
    async counted(party, updates) {
      await until(() => accepted(party) >= updates);
    },
    async stop() {
      await browser.close();
      server.kill("SIGKILL");
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** Has the page make an invite, and returns the link. */
export async function inviteFrom(page: Page): Promise<string> {
  await page.getByRole("button", { name: "Invite a party" }).click();
  const link = await until(async () => (await page.locator("input.invite-url").inputValue()) || undefined);
  await page.keyboard.press("Escape");
  return link;
}

/** Presses Join and waits until the tab is a party; returns the party's id. */
export async function joinIn(tab: Page, { lines }: RunningFederation): Promise<unknown> {
  const before = lines.filter(isGuest).length;
  await tab.getByRole("button", { name: /^Join/ }).click();
  await tab.getByText("This tab takes part as").waitFor();
  return (await until(() => lines.filter(isGuest)[before])).party;
}

export function isGuest({ type, client }: Line): boolean {
  return type === "party.joined" && client === "browser";
}

/** Asks again until there is an answer. */
export async function until<T>(ask: () => T | Promise<T>, seconds = 90): Promise<NonNullable<T>> {
  for (const end = performance.now() + 1000 * seconds; performance.now() < end; ) {
    const answer = await ask();
    if (answer) return answer as NonNullable<T>;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error(`nothing came in ${seconds} s: ${ask}`);
}
