import { accessSync, closeSync, constants, existsSync, mkdirSync, openSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { syncFolder } from "@concord/engine/node";
import { ConcordError } from "@concord/protocol";
import { Kysely } from "kysely";
import type { Store } from "./contract.ts";
import { MIGRATIONS } from "./migrations/index.ts";
import { closed } from "./refusals.ts";
import { serial } from "./serial.ts";
import type { Tables } from "./sql/tables.ts";
import { sqlTransaction } from "./sql/transaction.ts";
import { nodeSqliteDialect } from "./sqlite-dialect.ts";
import { sqliteError } from "./sqlite-errors.ts";

export interface SqliteOptions {
  /** How long to wait for another process to let go of the file, in milliseconds (default 1,000). The wait blocks. */
  readonly lockTimeout?: number;
  /** The size in bytes that the file may not grow over; then it behaves as on a full disk. No limit by default. */
  readonly maximumBytes?: number;
}

/**
 * A store in one SQLite file, made with its folder where there is none.
 *
 * The file stays locked as long as the store is open, so that no second coordinator can work on it; the lock is the
 * operating system's and goes with the process, however that dies. What is committed has reached the disk.
 *
 * Throws ConcordError: `failed_precondition` if the file is in use, was written by a newer version or belongs to another
 * program; `permission_denied` if file or folder cannot be opened or written; `internal` if the file is damaged;
 * `resource_exhausted` if there is no room for it. Transactions throw the last two likewise.
 */
export async function openSqliteStore(file: string, options: SqliteOptions = {}): Promise<Store> {
  const path = resolve(file);
  const database = open(path, options);
  // SQLite syncs the folder of its files; the name of a new folder is ours to bring to the disk.
  await syncFolder(dirname(dirname(path)));
  const db = new Kysely<Tables>({ dialect: nodeSqliteDialect(database, (error) => sqliteError(error, path)) });
  const oneByOne = serial();
  let isOpen = true;

  return {
    transaction: (work, { relaxed = false } = {}) =>
      oneByOne(async () => {
        if (!isOpen) throw closed();
        const run = () => db.transaction().execute((transaction) => work(sqlTransaction(transaction)));
        return await (relaxed ? withoutSync(database, run) : run());
      }),
    close: () =>
      oneByOne(async () => {
        if (isOpen) database.close();
        isOpen = false;
      }),
  };
}

/** What is written goes into the log in its place, and the next commit that waits for the disk brings it there as well. */
async function withoutSync<T>(database: DatabaseSync, run: () => Promise<T>): Promise<T> {
  database.exec("PRAGMA synchronous = NORMAL");
  try {
    return await run();
  } finally {
    database.exec("PRAGMA synchronous = FULL");
  }
}

function open(path: string, options: SqliteOptions): DatabaseSync {
  createPrivately(path);
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path, { timeout: options.lockTimeout ?? 1_000, enableForeignKeyConstraints: true });
    // Before the first access, so that this one takes the lock and keeps it.
    database.exec("PRAGMA locking_mode = EXCLUSIVE");
    database.exec("PRAGMA journal_mode = WAL");
    database.exec("PRAGMA synchronous = FULL");
    checkWhole(database, path);
    migrate(database, path);
    if (options.maximumBytes !== undefined) limitSize(database, options.maximumBytes);
    return database;
  } catch (error) {
    database?.close();
    throw sqliteError(error, path);
  }
}

/** Makes the file where there is none, for the eyes of its owner only: SQLite gives its companions (`-wal`) the same mode. */
function createPrivately(path: string): void {
  const folder = dirname(path);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    if (!existsSync(path)) closeSync(openSync(path, "wx", 0o600));
    // SQLite would open what it may only read, and fail later without saying why.
    accessSync(folder, constants.R_OK | constants.W_OK);
    accessSync(path, constants.R_OK | constants.W_OK);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : error;
    if (code === "ENOSPC" || code === "EDQUOT") {
      throw new ConcordError("resource_exhausted", `there is no room left to make ${path}`, { cause: error });
    }
    const message = `${path} cannot be used (${code}): the store needs a folder and a file that it may read and write`;
    throw new ConcordError("permission_denied", message, { cause: error });
  }
}

function checkWhole(database: DatabaseSync, path: string): void {
  const found = database.prepare("PRAGMA quick_check(1)").get();
  const verdict = found === undefined ? "no answer" : String(Object.values(found)[0]).replaceAll(/\s+/g, " ");
  if (verdict === "ok") return;
  throw new ConcordError(
    "internal",
    `the store ${path} is damaged (${verdict}): move it away and put a backup in its place`,
  );
}

/** Brings the schema to the version of this program, whole or not at all. */
function migrate(database: DatabaseSync, path: string): void {
  database.exec("BEGIN IMMEDIATE");
  try {
    const version = versionOf(database, path);
    if (version > MIGRATIONS.length) {
      throw new ConcordError(
        "failed_precondition",
        `the store ${path} has schema version ${version}, this program knows up to ${MIGRATIONS.length}: ` +
          "use the version of Concord that wrote it, or a newer one",
      );
    }
    for (const migration of MIGRATIONS.slice(version)) database.exec(migration);
    database.prepare('UPDATE "schema_version" SET "version" = ?').run(MIGRATIONS.length);
    database.exec("COMMIT");
  } catch (error) {
    if (database.isTransaction) database.exec("ROLLBACK");
    throw error;
  }
}

function versionOf(database: DatabaseSync, path: string): number {
  const tables = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all();
  if (tables.length === 0) {
    database.exec('CREATE TABLE "schema_version" ("version" INTEGER NOT NULL) STRICT');
    database.exec('INSERT INTO "schema_version" VALUES (0)');
    return 0;
  }
  const version = tables.some((table) => table.name === "schema_version")
    ? database.prepare('SELECT "version" FROM "schema_version"').get()?.version
    : undefined;
  if (typeof version === "number") return version;
  throw new ConcordError(
    "failed_precondition",
    `${path} is a database of another program: choose a folder of its own for the store`,
  );
}

function limitSize(database: DatabaseSync, bytes: number): void {
  const pageSize = Number(database.prepare("PRAGMA page_size").get()?.page_size);
  database.exec(`PRAGMA max_page_count = ${Math.max(1, Math.floor(bytes / pageSize))}`);
}
