import { memoryStore } from "./memory.ts";
import { paletteContract } from "./suite/palettes.ts";
import { storeContract } from "./suite/store-contract.ts";

const make = async () => {
  const store = memoryStore();
  // It lasts as long as the process, so there is nothing to come back to but itself.
  return { store, reopen: async () => store, dispose: () => store.close() };
};

storeContract("the store in memory", make);
paletteContract("the store in memory", make);
