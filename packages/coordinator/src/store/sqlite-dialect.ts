import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";
import {
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from "kysely";
import { ended } from "./refusals.ts";

/**
 * Kysely over `node:sqlite`, for one connection that runs one transaction at a time (the caller sees to that).
 * A statement outside a transaction is refused: it would take effect at once and alone. `translate` turns what SQLite
 * throws into what the caller wants to see.
 */
export function nodeSqliteDialect(database: DatabaseSync, translate: (error: unknown) => unknown): Dialect {
  return {
    createAdapter: () => new SqliteAdapter(),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
    createDriver: () => {
      const connection = connect(database, translate);
      return {
        init: async () => undefined,
        acquireConnection: async () => connection,
        releaseConnection: async () => undefined,
        beginTransaction: async () => connection.begin(),
        commitTransaction: async () => connection.commit(),
        rollbackTransaction: async () => connection.rollback(),
        destroy: async () => database.close(),
      };
    },
  };
}

interface Connection extends DatabaseConnection {
  begin(): void;
  commit(): void;
  rollback(): void;
}

function connect(database: DatabaseSync, translate: (error: unknown) => unknown): Connection {
  const prepared = new Map<string, { readonly statement: StatementSync; readonly reads: boolean }>();
  /** Why SQLite has given up the open transaction by itself: a full disk, a failed write. */
  let failure: unknown;

  const prepare = (sql: string) => {
    let known = prepared.get(sql);
    if (known === undefined) {
      const statement = database.prepare(sql);
      known = { statement, reads: statement.columns().length > 0 };
      prepared.set(sql, known);
    }
    return known;
  };

  const attempt = <T>(work: () => T): T => {
    // What follows a rollback by SQLite would run outside the transaction and stay: half of it would be kept.
    if (!database.isTransaction) throw failure ?? ended();
    try {
      return work();
    } catch (error) {
      const translated = translate(error);
      if (!database.isTransaction) failure = translated;
      throw translated;
    }
  };

  return {
    begin() {
      failure = undefined;
      try {
        // Immediate: the lock for writing now, not at the first write, where it could no longer be waited for.
        database.exec("BEGIN IMMEDIATE");
      } catch (error) {
        throw translate(error);
      }
    },
    commit() {
      attempt(() => database.exec("COMMIT"));
    },
    rollback() {
      if (database.isTransaction) database.exec("ROLLBACK");
    },
    async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
      return attempt(() => {
        const { statement, reads } = prepare(sql);
        const values = parameters.map(bindable);
        // The row type is Kysely's promise to its caller, made from the query: nothing here could check it.
        if (reads) return { rows: statement.all(...values) as R[] };
        return { rows: [], numAffectedRows: BigInt(statement.run(...values).changes) };
      });
    },
    // biome-ignore lint/correctness/useYield: it refuses instead
    async *streamQuery() {
      throw new Error("streaming is not supported: nothing in the store needs it");
    },
  };
}

function bindable(value: unknown): SQLInputValue {
  if (value === null || typeof value === "number" || typeof value === "string" || typeof value === "bigint")
    return value;
  throw new TypeError(`a value of type ${typeof value} cannot be stored in a column`);
}
