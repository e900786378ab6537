import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSqliteStore } from "./sqlite.ts";
import { storeContract } from "./suite.ts";

storeContract("the store in SQLite", async () => {
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
});
