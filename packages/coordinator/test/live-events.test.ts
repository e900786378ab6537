import type { ConcordEvent } from "@concord/protocol";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import type { Coordinator } from "../src/index.ts";
import { memoryStore } from "../src/index.ts";
import { joinAs } from "./fake-party.ts";
import { eventsOf, startInMemory, tinySpec, untilEvent } from "./federation.ts";
import { manualClock } from "./manual-clock.ts";

const { clock, advance, timers } = manualClock(() => coordinator.settled());
let coordinator: Coordinator;
const opened: WebSocket[] = [];

beforeEach(async () => {
  coordinator = await startInMemory({ clock });
  await coordinator.createFederation("tiny", tinySpec({ rounds: 3, evaluation: { every: 9, parties: "all" } }));
});
afterEach(async () => {
  for (const socket of opened.splice(0)) socket.terminate();
  await coordinator.close();
});

function open(headers: Record<string, string> = {}): WebSocket {
  const socket = new WebSocket(`${coordinator.url.replace("http", "ws")}/v1/events`, { headers });
  opened.push(socket);
  return socket;
}

/** Subscribes, and collects messages until one satisfies the condition. */
function collect(greeting: object, until: (message: ConcordEvent | { type: "hello" }) => boolean) {
  return new Promise<(ConcordEvent | { type: "hello"; last: number })[]>((resolve, reject) => {
    const socket = open();
    const messages: (ConcordEvent | { type: "hello"; last: number })[] = [];
    socket.on("open", () => socket.send(JSON.stringify(greeting)));
    socket.on("message", (data) => {
      const message = JSON.parse(String(data));
      messages.push(message);
      if (!until(message)) return;
      socket.close();
      resolve(messages);
    });
    socket.on("close", (code, reason) => reject(new Error(`${code} ${reason}`)));
    socket.on("error", reject);
  });
}

const closing = (socket: WebSocket) =>
  new Promise<{ code: number; reason: string }>((resolve) => {
    socket.on("close", (code, reason) => resolve({ code, reason: String(reason) }));
  });

async function takePart(): Promise<void> {
  const a = await joinAs(coordinator, "tiny", "a", { heldOut: 0 });
  for (let round = 1; round <= 3; round++) await a.train(await a.work(), round);
  await untilEvent(coordinator, "tiny", "federation.finished");
}

describe("the event socket", () => {
  it("sends hello, stored events and live ones in order, without a gap and without a repeat", async () => {
    const key = coordinator.operatorKey;
    const ended = (message: { type: string }) => message.type === "federation.finished";
    const early = collect({ key, federation: "tiny", after: 0 }, ended);
    const middle = untilEvent(coordinator, "tiny", "round.started", ({ round }) => round === 2).then(() =>
      collect({ key, federation: "tiny", after: 3 }, ended),
    );
    await takePart();
    const late = collect({ key, federation: "tiny" }, ended);

    const all = await eventsOf(coordinator, "tiny");
    expect(all.map(({ seq }) => seq)).toEqual(all.map((_, i) => i + 1));
    for (const messages of [await early, await late]) {
      expect(messages[0]).toMatchObject({ type: "hello", last: expect.any(Number) });
      expect(messages.slice(1)).toEqual(all);
    }
    expect((await middle).slice(1)).toEqual(all.slice(3));
  });

  it("tells nothing of other federations", async () => {
    await coordinator.createFederation("other", tinySpec());
    const other = collect(
      { key: coordinator.operatorKey, federation: "other" },
      (message) => message.type === "federation.stopped",
    );
    await takePart();
    await coordinator.stop("other", "enough");
    const [hello, ...events] = await other;
    expect(hello).toMatchObject({ type: "hello" });
    expect(events).toMatchObject([{ federation: "other", type: "federation.stopped", reason: "enough" }]);
  });

  it("refuses a key that may not listen, an unknown federation and nonsense, and says why", async () => {
    const party = await joinAs(coordinator, "tiny", "a");
    const answers = [
      { greeting: { key: "co_wrong", federation: "tiny" }, code: 4401, reason: /^unauthenticated: / },
      { greeting: { key: party.key, federation: "tiny" }, code: 4403, reason: /not for parties/ },
      { greeting: { key: coordinator.operatorKey, federation: "nowhere" }, code: 4404, reason: /"nowhere"/ },
      { greeting: { key: coordinator.operatorKey }, code: 4400, reason: /federation/ },
      { greeting: "nonsense", code: 4400, reason: /must be JSON|first message/ },
    ];
    for (const { greeting, code, reason } of answers) {
      const socket = open();
      socket.on("open", () => socket.send(typeof greeting === "string" ? greeting : JSON.stringify(greeting)));
      const closed = await closing(socket);
      expect(closed).toEqual({ code, reason: expect.stringMatching(reason) });
    }
  });

  it("hangs up on who does not say who it is, or says too much", async () => {
    const before = timers();
    const silent = closing(open());
    const talkative = open();
    talkative.on("open", () => talkative.send("x".repeat(100_000)));
    // 1009: a message too big.
    expect((await closing(talkative)).code).toBeGreaterThan(1000);
    // Both are awaited, and one has hung up.
    await expect.poll(timers).toBe(before + 1);
    await advance(5);
    expect(await silent).toMatchObject({ code: 4504 });
  });

  it.each([
    [{ origin: "https://evil.example" }, 403],
    [{ origin: "null" }, 403],
    [{ host: "evil.example" }, 421],
  ])("refuses an upgrade with %o", async (headers, status) => {
    const socket = open(headers as Record<string, string>);
    const answer = await new Promise<number>((resolve, reject) => {
      socket.on("unexpected-response", (_request, response) => resolve(response.statusCode ?? 0));
      socket.on("open", () => reject(new Error("it was let in")));
      socket.on("error", () => {});
    });
    expect(answer).toBe(status);
    const refused = await untilEvent(coordinator, "tiny", "update.refused");
    expect(refused).toMatchObject({ party: null, code: status === 403 ? "permission_denied" : "misdirected_request" });
  });

  it("lets our own page in", async () => {
    const socket = open({ origin: coordinator.url });
    await new Promise((resolve) => socket.on("open", resolve));
  });

  it("is at its own path only", async () => {
    const socket = new WebSocket(`${coordinator.url.replace("http", "ws")}/v1/other`);
    const status = await new Promise((resolve) => {
      socket.on("unexpected-response", (_request, response) => resolve(response.statusCode));
      socket.on("error", () => {});
    });
    expect(status).toBe(404);
  });
});

describe("a client that does not read", () => {
  const MANY = 20_000;

  it("is waited for, then cut off; one that reads gets everything", async () => {
    await coordinator.close();
    const store = memoryStore();
    coordinator = await startInMemory({ store, clock });
    await coordinator.createFederation("tiny", tinySpec());
    await store.transaction(async (tx) => {
      for (let i = 0; i < MANY; i++) {
        const event = { type: "round.void", federation: "tiny", round: i + 1, reason: "x".repeat(500) } as const;
        await tx.events.append(event, i);
      }
    });
    const greeting = { key: coordinator.operatorKey, federation: "tiny" };
    const stuck = open();
    let ended = false;
    stuck.on("close", () => {
      ended = true;
    });
    stuck.on("open", () => {
      stuck.send(JSON.stringify(greeting));
      stuck.pause();
    });
    const before = timers();
    const all = await collect(greeting, (message) => "seq" in message && message.seq === MANY);
    expect(all).toHaveLength(MANY + 1);
    // The coordinator has begun to wait for the one that is stuck.
    await expect.poll(timers).toBe(before + 1);
    await advance(10);
    expect(ended).toBe(false);
    await advance(10);
    stuck.resume();
    await expect.poll(() => ended).toBe(true);
  });
});

describe("events in process", () => {
  it("end when the coordinator closes, and callbacks hear them as they come", async () => {
    const heard: string[] = [];
    const end = coordinator.onEvent(({ type }) => heard.push(type));
    const types: string[] = [];
    const reading = (async () => {
      for await (const { type } of coordinator.events("tiny")) types.push(type);
    })();
    await takePart();
    end();
    await coordinator.createInvite("tiny").catch(() => undefined);
    await coordinator.close();
    await reading;
    expect(types.at(-1)).toBe("federation.finished");
    expect(heard).toEqual(types);
  });
});
