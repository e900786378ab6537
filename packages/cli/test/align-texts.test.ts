import { writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { ngramDiversity } from "@concord/alignment/scoring";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { newPlace, type Place } from "./concord-process.ts";

const TEXTS = ["one two three four", "one one one one one", "a b c d e f g h"];

let place: Place;
let upstream: Server;
beforeEach(async () => {
  place = await newPlace();
  upstream = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { seed, messages } = JSON.parse(Buffer.concat(chunks).toString("utf8"));
      if (messages[0].content === "silence") return response.writeHead(500).end();
      response.end(JSON.stringify({ choices: [{ message: { content: TEXTS[seed % 3] }, finish_reason: "stop" }] }));
    });
  });
  await new Promise<void>((resolve) => upstream.listen(0, "127.0.0.1", resolve));
  const { port } = upstream.address() as AddressInfo;
  await writeFile(
    join(place.folder, "gateway.yaml"),
    `bases: [{ name: api, kind: openai, url: "http://127.0.0.1:${port}/v1", model: m }]\nrewards: [{ name: variety, kind: diversity }]\n`,
  );
});
afterEach(async () => {
  await place.close();
  upstream.close();
  upstream.closeAllConnections();
});

const rows = (text: string) =>
  text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));

describe("texts to rewards", () => {
  test("answers are drawn, scored, and can be solved on", async () => {
    await writeFile(
      join(place.folder, "prompts.txt"),
      'First?\n{ "prompt_id": "second, really", "prompt": "Second?" }\n',
    );
    const generate = [
      "align",
      "generate",
      "--gateway",
      "gateway.yaml",
      "--prompts",
      "prompts.txt",
      "--candidates",
      "6",
    ];
    const drawn = await place.run(generate);
    expect(drawn).toMatchObject({ code: 0, stderr: "12 of 12 answers to 2 prompts\n" });
    expect(rows(drawn.stdout)).toHaveLength(12);
    expect(rows(drawn.stdout)[0]).toMatchObject({ prompt_id: 0, prompt: "First?", finish: "stop" });
    expect((await place.run([...generate, "--seed", "1"])).stdout).toBe(drawn.stdout);
    await writeFile(join(place.folder, "answers.jsonl"), drawn.stdout);

    const score = ["align", "score", "--gateway", "gateway.yaml", "--answers", "answers.jsonl"];
    const csv = await place.run(score);
    const [head, ...lines] = csv.stdout.trim().split("\n");
    expect(head).toBe("prompt_id,variety");
    rows(drawn.stdout).forEach(({ prompt, text }, j) => {
      const expected = ngramDiversity(`${prompt} ${text}`);
      expect(lines[j]).toBe(`${j < 6 ? "0" : '"second, really"'},${expected}`);
    });
    const jsonl = await place.run([...score, "--as", "jsonl", "--values", "variety"]);
    expect(rows(jsonl.stdout)[11]).toMatchObject({
      prompt_id: "second, really",
      rewards: { variety: expect.any(Number) },
    });

    await writeFile(join(place.folder, "rewards.csv"), csv.stdout);
    const solve = ["align", "solve", "--rewards", "rewards.csv", "--dual", "per-prompt", "--target", "variety=mean"];
    const solved = await place.run([...solve, "--json"]);
    expect(JSON.parse(solved.stdout)).toMatchObject({ feasible: true, prompts: 2, samples: 12 });
  });

  test("what is missing is said, with 1 at the end", async () => {
    await writeFile(join(place.folder, "prompts.txt"), "First?\nsilence\n");
    const command = ["align", "generate", "--gateway", "gateway.yaml", "--prompts", "prompts.txt", "--candidates", "2"];
    const some = await place.run(command);
    expect(some).toMatchObject({
      code: 1,
      stderr: "prompt 1: it answered with the status 500\n2 of 4 answers to 2 prompts\n",
    });
    expect(rows(some.stdout)).toHaveLength(2);
  });

  test.each([
    ["generate --gateway gateway.yaml --base other --prompts p.txt", "--base: expected one of api"],
    ["generate --gateway gateway.yaml --prompts p.txt --temperature 3", "--temperature: expected a number from 0 to 2"],
    ["score --gateway gateway.yaml --answers a.jsonl --values humor", "--values: expected some of variety"],
    ["score --gateway gateway.yaml --answers p.txt", "line 1 is no JSON object"],
    ["score --gateway gateway.yaml --answers b.jsonl", 'line 1 has no text called "text" or "answer"'],
    ["score --answers a.jsonl", "required option '--gateway <file.yaml>'"],
  ])("align %s ends with 2 and says why", async (words, message) => {
    await writeFile(join(place.folder, "p.txt"), "Hello\n");
    await writeFile(join(place.folder, "a.jsonl"), '{ "prompt": "a", "answer": "b" }\n');
    await writeFile(join(place.folder, "b.jsonl"), '{ "prompt": "a" }\n');
    const ended = await place.run(["align", ...words.split(" ")]);
    expect(ended.code).toBe(2);
    expect(ended.stderr).toContain(message);
  });
});
