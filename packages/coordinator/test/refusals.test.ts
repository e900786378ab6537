import { createHash } from "node:crypto";
import { connect } from "node:net";
import type { Tensor, Tree } from "@concord/engine";
import { decodeSafetensors, encodeSafetensors, flatten, float32 } from "@concord/engine";
import { blobId, type ConcordEvent, TENSOR_MEDIA_TYPE } from "@concord/protocol";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Coordinator } from "../src/index.ts";
import type { FakeParty, Lease } from "./fake-party.ts";
import { constantModel, joinAs, json, leaseOf } from "./fake-party.ts";
import { eventsOf, startInMemory, tinySpec, untilEvent } from "./federation.ts";
import { manualClock } from "./manual-clock.ts";

const GIGABYTE = 2 ** 30;

const { clock, advance } = manualClock(() => coordinator.settled());
let coordinator: Coordinator;
let good: FakeParty;
let bad: FakeParty;
let work: Lease<"train">;
let goodWork: Lease<"train">;

beforeEach(async () => {
  coordinator = await startInMemory({ clock });
  const spec = tinySpec({ minimumParties: 2, quorum: 0.5, exchangeDeadline: 60 });
  await coordinator.createFederation("tiny", { ...spec, evaluation: { every: 1, parties: "members" } });
  good = await joinAs(coordinator, "tiny", "good", { heldOut: 0 });
  bad = await joinAs(coordinator, "tiny", "bad", { heldOut: 0 });
  goodWork = leaseOf(await good.work(), "train");
  work = leaseOf(await bad.work(), "train");
});
afterEach(() => coordinator.close());

/** The round goes on without the bad party, and holds nothing of what it sent. */
async function completesWithoutIt(): Promise<ConcordEvent[]> {
  await good.train(goodWork, 2);
  await advance(60);
  expect(await coordinator.federation("tiny")).toMatchObject({ status: "finished" });
  const { tensors } = decodeSafetensors(await coordinator.currentModel("tiny"));
  expect(flatten(tensors).flatMap(([, { data }]) => [...data])).toEqual(Array(15).fill(2));
  const events = await eventsOf(coordinator, "tiny");
  expect(events).toContainEqual(
    expect.objectContaining({ type: "exchange.merged", parties: ["good"], missing: ["bad"] }),
  );
  expect(events).toContainEqual(
    expect.objectContaining({ type: "party.dropped", party: "bad", reason: "it did not reply within 60 s" }),
  );
  return events;
}

async function expectRefusal(code: string, reason: RegExp, party: string | null = "bad"): Promise<void> {
  const refused = await untilEvent(coordinator, "tiny", "update.refused");
  expect(refused).toMatchObject({ party, code, reason: expect.stringMatching(reason) });
}

describe("an update that", () => {
  const model = (change: Tree<Tensor>): Tree<Tensor> => ({ ...constantModel(9), ...change });
  const fc1 = constantModel(9).fc1 as Tree<Tensor>;
  const with_ = (value: number) => ({ fc1: { ...fc1, bias: float32([3], [0, value, 0]) } });

  it.each<[string, Tree<Tensor>, RegExp]>([
    [
      "has a tensor of another name",
      { fc1: { weight: fc1.weight as Tensor, offset: fc1.bias as Tensor } },
      /"fc1.offset"/,
    ],
    ["has a tensor too many", model({ fc2: { weight: float32([1], [1]) } }), /"fc2.weight"/],
    ["lacks a tensor", { fc1: { weight: fc1.weight as Tensor } }, /"fc1.bias" is missing/],
    [
      "has another shape",
      { fc1: { ...fc1, weight: float32([3, 4], Array(12).fill(1)) } },
      /float32\[3, 4\], expected float32\[4, 3\]/,
    ],
    [
      "has another dtype",
      { fc1: { ...fc1, bias: { dtype: "float64", shape: [3], data: new Float64Array(3) } } },
      /float64\[3\], expected float32\[3\]/,
    ],
    ["holds NaN", with_(Number.NaN), /NaN at element 1/],
    ["holds an infinity", with_(-Infinity), /-Infinity at element 1/],
  ])("%s is refused, and the round completes without it", async (_what, update, reason) => {
    await expect(bad.upload(encodeSafetensors(update))).rejects.toMatchObject({
      code: "invalid_argument",
      message: expect.stringMatching(reason),
    });
    await expectRefusal("invalid_argument", reason);
    await completesWithoutIt();
  });

  it.each<[string, (file: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>, RegExp]>([
    ["is cut short", (file) => file.slice(0, -4), /need 60 bytes, the file has 56/],
    ["goes on after its end", (file) => new Uint8Array([...file, 0]), /1 bytes follow/],
    ["is no safetensors", () => new TextEncoder().encode("hello, world"), /header/],
    ["is empty", () => new Uint8Array(), /0 bytes has no header/],
  ])("%s is refused", async (_what, damage, reason) => {
    await expect(bad.upload(damage(encodeSafetensors(constantModel(9))))).rejects.toMatchObject({
      code: "invalid_argument",
      message: expect.stringMatching(reason),
    });
    await expectRefusal("invalid_argument", reason);
    await completesWithoutIt();
  });

  it("has another hash than its name is refused", async () => {
    const bytes = encodeSafetensors(constantModel(9));
    await expect(bad.upload(bytes, "0".repeat(64))).rejects.toMatchObject({
      code: "invalid_argument",
      param: "sha256",
    });
    await expectRefusal("invalid_argument", /have the SHA-256/);
    await completesWithoutIt();
  });

  it("is of another media type is refused", async () => {
    const response = await fetch(`${coordinator.url}/v1/blobs/${"0".repeat(64)}`, {
      method: "PUT",
      headers: { authorization: `Bearer ${bad.key}`, "content-type": "application/octet-stream" },
      body: new Blob([new Uint8Array(10)]),
    });
    await expect(json(response)).rejects.toMatchObject({ code: "unsupported_media_type" });
    await expectRefusal("unsupported_media_type", /safetensors/);
    await completesWithoutIt();
  });

  it("says that it has 10 GB is refused before it is read", async () => {
    const { answer } = await rawUpload({ "content-length": String(10 * GIGABYTE) }, () => undefined);
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
    expect(answer).toContain('"code":"payload_too_large"');
    await expectRefusal("payload_too_large", /10737418240 bytes or more, at most/);
    await completesWithoutIt();
  });

  it("has 10 GB and does not say so is cut off early, without being kept", async () => {
    const chunk = Buffer.alloc(2 ** 20);
    const frame = Buffer.concat([Buffer.from(`${chunk.length.toString(16)}\r\n`), chunk, Buffer.from("\r\n")]);
    let frames = 10 * 1024;
    const before = process.memoryUsage.rss();
    const { answer, sent } = await rawUpload({ "transfer-encoding": "chunked" }, () =>
      frames-- > 0 ? frame : undefined,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
    expect(sent).toBeLessThan(64 * 2 ** 20);
    expect(process.memoryUsage.rss() - before).toBeLessThan(256 * 2 ** 20);
    await expectRefusal("payload_too_large", /at most/);
    await completesWithoutIt();
  });

  it("breaks off on its way is refused", async () => {
    const bytes = encodeSafetensors(constantModel(9));
    const headers = { "content-length": String(bytes.length) };
    let first = true;
    const half = () => {
      if (!first) return undefined;
      first = false;
      return Buffer.from(bytes.subarray(0, 100));
    };
    await rawUpload(headers, half, { hangUp: true, sha256: await blobId(bytes) });
    // How much of it the server had taken by then is not for the sender to say.
    await expectRefusal("invalid_argument", /broke off after \d+ bytes/);
    await completesWithoutIt();
  });

  /** Sends a PUT as it stands, as long as the server takes it; resolves with what it answered before it hung up. */
  function rawUpload(
    headers: Record<string, string>,
    next: () => Buffer | undefined,
    { hangUp = false, sha256 = createHash("sha256").update("").digest("hex") } = {},
  ): Promise<{ answer: string; sent: number }> {
    return new Promise((resolve) => {
      const socket = connect(coordinator.port, "127.0.0.1");
      let answer = "";
      let sent = 0;
      const lines = Object.entries({
        host: `127.0.0.1:${coordinator.port}`,
        authorization: `Bearer ${bad.key}`,
        "content-type": TENSOR_MEDIA_TYPE,
        ...headers,
      }).map(([name, value]) => `${name}: ${value}\r\n`);
      socket.write(`PUT /v1/blobs/${sha256} HTTP/1.1\r\n${lines.join("")}\r\n`);
      const pump = () => {
        for (let chunk = next(); chunk !== undefined; chunk = next()) {
          sent += chunk.length;
          if (!socket.write(chunk)) return;
        }
        if (hangUp) socket.end();
      };
      socket.on("drain", pump);
      socket.on("data", (data) => {
        answer += data;
      });
      socket.on("error", () => {});
      socket.on("close", () => resolve({ answer, sent }));
      pump();
    });
  }
});

describe("a reply", () => {
  it("to a lease of another party is refused", async () => {
    const ref = await bad.upload(encodeSafetensors(constantModel(9)));
    const reply = bad.reply(goodWork.lease.id, { kind: "train", update: ref, loss: 1 });
    await expect(reply).rejects.toMatchObject({ code: "permission_denied", param: "lease" });
    await expectRefusal("permission_denied", /another party/);
    await completesWithoutIt();
  });

  it("to a lease that never was is refused", async () => {
    const ref = await bad.upload(encodeSafetensors(constantModel(9)));
    for (const [lease, code] of [
      ["nonsense", "not_found"],
      [work.lease.id.replace(/^1\./, "9."), "not_found"],
      [work.lease.id.replace(/.$/, (digit) => (digit === "0" ? "1" : "0")), "gone"],
    ] as const) {
      await expect(bad.reply(lease, { kind: "train", update: ref, loss: 1 })).rejects.toMatchObject({ code });
    }
    await expectRefusal("not_found", /no such lease/);
    await completesWithoutIt();
  });

  it("with a blob that was not sent, or that another party sent, is refused", async () => {
    const stolen = await good.upload(encodeSafetensors(constantModel(2)));
    const reply = bad.reply(work.lease.id, { kind: "train", update: stolen, loss: 1 });
    await expect(reply).rejects.toMatchObject({ code: "failed_precondition", param: "update.sha256" });
    await expectRefusal("failed_precondition", /was not sent for this lease/);
    await completesWithoutIt();
  });

  it("of the wrong kind, or with a size that is not true, is refused", async () => {
    const ref = await bad.upload(encodeSafetensors(constantModel(9)));
    const wrongKind = bad.reply(work.lease.id, { kind: "evaluate", evaluation: {} });
    await expect(wrongKind).rejects.toMatchObject({ code: "invalid_argument", param: "kind" });
    const wrongSize = bad.reply(work.lease.id, { kind: "train", update: { ...ref, bytes: 1 }, loss: 1 });
    await expect(wrongSize).rejects.toMatchObject({ code: "invalid_argument", param: "update.bytes" });
    const noNumber = bad.request("POST", `/v1/party/leases/${work.lease.id}/reply`, { kind: "train", update: ref });
    await expect(json(await noNumber)).rejects.toMatchObject({ code: "invalid_argument", param: "loss" });
    await completesWithoutIt();
  });

  it("that comes twice counts once", async () => {
    const reply = { kind: "train" as const, update: await bad.upload(encodeSafetensors(constantModel(6))), loss: 1 };
    expect(await bad.reply(work.lease.id, reply)).toEqual({ status: "accepted" });
    expect(await bad.reply(work.lease.id, reply)).toEqual({ status: "duplicate" });
    await good.train(goodWork, 2);
    await coordinator.settled();
    expect(await coordinator.federation("tiny")).toMatchObject({ status: "finished" });
    expect(await bad.reply(work.lease.id, reply)).toEqual({ status: "duplicate" });
    const { tensors } = decodeSafetensors(await coordinator.currentModel("tiny"));
    expect(flatten(tensors)[0]?.[1].data[0]).toBe(4);
    const events = await eventsOf(coordinator, "tiny");
    expect(events.filter(({ type }) => type === "update.accepted")).toHaveLength(2);
    expect(events).toContainEqual(
      expect.objectContaining({ type: "update.refused", reason: "a reply of round 1 came again; it was counted once" }),
    );
    const parties = await coordinator.parties("tiny");
    expect(parties.map(({ updates, train }) => [updates, train.payloadUp])).toEqual([
      [1, 60],
      [1, 60],
    ]);
  });

  it("for a finished round is late and changes nothing", async () => {
    const update = await bad.upload(encodeSafetensors(constantModel(9)));
    await completesWithoutIt();
    const before = await coordinator.currentModel("tiny");
    expect(await bad.reply(work.lease.id, { kind: "train", update, loss: 1 })).toEqual({ status: "late" });
    expect(await coordinator.currentModel("tiny")).toEqual(before);
    await expect(bad.heartbeat(work.lease.id)).rejects.toMatchObject({ code: "gone" });
    await expect(bad.upload(encodeSafetensors(constantModel(9)))).rejects.toMatchObject({
      code: "failed_precondition",
    });
    await expectRefusal("gone", /came too late/);
  });

  it("to a lease that its party has asked for again counts only with the later one", async () => {
    const again = leaseOf(await bad.work(), "train");
    expect(again.segment).toEqual(work.segment);
    expect(again.lease.id).not.toBe(work.lease.id);
    const update = await bad.upload(encodeSafetensors(constantModel(6)));
    const reply = { kind: "train" as const, update, loss: 1 };
    await expect(bad.reply(work.lease.id, reply)).rejects.toMatchObject({ code: "gone" });
    await expect(bad.heartbeat(work.lease.id)).rejects.toMatchObject({ code: "gone" });
    expect(await bad.reply(again.lease.id, reply)).toEqual({ status: "accepted" });
    expect(await bad.reply(work.lease.id, reply)).toEqual({ status: "duplicate" });
  });
});

describe("the event log", () => {
  it("has the same refusal once, however often it comes", async () => {
    for (let i = 0; i < 20; i++) {
      await expect(bad.upload(new TextEncoder().encode("nonsense"))).rejects.toMatchObject({
        code: "invalid_argument",
      });
    }
    const events = await eventsOf(coordinator, "tiny");
    expect(events.filter(({ type }) => type === "update.refused")).toHaveLength(1);
  });
});
