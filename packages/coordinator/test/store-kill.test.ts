import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openBlobFiles } from "../src/store/blob-files.ts";
import { openSqliteStore } from "../src/store/sqlite.ts";

const WRITER = fileURLToPath(new URL("./store-kill.writer.ts", import.meta.url));
const SEED = 20_261_122;
const KILLS = 12;

describe("a store whose process is killed", () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "concord-kill-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it(`has everything that was acknowledged, in whole transactions, after each of ${KILLS} kills`, async () => {
    const random = uniform(SEED);
    let acknowledged = 0;
    for (let kill = 1; kill <= KILLS; kill++) {
      // Every fourth dies at any moment of its start; the others after some records, at any moment of the next one or two.
      const starting = kill % 4 === 0;
      const records = starting ? 0 : 1 + Math.floor(random() * 80);
      const wait = random() * (starting ? 500 : 8);
      acknowledged = Math.max(acknowledged, await writeUntilKilled(records, wait));
      const kept = await inspect();
      expect(kept, `kill ${kill}`).toBeGreaterThanOrEqual(acknowledged);
      // At most one transaction was under way; if it was durable, it counts from now on.
      expect(kept, `kill ${kill}`).toBeLessThanOrEqual(acknowledged + 1);
      acknowledged = kept;
    }
    expect(acknowledged).toBeGreaterThan(100);
  });

  /** Lets a process write so many records, kills it so many milliseconds later, and gives the last acknowledged number. */
  async function writeUntilKilled(records: number, wait: number): Promise<number> {
    const writer = spawn(process.execPath, [WRITER, folder], { stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    let errors = "";
    const enough = new Promise<void>((resolve) => {
      if (records === 0) resolve();
      writer.stdout.setEncoding("utf8").on("data", (text: string) => {
        output += text;
        if (output.split("\n").length > records) resolve();
      });
    });
    writer.stderr.setEncoding("utf8").on("data", (text: string) => {
      errors += text;
    });
    const ended = once(writer, "close");
    await Promise.race([enough, ended]);
    await sleep(wait);
    writer.kill("SIGKILL");
    expect(await ended, errors).toEqual([null, "SIGKILL"]);
    // A number that was cut off by the end was not acknowledged.
    return Number(output.split("\n").at(-2) ?? 0);
  }

  /** Opens what is left, checks that it is a whole number of transactions, and returns how many. */
  async function inspect(): Promise<number> {
    // It died: nobody else holds the lock, so there is nothing to wait for.
    const store = await openSqliteStore(join(folder, "store.sqlite"), { lockTimeout: 0 });
    const blobs = await openBlobFiles(join(folder, "blobs"));
    const { count, events, parties, traffic } = await store.transaction(async (tx) => ({
      count: await tx.events.last(),
      events: await tx.events.list("digits", { after: 0, limit: 100_000 }),
      parties: await tx.parties.list("digits"),
      traffic: await tx.traffic.byParty("digits"),
    }));
    await store.close();

    const numbers = Array.from({ length: count }, (_, i) => i + 1);
    expect(events.map((event) => event.seq)).toEqual(numbers);
    expect(events.map((event) => (event.type === "party.joined" ? event.examples : 0))).toEqual(numbers);
    expect(parties.map((party) => party.joinedAt).sort((a, b) => a - b)).toEqual(numbers);
    expect(traffic.map((sum) => [sum.traffic.payloadUp, sum.traffic.payloadDown])).toEqual(
      count === 0 ? [] : [[(count * (count + 1)) / 2, count]],
    );

    for (const { joinedAt, name } of parties) {
      const bytes = await blobs.get(name);
      expect(new TextDecoder().decode(bytes)).toBe(`blob ${joinedAt} `.repeat(2_000));
    }
    const files = await readdir(join(folder, "blobs"), { recursive: true });
    expect(files.filter((file) => file.includes("."))).toEqual([]);
    return count;
  }
});

/** Uniform numbers in [0, 1): xorshift, so that a failure comes again. */
function uniform(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}
