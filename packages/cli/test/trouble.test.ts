import { execFileSync } from "node:child_process";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { lastLine, linesOf, newPlace, type Place } from "./concord-process.ts";
import { experiment } from "./small-experiment.ts";

const QUICK = ["start", "--no-open", "--json", "--parties", "2", "--local-steps", "2", "--rounds", "2"];
const START = [...QUICK, "--port", "0"];
/** More rounds than any machine makes while a test looks on. */
const ENDLESS = "100000";

let place: Place;
beforeEach(async () => {
  place = await newPlace();
});
afterEach(() => place.close());

describe("a clear message, an exit code and nothing half-written:", () => {
  test("a port in use", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => taken.once("listening", resolve));
    const { port } = taken.address() as { port: number };
    for (const command of [QUICK, ["serve", "--json"]]) {
      const ended = await place.run([...command, "--port", String(port)]);
      expect(ended.code).toBe(2);
      expect(ended.stderr).toBe(
        `concord: port ${port} is in use; stop what listens there, or choose another port (0 picks a free one)\n`,
      );
      expect(lastLine(ended)).toMatchObject({ type: "error" });
    }
    taken.close();
    // What is there is whole: the same folder serves at once.
    const ended = await place.run(START);
    expect(ended.code).toBe(0);
    expect(linesOf(ended)[0]).toMatchObject({ federation: "federation-1", resumed: false });
  });

  test("a reader that goes away, which ends the writing and not the work", async () => {
    for (const words of [["join", "--help"], START]) {
      const running = place.start(words);
      running.stopReading();
      expect(await running.ended).toMatchObject({ code: 0, signal: null, stderr: "" });
    }
    expect(await readdir(join(place.folder, ".concord/runs"))).toEqual(["federation-1"]);
  });

  test("a file where the data folder should be", async () => {
    await writeFile(join(place.folder, ".concord"), "mine");
    for (const command of [START, ["serve", "--port", "0"]]) {
      const { code, stderr } = await place.run(command);
      expect({ code, stderr }).toEqual({
        code: 2,
        stderr: "concord: --dir: the folder .concord cannot be used: a file is in its place\n",
      });
    }
    expect(await readFile(join(place.folder, ".concord"), "utf8")).toBe("mine");
  });

  test("a data folder that may not be written", async () => {
    if (process.getuid?.() === 0) return; // The superuser may write anywhere.
    await mkdir(join(place.folder, "closed"), { mode: 0o500 });
    const { code, stderr } = await place.run(["serve", "--port", "0", "--dir", "closed/data"]);
    expect(code).toBe(2);
    expect(stderr).toContain("--dir: the folder closed/data cannot be used: EACCES");
  });

  test.each<[string, (folder: string) => Promise<void>]>([
    ["no store at all", (folder) => writeFile(join(folder, "store.sqlite"), "This is no database. ".repeat(100))],
    [
      "damaged in the middle",
      async (folder) => {
        const path = join(folder, "store.sqlite");
        const bytes = await readFile(path);
        bytes.fill(0x5a, 4096, 3 * 4096);
        await writeFile(path, bytes);
      },
    ],
  ])("a store that is %s", async (_what, damage) => {
    const folder = join(place.folder, ".concord");
    const server = place.start(["serve", "--port", "0", "--json"]);
    await server.line(({ type }) => type === "start");
    server.kill("SIGTERM");
    await server.ended;
    await damage(folder);
    const before = await readFile(join(folder, "store.sqlite"));
    const { code, stderr } = await place.run(START);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^concord: the store .*store\.sqlite is damaged/);
    expect(stderr).toContain("move it away and put a backup in its place");
    expect(await readFile(join(folder, "store.sqlite"))).toEqual(before);
    await place.gone();
  });

  test("a second start in the same folder while one runs", async () => {
    const first = place.start([...START, "--rounds", ENDLESS]);
    await first.line(({ type }) => type === "round.started");
    const second = await place.run(START);
    expect(second.code).toBe(1);
    expect(second.stderr).toMatch(
      /^concord: the store .*store\.sqlite is in use by another coordinator: stop that one, or choose another folder\n$/,
    );
    first.kill("SIGTERM");
    expect(await first.ended).toMatchObject({ code: 0 });
  });

  test("a federation that its operator stops", async () => {
    const running = place.start([...START, "--rounds", ENDLESS]);
    const { url } = await running.line(({ type }) => type === "start");
    await running.line(({ type }) => type === "round.started");
    const key = (await readFile(join(place.folder, ".concord/operator.key"), "utf8")).trim();
    const address = new URL("/v1/federations/federation-1/stop", String(url));
    const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
    const response = await fetch(address, { method: "POST", headers, body: JSON.stringify({ reason: "enough" }) });
    expect(response.status).toBe(200);
    const ended = await running.ended;
    expect(ended.code).toBe(1);
    expect(ended.stderr).toBe("concord: the federation was stopped: enough\n");
    await place.gone();
  });
});

describe.skipIf(!canMount())("a full disk (skipped where this user may not mount a small one)", () => {
  let disk: string;
  beforeEach(async () => {
    disk = join(place.folder, "disk");
    await mkdir(disk);
  });
  afterEach(() => {
    execFileSync("umount", ["--lazy", disk]);
  });

  test("ends start with a clear message; with room it continues", async () => {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=900k", "tmpfs", disk]);
    const words = [...START, "--dir", "disk/data", "--quorum", "all"];
    const full = await place.run(words);
    expect(full.code).toBe(1);
    expect(full.stderr).toMatch(/concord: there is no room left (in|to write) .*free some space and repeat/);
    expect(full.stderr).not.toMatch(/^\s+at /m);
    await place.gone();
    const left = await readdir(disk, { recursive: true });
    expect(left.filter((name) => name.endsWith(".writing") || name.endsWith(".tmp"))).toEqual([]);

    execFileSync("mount", ["-o", "remount,size=50m", disk]);
    const after = await place.run(words);
    expect(after).toMatchObject({ code: 0, stderr: "" });
    expect(linesOf(after)[0]).toMatchObject({ federation: "federation-1", resumed: true });
    expect(lastLine(after)).toMatchObject({ type: "result", rounds: 2 });
  });

  test("ends run with a clear message; with room it goes on from its checkpoint", async () => {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=80k", "tmpfs", disk]);
    await writeFile(join(place.folder, "small.yaml"), experiment());
    const words = ["run", "small.yaml", "--out", "disk/out", "--json"];
    const full = await place.run(words);
    expect(full.code).toBe(1);
    expect(full.stderr).toMatch(/^concord: there is no room left on the disk .*give the same command again\n$/);
    execFileSync("mount", ["-o", "remount,size=50m", disk]);
    const after = await place.run(words);
    expect(after).toMatchObject({ code: 0, stderr: "" });
    expect(lastLine(after)).toMatchObject({ type: "result", rounds: 4 });
  });
});

function canMount(): boolean {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return false;
  try {
    execFileSync("unshare", ["--mount", "sh", "-c", "mount -t tmpfs -o size=64k tmpfs /mnt"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
