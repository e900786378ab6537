import { readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { newPlace, type Place } from "./concord-process.ts";

const KEY = "sk-of-the-operator-only";

let place: Place;
beforeEach(async () => {
  place = await newPlace();
});
afterEach(() => place.close());

const file = (text: string) => writeFile(join(place.folder, "gateway.yaml"), text);
const yaml = (url: string) => `
bases:
  - { name: api, kind: openai, url: "${url}", model: m, keyFile: api.key }
rewards:
  - { name: diversity, kind: diversity }
`;

describe("concord serve --gateway", () => {
  test.each([
    ["no such file", undefined, "cannot read gateway.yaml"],
    ["no YAML", "bases: [", "cannot read gateway.yaml"],
    ["no bases", "rewards: [{ name: diversity, kind: diversity }]", "gateway.yaml: the gateway: bases"],
    ["a wrong address", yaml("api.example"), "gateway.yaml: the gateway: bases.0.url"],
    ["a key that is not there", yaml("https://api.example/v1"), "bases.0.keyFile: cannot read api.key: ENOENT"],
  ])("with %s ends with 2 and the field", async (_, text, message) => {
    if (text !== undefined) await file(text);
    const ended = await place.run(["serve", "--gateway", "gateway.yaml", "--port", "0"]);
    expect(ended.code).toBe(2);
    expect(ended.stderr).toContain(message);
  });

  test("answers, and says the key to nobody but the base", async () => {
    const keys: unknown[] = [];
    const upstream = createServer((request, response) => {
      keys.push(request.headers.authorization);
      response.end(
        JSON.stringify({ choices: [{ message: { content: "one two three four" }, finish_reason: "stop" }] }),
      );
    });
    await new Promise<void>((resolve) => upstream.listen(0, "127.0.0.1", resolve));
    try {
      const { port } = upstream.address() as AddressInfo;
      await writeFile(join(place.folder, "api.key"), `${KEY}\n`);
      await file(yaml(`http://127.0.0.1:${port}/v1`));
      const server = place.start(["serve", "--gateway", "gateway.yaml", "--port", "0", "--json"]);
      const { url } = (await server.line(({ type }) => type === "gateway")) as unknown as { url: string };
      const operator = (await readFile(join(place.folder, ".concord", "operator.key"), "utf8")).trim();
      const post = (path: string, key: string, body: object) =>
        fetch(url + path, {
          method: "POST",
          headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
          body: JSON.stringify(body),
        });
      const rewards = Array.from({ length: 120 }, (_, j) => ({ prompt_id: j >> 1, diversity: j % 2 }));
      const palette = { name: "varied", base: "api", targets: "diversity=0.6", k: 2 };
      await post("/palettes", operator, { ...palette, pilot: { kind: "rewards", rewards } });
      const { key } = (await (await post("/tenants", operator, { name: "shop" })).json()) as { key: string };
      const asked = { model: "api@varied", messages: [{ role: "user", content: "Count." }] };
      const answer = await post("/chat/completions", key, asked);
      expect(answer.status).toBe(200);
      const text = await answer.text();
      expect(JSON.parse(text)).toMatchObject({ x_palette: { drawn: 2, failed: 0 } });
      expect(keys).toEqual([`Bearer ${KEY}`, `Bearer ${KEY}`]);
      server.kill("SIGINT");
      const ended = await server.ended;
      for (const said of [text, ended.stdout, ended.stderr]) expect(said).not.toContain(KEY);
    } finally {
      upstream.close();
    }
  });
});
