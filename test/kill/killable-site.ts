import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { FederationSpec } from "@concord/federation";
import { blobId, type ConcordEvent, type FederationView, type PartyView, type RoundView } from "@concord/protocol";
import { type Moment, type ObservedLink, observedLink } from "./observed-link.ts";
import { FEDERATION, PARTIES } from "./small-federation.ts";

/** A coordinator and its parties, each a process of its own that can be killed and started again on its folder. */
export interface Site {
  /** Process ids of the parties that run. */
  pid(party: string): number | undefined;
  /** Kills with SIGKILL; resolves when the process is gone. */
  kill(victim: Victim): Promise<void>;
  /** Starts again on the same folder. The coordinator takes any port: the links of the parties lead to it. */
  start(victim: Victim): Promise<void>;
  /** Moves the time of the coordinator on. */
  advance(seconds: number): void;
  /** Resolves when all parties that run have ended by themselves; rejects if one has failed. */
  finished(): Promise<void>;
  /** Live events, called back as they happen; those that happen while no coordinator runs are none. */
  onEvent(listener: (event: ConcordEvent) => void): void;
  events(): Promise<ConcordEvent[]>;
  parties(): Promise<PartyView[]>;
  federation(): Promise<FederationView>;
  rounds(): Promise<RoundView[]>;
  accuracy(): Promise<number | null>;
  /** SHA-256 of the model that is served. */
  model(): Promise<string>;
  close(): Promise<void>;
}

/** The name of a party, or the coordinator. */
export type Victim = string;
export const COORDINATOR = "the coordinator";

const SCRIPTS = {
  coordinator: fileURLToPath(new URL("./coordinator.process.ts", import.meta.url)),
  party: fileURLToPath(new URL("./party.process.ts", import.meta.url)),
};
/** Many processes run the same files: what Node has compiled once is read from here. */
const COMPILE_CACHE = fileURLToPath(new URL("../../.cache/compile", import.meta.url));

/** Starts a coordinator and its parties; `observe` is called at every moment on the link of a party. */
export async function openSite(
  spec: FederationSpec,
  observe: (party: string, moment: Moment) => Promise<void> = async () => {},
): Promise<Site> {
  const folder = await mkdtemp(join(tmpdir(), "concord-killed-"));
  const running = new Map<Victim, ChildProcess>();
  const links = new Map<string, ObservedLink>();
  const invites = new Map<string, string>();
  const listeners: ((event: ConcordEvent) => void)[] = [];
  const failures: string[] = [];
  let port = 0;
  let closed = false;

  function launch(victim: Victim, script: string, words: readonly string[]): ChildProcess {
    const child = spawn(process.execPath, [script, ...words], {
      stdio: ["pipe", "pipe", "pipe"],
      env: { ...process.env, NODE_COMPILE_CACHE: COMPILE_CACHE },
    });
    running.set(victim, child);
    let errors = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      errors += text;
    });
    child.once("close", (code, signal) => {
      if (running.get(victim) === child) running.delete(victim);
      if (signal !== "SIGKILL" && code !== 0) failures.push(`${victim} ended with ${code ?? signal}: ${errors}`);
    });
    return child;
  }

  async function startCoordinator(): Promise<void> {
    const child = launch(COORDINATOR, SCRIPTS.coordinator, [folder, JSON.stringify(spec)]);
    const ready = new Promise<void>((resolve) => {
      createInterface({ input: child.stdout as NodeJS.ReadableStream }).on("line", (line) => {
        const said = JSON.parse(line) as ConcordEvent | { readonly port: number };
        if ("port" in said) {
          port = said.port;
          resolve();
        } else {
          for (const listener of listeners) listener(said);
        }
      });
    });
    // One that is killed while it starts is not waited for.
    await Promise.race([ready, once(child, "close")]);
  }

  async function start(victim: Victim): Promise<void> {
    // A test that has failed may leave a kill half done.
    if (closed) return;
    if (victim === COORDINATOR) return startCoordinator();
    launch(victim, SCRIPTS.party, [join(folder, victim), victim, invites.get(victim) ?? ""]);
  }

  async function kill(victim: Victim): Promise<void> {
    const child = running.get(victim);
    if (child === undefined) return;
    const gone = once(child, "close");
    child.kill("SIGKILL");
    await gone;
  }

  async function request(method: "GET" | "POST", path: string, body?: unknown): Promise<Response> {
    const key = (await readFile(join(folder, "operator.key"), "utf8")).trim();
    const response = await fetch(`http://127.0.0.1:${port}/v1/federations/${FEDERATION}${path}`, {
      method,
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return response;
  }

  async function get<T>(path: string): Promise<T> {
    return (await (await request("GET", path)).json()) as T;
  }

  await startCoordinator();
  for (const party of PARTIES) {
    const link = await observedLink(
      () => port,
      (moment) => observe(party, moment),
    );
    links.set(party, link);
    const { url } = (await (await request("POST", "/invites", { party })).json()) as { url: string };
    const invite = new URL(url);
    invites.set(party, link.origin + invite.pathname + invite.hash);
  }
  for (const party of PARTIES) await start(party);

  return {
    pid: (party) => running.get(party)?.pid,
    kill,
    start,
    advance: (seconds) => void running.get(COORDINATOR)?.stdin?.write(`${seconds}\n`),
    async finished() {
      while (PARTIES.some((party) => running.has(party)) && failures.length === 0) await sleep(20);
      if (failures.length > 0) throw new Error(failures.join("\n"));
    },
    onEvent: (listener) => listeners.push(listener),
    events: async () => (await get<{ events: ConcordEvent[] }>("/events?limit=10000")).events,
    parties: async () => (await get<{ parties: PartyView[] }>("/parties")).parties,
    federation: () => get<FederationView>(""),
    rounds: async () => (await get<{ rounds: RoundView[] }>("/rounds")).rounds,
    async accuracy() {
      const { rounds } = await get<{ rounds: RoundView[] }>("/rounds");
      return rounds.at(-1)?.accuracy ?? null;
    },
    model: async () => blobId(new Uint8Array(await (await request("GET", "/model")).arrayBuffer())),
    async close() {
      closed = true;
      await Promise.all([...running.keys()].map(kill));
      await Promise.all([...links.values()].map((link) => link.close()));
      await rm(folder, { recursive: true, force: true });
    },
  };
}
