import { memoryStore } from "./memory.ts";
import { storeContract } from "./suite/store-contract.ts";

storeContract("the store in memory", async () => {
  const store = memoryStore();
  // It lasts as long as the process, so there is nothing to come back to but itself.
  return { store, reopen: async () => store, dispose: () => store.close() };
});
