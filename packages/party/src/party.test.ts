import { type Engine, encodeSafetensors, portableEngine } from "@concord/engine";
import { algorithmOf, type FederationSpec, inlineExecutor, simulate } from "@concord/federation";
import { buildTask } from "@concord/learning";
import { ConcordError, workSchema } from "@concord/protocol";
import { beforeAll, describe, expect, test } from "vitest";
import { type Call, fakeCoordinator, refuse } from "../test/fake-coordinator.ts";
import { smallData, smallIdentity, smallSpec } from "../test/small-federation.ts";
import { type Party, runParty } from "./party.ts";
import { memoryStore } from "./private-state.ts";
import type { Status } from "./status.ts";

const data = smallData();
const fedavg = smallSpec({ kind: "fedavg", localSteps: 5 });
const fedsgd = smallSpec({ kind: "fedsgd", localSteps: 4 });
let engine: Engine;
beforeAll(async () => {
  engine = await portableEngine();
});

/** Starts a party against a fake coordinator, with waits of milliseconds. */
async function start(spec: FederationSpec, options: Partial<Parameters<typeof runParty>[0]> = {}) {
  const coordinator = await fakeCoordinator(spec, data.train.size);
  const seen: Status[] = [];
  const run = (more: Partial<Parameters<typeof runParty>[0]> = {}): Party =>
    runParty({
      identity: smallIdentity(spec),
      data,
      engine,
      privateStore: memoryStore(),
      fetch: coordinator.fetch,
      retry: { firstDelayMs: 1, longestDelayMs: 5 },
      onStatus: (status) => seen.push(status),
      ...options,
      ...more,
    });
  return { coordinator, seen, run };
}

/** The model that the same federation gives without any network. */
async function simulated(spec: FederationSpec): Promise<Uint8Array> {
  const executor = await inlineExecutor(algorithmOf(spec.algorithm), buildTask(spec.task), engine);
  let model = {};
  for await (const { state } of simulate({ spec, parties: [{ id: "ada", ...data }], executor })) model = state.model;
  return encodeSafetensors(model);
}

const isReply = ({ path }: Call) => path.endsWith("/reply");
const down = () => {
  throw new TypeError("fetch failed", { cause: new Error("connect ECONNREFUSED") });
};

describe("a federation of one party", () => {
  test.each([
    ["FedAvg", fedavg],
    ["FedSGD with momentum", fedsgd],
  ])("%s gives the bits of the simulator", async (_name, spec) => {
    const { coordinator, run } = await start(spec);
    const last = await run().done;
    expect(last).toMatchObject({ kind: "finished", updates: spec.algorithm.kind === "fedavg" ? 3 : 12 });
    expect(encodeSafetensors(coordinator.model)).toEqual(await simulated(spec));
    expect(coordinator.evaluations).toHaveLength(3);
    expect(coordinator.evaluations[2]?.accuracy?.count).toBe(12);
  });

  test("its status tells what it does, and ends with the federation", async () => {
    const { run, seen } = await start(fedavg);
    const party = run();
    const followed: string[] = [];
    for await (const { kind } of party) followed.push(kind);
    expect(seen.map(({ kind }) => kind)).toEqual([
      "connecting",
      ...Array.from({ length: 3 }, () => ["training", "evaluating"]).flat(),
      "finished",
    ]);
    expect(followed.at(-1)).toBe("finished");
    expect(party.status.bytesUp).toBeGreaterThan(3 * 36);
    expect(party.status.bytesDown).toBeGreaterThan(6 * 36);
    expect(seen[2]).toMatchObject({ kind: "evaluating", round: 1, loss: expect.any(Number) });
  });
});

describe("a coordinator that goes away", () => {
  test("is waited for, at any request, and the result is the same", async () => {
    const { coordinator, run, seen } = await start(fedsgd);
    let calls = 0;
    // Of every seven requests, four in a row get no answer.
    coordinator.interfere = () => (calls++ % 7 < 4 ? down() : undefined);
    expect((await run().done).kind).toBe("finished");
    expect(encodeSafetensors(coordinator.model)).toEqual(await simulated(fedsgd));
    const offline = seen.find(({ kind }) => kind === "offline");
    expect(offline).toMatchObject({ reason: "cannot reach http://coordinator.test: connect ECONNREFUSED" });
  });

  test("after a reply that it had accepted: the reply is repeated and counts once", async () => {
    const { coordinator, run } = await start(fedavg);
    let lost = 0;
    const { fetch: reach } = coordinator;
    const lossy: typeof fetch = async (input, init) => {
      const response = await reach(input, init);
      if (String(input).endsWith("/reply") && lost++ % 2 === 0) return down();
      return response;
    };
    expect((await run({ fetch: lossy }).done).kind).toBe("finished");
    expect(encodeSafetensors(coordinator.model)).toEqual(await simulated(fedavg));
  });
});

describe("a party that is killed", () => {
  test("between its private state and its reply sends the same bits when it comes back", async () => {
    const { coordinator, run } = await start(fedsgd);
    const privateStore = memoryStore();
    const sent: unknown[] = [];
    const kill = new AbortController();
    coordinator.interfere = (call) => {
      if (!isReply(call) || !call.path.includes("/2-2/")) return undefined;
      sent.push(call.body);
      if (sent.length === 1) kill.abort();
      return sent.length === 1 ? down() : undefined;
    };
    expect((await run({ privateStore, signal: kill.signal }).done).kind).toBe("stopped");
    expect((await run({ privateStore }).done).kind).toBe("finished");
    expect(sent[1]).toEqual(sent[0]);
    expect(encodeSafetensors(coordinator.model)).toEqual(await simulated(fedsgd));
  });
});

describe("a lease", () => {
  test("is held by heartbeats while the party works", async () => {
    const { coordinator, run } = await start(smallSpec({ kind: "fedavg", localSteps: 400 }, 1));
    shortenHeartbeats(coordinator);
    await run().done;
    expect(coordinator.calls.filter(({ path }) => path === "/v1/party/leases/1-0/heartbeat").length).toBeGreaterThan(0);
  });

  test("that is gone when its model is fetched ends nothing but the segment", async () => {
    const { coordinator, run } = await start(fedavg);
    let refused = 0;
    coordinator.interfere = ({ path }) =>
      path.startsWith("/v1/blobs/") && refused++ === 0
        ? refuse(new ConcordError("gone", "no lease names it"))
        : undefined;
    expect((await run().done).kind).toBe("finished");
    expect(refused).toBeGreaterThan(1);
    expect(encodeSafetensors(coordinator.model)).toEqual(await simulated(fedavg));
  });

  test("that is gone ends the segment, whose work is dropped; the party goes on", async () => {
    const { coordinator, run, seen } = await start(smallSpec({ kind: "fedavg", localSteps: 400 }, 1));
    shortenHeartbeats(coordinator);
    const shortened = coordinator.interfere;
    let refused = 0;
    coordinator.interfere = (call) =>
      call.path.endsWith("/heartbeat") && refused++ === 0
        ? refuse(new ConcordError("gone", "the lease 1-0 has ended"))
        : shortened(call);
    expect((await run().done).kind).toBe("finished");
    expect(seen).toContainEqual(
      expect.objectContaining({ kind: "waiting", reason: "gave up a segment of round 1: the lease 1-0 has ended" }),
    );
    expect(coordinator.calls.filter(isReply).map(({ path }) => path)).toEqual([
      "/v1/party/leases/1-0/reply",
      "/v1/party/leases/1-evaluate/reply",
    ]);
  });

  /** The fake's leases ask for a heartbeat every five seconds; a test has five milliseconds. */
  function shortenHeartbeats(coordinator: Awaited<ReturnType<typeof fakeCoordinator>>): void {
    let asking = false;
    coordinator.interfere = async (call) => {
      if (call.path !== "/v1/party/work" || asking) return undefined;
      asking = true;
      const answer = await coordinator.fetch(`http://coordinator.test${call.path}`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(call.body),
      });
      asking = false;
      const work = workSchema.parse(await answer.json());
      if ("lease" in work) work.lease.heartbeatSeconds = 0.005;
      return Response.json(work);
    };
  }
});

describe("what a party refuses", () => {
  test("a model that does not fit its task, and says so", async () => {
    const { coordinator, run, seen } = await start(fedavg);
    let offers = 0;
    coordinator.interfere = ({ path }) => {
      if (path !== "/v1/party/work" || offers++ > 0) return undefined;
      const model = { sha256: "0".repeat(64), bytes: 10_000_000_000 };
      const lease = { id: "x", round: 1, expiresInSeconds: 30, heartbeatSeconds: 5, model };
      return Response.json({ kind: "evaluate", lease });
    };
    await run().done;
    expect(seen.map((status) => ("reason" in status ? status.reason : ""))).toContain(
      "gave up a segment of round 1: a model of 10000000000 bytes is offered; softmax 2-3 needs 36",
    );
    expect(coordinator.calls.some(({ path }) => path.endsWith("0".repeat(64)))).toBe(false);
  });

  test("to go on with a key that is not accepted", async () => {
    const { coordinator, run } = await start(fedavg);
    coordinator.interfere = () => refuse(new ConcordError("unauthenticated", "this key is not known"));
    const party = run();
    await expect(party.done).rejects.toMatchObject({ code: "unauthenticated", message: "this key is not known" });
    expect(party.status).toMatchObject({ kind: "failed", code: "unauthenticated" });
  });

  test("data that do not fit the task", async () => {
    const { run } = await start(fedavg);
    const wrong = { ...data, train: { ...data.train, inputShape: [3] } };
    await expect(run({ data: wrong }).done).rejects.toMatchObject({ code: "invalid_argument", param: "data" });
  });
});

describe("its owner", () => {
  test("can pause it: what is under way is finished, nothing new is begun until it resumes", async () => {
    const { coordinator, run, seen } = await start(fedavg);
    const party = run();
    coordinator.interfere = (call) => {
      if (isReply(call) && call.path.includes("/1-0/")) party.pause();
      return undefined;
    };
    for await (const { kind } of party) if (kind === "paused") break;
    await expect.poll(() => coordinator.calls.at(-1)?.body).toEqual({ status: "paused" });
    expect(coordinator.calls.filter(isReply)).toHaveLength(1);
    party.resume();
    expect((await party.done).kind).toBe("finished");
    expect(seen.map(({ kind }) => kind)).toContain("paused");
    expect(encodeSafetensors(coordinator.model)).toEqual(await simulated(fedavg));
  });

  test("can leave for good: the coordinator is told and the private state is gone", async () => {
    const { coordinator, run } = await start(fedsgd);
    const privateStore = memoryStore();
    const party = run({ privateStore });
    let replies = 0;
    const half = Promise.withResolvers<void>();
    coordinator.interfere = (call) => {
      if (isReply(call) && replies++ === 3) half.resolve();
      return undefined;
    };
    await half.promise;
    await party.leave();
    expect((await party.done).kind).toBe("left");
    expect(coordinator.calls.at(-1)?.body).toEqual({ status: "left" });
    expect(await privateStore.entries()).toEqual([]);
  });
});
