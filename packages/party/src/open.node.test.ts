import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Engine, portableEngine } from "@concord/engine";
import { ConcordError } from "@concord/protocol";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { refuse } from "../test/fake-coordinator.ts";
import { invite, invitingCoordinator } from "../test/inviting-coordinator.ts";
import { smallData, smallSpec } from "../test/small-federation.ts";
import { lockFolder } from "./folder-lock.node.ts";
import { openParty } from "./open.node.ts";

const spec = smallSpec({ kind: "fedsgd", localSteps: 2 });
const data = smallData();
let engine: Engine;
let dir: string;
beforeAll(async () => {
  engine = await portableEngine();
});
beforeEach(async () => {
  dir = join(await mkdtemp(join(tmpdir(), "concord-party-")), "party");
});
afterEach(() => rm(join(dir, ".."), { recursive: true, force: true }));

/** A coordinator whose invite serves once, and what opens a party of it. */
async function coordinator() {
  const { fake, joined } = await invitingCoordinator(spec, data.train.size);
  const open = (options: Partial<Parameters<typeof openParty>[0]> = {}) =>
    openParty({
      dir,
      invite,
      data,
      engine,
      fetch: fake.fetch,
      retry: { firstDelayMs: 1, longestDelayMs: 5 },
      ...options,
    });
  return { fake, joined, open };
}

describe("openParty", () => {
  test("joins on first use and takes part to the end", async () => {
    const { joined, open } = await coordinator();
    const party = await open({ name: "Ada" });
    expect(party.identity).toMatchObject({ party: "ada", federation: "points" });
    expect((await party.done).kind).toBe("finished");
    expect(joined).toEqual([
      {
        federation: "points",
        invite: invite.slice(-35),
        name: "Ada",
        examples: 30,
        heldOut: 12,
        client: "node",
        key: expect.stringMatching(/^cp_/),
      },
    ]);
  });

  test("goes on as the same party later, with or without the link", async () => {
    const { joined, fake, open } = await coordinator();
    const stop = new AbortController();
    const first = await open({ signal: stop.signal, paused: true });
    stop.abort();
    expect((await first.done).kind).toBe("stopped");
    expect((await (await open({ invite: undefined })).done).kind).toBe("finished");
    expect((await (await open()).done).kind).toBe("finished");
    expect(joined).toHaveLength(1);
    expect(fake.calls.every(({ path }) => path !== "/v1/join" || joined.length === 1)).toBe(true);
  });

  test("gives a secret to a party that joined before parties had one, and keeps it", async () => {
    const { open } = await coordinator();
    await (await open()).done;
    const file = join(dir, "identity.json");
    const { secret: first, ...before } = JSON.parse(await readFile(file, "utf8"));
    await writeFile(file, JSON.stringify(before));
    const { identity } = await open();
    expect(identity.secret).toMatch(/^cs_[\w-]{32}$/);
    expect(identity.secret).not.toBe(first);
    expect(JSON.parse(await readFile(file, "utf8"))).toEqual({ ...before, secret: identity.secret });
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  });

  test("removes what a process that was killed while it wrote has left in the folder", async () => {
    const { open } = await coordinator();
    await (await open()).done;
    await mkdir(join(dir, "private"), { recursive: true });
    const left = [join(dir, "identity.json.0123456789ab.tmp"), join(dir, "private", "round-1.0123456789ab.tmp")];
    for (const file of left) await writeFile(file, "half");
    await (await open()).done;
    for (const file of left) await expect(stat(file)).rejects.toThrow("ENOENT");
  });

  test("takes up a join whose answer an earlier run did not live to see, with the same key", async () => {
    const { joined, fake, open } = await coordinator();
    const answer = fake.interfere;
    fake.interfere = (call) => (call.path === "/v1/join" ? refuse(new ConcordError("gone", "killed")) : answer(call));
    await expect(open()).rejects.toMatchObject({ code: "gone" });
    const { key } = JSON.parse(await readFile(join(dir, "joining.json"), "utf8"));
    fake.interfere = (call) =>
      call.path === "/v1/invites/inspect" ? refuse(new ConcordError("gone", "used")) : answer(call);
    expect((await (await open()).done).kind).toBe("finished");
    expect(joined.map((request) => request.key)).toEqual([key]);
    await expect(stat(join(dir, "joining.json"))).rejects.toMatchObject({ code: "ENOENT" });
  });

  test("tells how many examples of each class there are only with consent", async () => {
    const { joined, open } = await coordinator();
    await (await open({ shareLabels: true, paused: true })).stop();
    expect(joined[0]).toMatchObject({ labels: [10, 10, 10] });
  });

  test("gets the data when it knows what the federation trains", async () => {
    const { open } = await coordinator();
    const seen: string[] = [];
    const party = await open({
      data: async ({ dataset }) => {
        seen.push(dataset);
        return data;
      },
    });
    await party.stop();
    expect(seen).toEqual(["points of three clusters"]);
  });

  test("does not use up the invite for data that do not fit", async () => {
    const { joined, open } = await coordinator();
    const wrong = { ...data, train: { ...data.train, inputShape: [28, 28, 1] } };
    await expect(open({ data: wrong })).rejects.toMatchObject({ code: "invalid_argument", param: "data" });
    expect(joined).toEqual([]);
  });

  test.each([
    ["no link and no party", { invite: undefined }, "failed_precondition"],
    ["what is no link", { invite: "hello" }, "invalid_argument"],
  ])("refuses %s", async (_what, options, code) => {
    const { open } = await coordinator();
    await expect(open(options)).rejects.toMatchObject({ code, param: "invite" });
  });

  test("refuses an invite to another federation in the folder of a party", async () => {
    const { open } = await coordinator();
    await (await open({ paused: true })).stop();
    const other = invite.replace("points", "lines");
    await expect(open({ invite: other })).rejects.toMatchObject({ code: "failed_precondition", param: "dir" });
  });

  test("forgets who it was when the party leaves", async () => {
    const { open } = await coordinator();
    const party = await open({ paused: true });
    await party.leave();
    expect(party.status.kind).toBe("left");
    await expect(open({ invite: undefined })).rejects.toMatchObject({ code: "failed_precondition" });
  });
});

describe("the folder of a party", () => {
  test("is for one process: another is told so, and takes it over when the first is gone, however it went", async () => {
    const { open } = await coordinator();
    await (await open({ paused: true })).stop();
    const holder = spawn(process.execPath, [
      "--input-type=module",
      "--eval",
      `import { lockFolder } from ${JSON.stringify(new URL("./folder-lock.node.ts", import.meta.url).href)};
       await lockFolder(${JSON.stringify(dir)});
       console.log("locked");
       setInterval(() => {}, 1_000);`,
    ]);
    await once(holder.stdout, "data");
    await expect(open()).rejects.toMatchObject({
      code: "failed_precondition",
      param: "dir",
      message: expect.stringContaining(`another process is the party of ${dir}`),
    });
    holder.kill("SIGKILL");
    await once(holder, "close");
    expect((await (await open()).done).kind).toBe("finished");
  });

  test("is free again when the party has ended, or could not begin", async () => {
    const { open } = await coordinator();
    const party = await open({ paused: true });
    await expect(lockFolder(dir, 0)).rejects.toMatchObject({ code: "failed_precondition", param: "dir" });
    await party.stop();
    (await lockFolder(dir, 0))();
    await expect(open({ invite: invite.replace("points", "lines") })).rejects.toMatchObject({ param: "dir" });
    (await lockFolder(dir, 0))();
  });

  test("is closed to others, and so is the file with the key", async () => {
    const { open } = await coordinator();
    await (await open({ paused: true })).stop();
    expect((await stat(dir)).mode & 0o777).toBe(0o700);
    expect((await stat(join(dir, "identity.json"))).mode & 0o777).toBe(0o600);
  });

  test("that cannot be written to is found out before the invite is used", async () => {
    if (process.getuid?.() === 0) return; // The superuser can write anywhere.
    const { joined, open } = await coordinator();
    await chmod(join(dir, ".."), 0o500);
    await expect(open()).rejects.toThrow(/EACCES/);
    expect(joined).toEqual([]);
  });

  test("with a damaged identity is an error that names the file", async () => {
    const { open } = await coordinator();
    await (await open({ paused: true })).stop();
    const path = join(dir, "identity.json");
    await writeFile(path, (await readFile(path, "utf8")).replace('"party": "ada"', '"party": "../ada"'));
    await expect(open()).rejects.toMatchObject({ code: "failed_precondition", message: /identity\.json: party/ });
  });
});
