import { encodeSafetensors, float32, int32 } from "@concord/engine";
import { expect, test } from "vitest";
import { addSent, messageOf, NOTHING_SENT, tellingFetch } from "./sent.ts";

const path = "/v1/blobs/abc";
const text = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

test("an update is told part by part, with the items that it names", () => {
  const body = encodeSafetensors({
    first: { bias: float32([3], [1, 2, 3]) },
    items: { weight: float32([2, 3], new Float32Array(6)), bias: float32([2], [0, 1]), index: int32([2], [4, 9]) },
  });
  const message = messageOf("PUT", path, body, 0);
  expect(message).toMatchObject({ kind: "update", bytes: body.length, items: [4, 9] });
  expect(message.parts?.map(({ tensor, kind, bytes }) => [tensor, kind, bytes])).toEqual([
    ["first.bias", "dense", 12],
    ["items.bias", "rows", 8],
    ["items.index", "index", 8],
    ["items.weight", "rows", 24],
  ]);
  expect(addSent(NOTHING_SENT, message)).toMatchObject({ payload: 44, index: 8, totals: { update: { count: 1 } } });
});

test("without an index all rows are there", () => {
  const message = messageOf("PUT", path, encodeSafetensors({ items: { bias: float32([2], [0, 1]) } }), 0);
  expect(message.parts?.map(({ kind }) => kind)).toEqual(["dense"]);
  expect(message).not.toHaveProperty("items");
});

test("small messages are told as they are, without the secrets", () => {
  const secret = `cp_${"x".repeat(32)}`;
  const { kind, text: told } = messageOf("POST", "/v1/join", text({ key: secret, examples: 1 }), 0);
  expect([kind, told]).toEqual(["join", '{"key":"cp_…","examples":1}']);
});

test("questions for work are counted, not kept; the latest 50 of the others are", () => {
  let log = NOTHING_SENT;
  for (let n = 0; n < 60; n++) {
    log = addSent(log, messageOf("POST", "/v1/party/work", text({ waitSeconds: 20 }), n));
    log = addSent(log, messageOf("POST", "/v1/party/status", text({ status: "active" }), n));
  }
  expect(log.totals).toEqual({ work: { count: 60, bytes: 1080 }, status: { count: 60, bytes: 1140 } });
  expect(log.messages).toHaveLength(50);
  expect(log.messages[0]).toMatchObject({ number: 60, time: 59 });
});

test("a request is told whether or not it is answered, and its body arrives whole", async () => {
  const told: string[] = [];
  const sent: unknown[] = [];
  const request = tellingFetch(
    async (_, init) => {
      sent.push(await new Response(init?.body).text());
      throw new TypeError("no network");
    },
    ({ kind, bytes }) => told.push(`${kind} ${bytes}`),
  );
  const body = new Blob(["{}"]);
  await expect(request("http://there.test/v1/join", { method: "POST", body })).rejects.toThrow("no network");
  expect([told, sent]).toEqual([["join 2"], ["{}"]]);
});
