import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, mkdtemp, open, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { NewEvent } from "@concord/protocol";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Store } from "./contract.ts";
import { openSqliteStore } from "./sqlite.ts";
import { paletteContract } from "./suite/palettes.ts";
import { federationRecord, partyRecord } from "./suite/records.ts";
import { storeContract } from "./suite/store-contract.ts";

async function make() {
  const folder = await mkdtemp(join(tmpdir(), "concord-store-"));
  const file = join(folder, "store.sqlite");
  let store = await openSqliteStore(file);
  return {
    store,
    async reopen() {
      await store.close();
      store = await openSqliteStore(file);
      return store;
    },
    async dispose() {
      await store.close();
      await rm(folder, { recursive: true });
    },
  };
}

storeContract("the store in SQLite", make);
paletteContract("the store in SQLite", make);

/** An event of about `bytes` bytes. */
const joined = (party: string, bytes = 500): NewEvent => ({
  type: "party.joined",
  federation: "digits",
  party,
  name: "x".repeat(bytes),
  examples: 1,
  client: "node",
});

describe("openSqliteStore", () => {
  let folder: string;
  let file: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "concord-store-"));
    file = join(folder, ".concord", "store.sqlite");
  });
  afterEach(() => rm(folder, { recursive: true }));

  const insert = (store: Store, id: string) => store.transaction((tx) => tx.federations.insert(federationRecord(id)));
  const ids = (store: Store) =>
    store.transaction(async (tx) => (await tx.federations.list()).map((federation) => federation.id));

  /** A store with one federation, closed. */
  const filled = async () => {
    const store = await openSqliteStore(file);
    await insert(store, "digits");
    await store.close();
  };
  const refusal = (code: string, ...words: string[]) =>
    expect.objectContaining({ name: "ConcordError", code, message: expect.stringMatching(words.join(".*")) });
  const raw = <T>(work: (database: DatabaseSync) => T): T => {
    const database = new DatabaseSync(file);
    try {
      return work(database);
    } finally {
      database.close();
    }
  };

  it.skipIf(process.platform === "win32")("lets nobody but the owner in", async () => {
    const store = await openSqliteStore(file);
    await insert(store, "digits");
    const paths = [join(folder, ".concord"), file, `${file}-wal`];
    expect(await Promise.all(paths.map(async (path) => (await stat(path)).mode & 0o777))).toEqual([
      0o700, 0o600, 0o600,
    ]);
    await store.close();
  });

  it("leaves one whole file when it is closed", async () => {
    await filled();
    expect(await readdir(join(folder, ".concord"))).toEqual(["store.sqlite"]);
  });

  it("is durable: write-ahead log, and a commit waits for the disk", async () => {
    // What the pragmas are set to can be asked only inside, so look at what SQLite was told.
    const exec = vi.spyOn(DatabaseSync.prototype, "exec");
    const store = await openSqliteStore(file);
    const told = exec.mock.calls.map(([sql]) => sql);
    exec.mockRestore();
    await store.close();
    expect(told).toContain("PRAGMA synchronous = FULL");
    expect(raw((database) => database.prepare("PRAGMA journal_mode").get())).toEqual({ journal_mode: "wal" });
  });

  it("does not wait for the disk in a relaxed transaction, and does again after it, whatever came of it", async () => {
    const store = await openSqliteStore(file);
    const exec = vi.spyOn(DatabaseSync.prototype, "exec");
    const relaxed = store.transaction((tx) => tx.federations.insert(federationRecord("a")), { relaxed: true });
    await relaxed;
    const failed = store.transaction(() => Promise.reject(new Error("no")), { relaxed: true });
    await expect(failed).rejects.toThrow("no");
    await insert(store, "b");
    const told = exec.mock.calls.map(([sql]) => sql);
    exec.mockRestore();
    expect(await ids(store)).toEqual(["a", "b"]);
    await store.close();
    const [normal, full] = ["PRAGMA synchronous = NORMAL", "PRAGMA synchronous = FULL"];
    const begin = "BEGIN IMMEDIATE";
    expect(told).toEqual([normal, begin, "COMMIT", full, normal, begin, "ROLLBACK", full, begin, "COMMIT"]);
  });

  it("refuses a second coordinator as long as the first has not closed it", async () => {
    const first = await openSqliteStore(file);
    await expect(openSqliteStore(file, { lockTimeout: 10 })).rejects.toEqual(
      refusal("failed_precondition", "store.sqlite is in use by another coordinator", "stop that one"),
    );
    // The refused one must not have taken the lock along with it.
    await expect(openSqliteStore(file, { lockTimeout: 10 })).rejects.toMatchObject({ code: "failed_precondition" });
    await insert(first, "digits");
    await first.close();
    const second = await openSqliteStore(file);
    expect(await ids(second)).toEqual(["digits"]);
    await second.close();
  });

  it("refuses a second process, until the first is killed", async () => {
    await filled();
    const script = `
      import { openSqliteStore } from ${JSON.stringify(new URL("./sqlite.ts", import.meta.url).href)};
      await openSqliteStore(${JSON.stringify(file)});
      console.log("open");
      setInterval(() => {}, 1000);
    `;
    const child = spawn(process.execPath, ["--input-type=module", "--eval", script], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    try {
      await once(child.stdout, "data");
      await expect(openSqliteStore(file, { lockTimeout: 10 })).rejects.toEqual(
        refusal("failed_precondition", "in use by another coordinator"),
      );
    } finally {
      child.kill("SIGKILL");
    }
    await once(child, "exit");
    const store = await openSqliteStore(file);
    expect(await ids(store)).toEqual(["digits"]);
    await store.close();
  });

  it("says which folder it cannot use", async () => {
    await writeFile(join(folder, ".concord"), "a file where the folder should be");
    await expect(openSqliteStore(file)).rejects.toEqual(refusal("permission_denied", join(folder, ".concord")));
  });

  it("says which file it cannot open", async () => {
    await mkdir(file, { recursive: true });
    await expect(openSqliteStore(file)).rejects.toEqual(refusal("permission_denied", file, "cannot be opened"));
  });

  // Root may write everything.
  it.skipIf(process.getuid?.() === 0 || process.platform === "win32")("says what it may not write", async () => {
    await filled();
    await chmod(file, 0o400);
    await expect(openSqliteStore(file)).rejects.toEqual(refusal("permission_denied", file, "EACCES"));
    await chmod(file, 0o600);
    await chmod(join(folder, ".concord"), 0o500);
    await expect(openSqliteStore(file)).rejects.toEqual(refusal("permission_denied", file, "EACCES"));
    await chmod(join(folder, ".concord"), 0o700);
    const store = await openSqliteStore(file);
    expect(await ids(store)).toEqual(["digits"]);
    await store.close();
  });

  it("says that a file is none of its own", async () => {
    await mkdir(join(folder, ".concord"));
    await writeFile(file, "Dear diary, today I was mistaken for a database. ".repeat(100));
    await expect(openSqliteStore(file)).rejects.toEqual(refusal("internal", file, "not a database", "backup"));
  });

  it("leaves the database of another program alone", async () => {
    await mkdir(join(folder, ".concord"));
    raw((database) => database.exec("CREATE TABLE recipes (name TEXT)"));
    await expect(openSqliteStore(file)).rejects.toEqual(refusal("failed_precondition", file, "another program"));
    expect(raw((database) => database.prepare("SELECT name FROM sqlite_schema").all())).toEqual([{ name: "recipes" }]);
  });

  it("says that a file is damaged, whichever page it is that is", async () => {
    await filled();
    const whole = await readFile(file);
    const pages = whole.length / 4_096;
    expect(pages).toBeGreaterThan(10);
    for (let page = 0; page < pages; page++) {
      const damaged = Buffer.from(whole);
      damaged.fill(0xa5, page * 4_096 + (page === 0 ? 100 : 0), (page + 1) * 4_096);
      await writeFile(file, damaged);
      await expect(openSqliteStore(file), `page ${page + 1}`).rejects.toEqual(refusal("internal", file, "backup"));
    }
    await writeFile(file, whole.subarray(0, whole.length - 4_096));
    await expect(openSqliteStore(file)).rejects.toEqual(refusal("internal", file, "backup"));
    await writeFile(file, whole);
    const store = await openSqliteStore(file);
    expect(await ids(store)).toEqual(["digits"]);
    await store.close();
  });

  it("says so when the file is damaged under its hands", async () => {
    const store = await openSqliteStore(file);
    await insert(store, "digits");
    // More than SQLite keeps in its cache, about one event to a page.
    await store.transaction(async (tx) => {
      for (let i = 0; i < 1_500; i++) await tx.events.append(joined("a", 3_000), 0);
    });
    await store.close();
    const again = await openSqliteStore(file);
    const { size } = await stat(file);
    const handle = await open(file, "r+");
    await handle.write(Buffer.alloc(size - 100 * 4_096, 0xa5), 0, undefined, 100 * 4_096);
    await handle.close();
    const reading = again.transaction((tx) => tx.events.list("digits", { after: 0 }));
    await expect(reading).rejects.toEqual(refusal("internal", file, "damaged", "backup"));
    await again.close();
  });

  it("says which record cannot be read", async () => {
    await filled();
    raw((database) => database.exec(`UPDATE federations SET spec = '{"name": 5}'`));
    const store = await openSqliteStore(file);
    await expect(ids(store)).rejects.toEqual(refusal("internal", 'federation "digits": spec', "backup"));
    await store.close();
    raw((database) => database.exec("UPDATE federations SET spec = 'no JSON'"));
    const again = await openSqliteStore(file);
    await expect(ids(again)).rejects.toEqual(refusal("internal", 'federation "digits": spec'));
    await again.close();
  });

  it("refuses a store that a newer version has written, and changes nothing of it", async () => {
    await filled();
    raw((database) => database.exec("UPDATE schema_version SET version = 1000"));
    await expect(openSqliteStore(file)).rejects.toEqual(refusal("failed_precondition", file, "version 1000", "newer"));
    expect(raw((database) => database.prepare("SELECT version FROM schema_version").get())).toEqual({ version: 1000 });
  });

  describe("on a full disk", () => {
    const PAGE = 4_096;
    /** Room for the empty store and some hundred events. */
    const maximumBytes = 45 * PAGE;

    it("undoes the transaction as a whole, stays usable, and goes on when there is room", async () => {
      const store = await openSqliteStore(file, { maximumBytes });
      await insert(store, "digits");
      let acknowledged = 0;
      const two = () =>
        store.transaction(async (tx) => {
          await tx.parties.insert(partyRecord("digits", `p${acknowledged}`));
          await tx.events.append(joined(`p${acknowledged}`), 0);
          await tx.events.append(joined(`p${acknowledged}`), 0);
        });
      const fill = async () => {
        for (;;) {
          await two();
          acknowledged++;
        }
      };
      const expected = refusal("resource_exhausted", file, "nothing of it was half-written");
      await expect(fill()).rejects.toEqual(expected);
      expect(acknowledged).toBeGreaterThan(10);
      await expect(two()).rejects.toEqual(expected);

      const counts = (from: Store) =>
        from.transaction(async (tx) => [await tx.events.last(), (await tx.parties.list("digits")).length]);
      expect(await counts(store)).toEqual([2 * acknowledged, acknowledged]);
      // What needs no more room is still possible: the operator can stop the federation.
      await store.transaction((tx) => tx.federations.update("digits", { status: "stopped" }));
      await store.close();

      const roomy = await openSqliteStore(file);
      expect(await counts(roomy)).toEqual([2 * acknowledged, acknowledged]);
      await roomy.transaction((tx) => tx.events.append(joined("more"), 0));
      expect(await counts(roomy)).toEqual([2 * acknowledged + 1, acknowledged]);
      await roomy.close();
    });

    it("keeps nothing of a transaction that goes on as if nothing had happened", async () => {
      const store = await openSqliteStore(file, { maximumBytes });
      await insert(store, "digits");
      const stubborn = store.transaction(async (tx) => {
        for (let i = 0; i < 1_000; i++) await tx.events.append(joined("a"), 0).catch(() => undefined);
        await tx.federations.update("digits", { status: "stopped" }).catch(() => undefined);
      });
      await expect(stubborn).rejects.toEqual(refusal("resource_exhausted", file));
      await store.transaction(async (tx) => {
        expect(await tx.events.last()).toBe(0);
        expect((await tx.federations.get("digits"))?.status).toBe("waiting");
      });
      await store.close();
    });
  });
});
