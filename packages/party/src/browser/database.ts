import type { PartyData } from "../join.ts";
import type { PrivateEntry, PrivateStore } from "../private-state.ts";
import { kept, memoryStore } from "../private-state.ts";

/** What a tab keeps on the visitor's disk to survive a reload. Nothing of it is ever sent. */
export interface PartyDatabase {
  readonly privateStore: PrivateStore;
  /** Keeps examples that could not be made again. */
  saveData(data: PartyData): Promise<void>;
  loadData(): Promise<PartyData | undefined>;
  /** Forgets this party: it has left, or the federation has finished. */
  clear(): Promise<void>;
}

/** For browsers that keep nothing (a private window, a disk that is full): the party works, but its state ends with the tab. */
export function forgetfulDatabase(): PartyDatabase {
  const privateStore = memoryStore();
  return { privateStore, saveData: async () => {}, loadData: async () => undefined, clear: privateStore.clear };
}

const NAME = "concord";
const VERSION = 1;
const STATES = "states";
const EXAMPLES = "examples";
/** A tab that is closed for good cannot tidy up; the next one that opens does. */
const KEEP_MS = 3 * 86_400_000;

interface Kept<T> {
  readonly value: T;
  readonly savedAt: number;
}

/**
 * The part of the browser's IndexedDB that belongs to one party. Rejects with the DOMException of IndexedDB where it
 * refuses (a full disk, a private window of some browsers).
 */
export async function partyDatabase(party: string, factory: IDBFactory = indexedDB): Promise<PartyDatabase> {
  const database = await open(factory);
  await forgetOld(database);

  async function read<T>(store: string): Promise<T | undefined> {
    const found = await finished(database.transaction(store).objectStore(store).get(party));
    return (found as Kept<T> | undefined)?.value;
  }
  /** Resolves when the browser says that the transaction is complete, and asks it to be on disk by then. */
  async function write<T>(store: string, change: (before: T | undefined) => T | undefined): Promise<void> {
    const transaction = database.transaction(store, "readwrite", { durability: "strict" });
    const objects = transaction.objectStore(store);
    const before = (await finished(objects.get(party))) as Kept<T> | undefined;
    const value = change(before?.value);
    if (value === undefined) objects.delete(party);
    else objects.put({ value, savedAt: Date.now() } satisfies Kept<T>, party);
    await completed(transaction);
  }

  const privateStore: PrivateStore = {
    entries: async () => (await read<readonly PrivateEntry[]>(STATES)) ?? [],
    put: (entry) => write<readonly PrivateEntry[]>(STATES, (before) => kept(before ?? [], entry)),
    clear: () => write(STATES, () => undefined),
  };
  return {
    privateStore,
    saveData: (data) => write<PartyData>(EXAMPLES, () => data),
    loadData: () => read<PartyData>(EXAMPLES),
    async clear() {
      await privateStore.clear();
      await write(EXAMPLES, () => undefined);
    },
  };
}

async function open(factory: IDBFactory): Promise<IDBDatabase> {
  const request = factory.open(NAME, VERSION);
  request.onupgradeneeded = () => {
    for (const store of [STATES, EXAMPLES]) {
      const objects = request.result.createObjectStore(store);
      objects.createIndex("savedAt", "savedAt");
    }
  };
  return await finished(request);
}

/** Removes what belongs to parties whose state has not changed for days. */
async function forgetOld(database: IDBDatabase): Promise<void> {
  const transaction = database.transaction([STATES, EXAMPLES], "readwrite");
  const [states, examples] = [transaction.objectStore(STATES), transaction.objectStore(EXAMPLES)];
  const old = IDBKeyRange.upperBound(Date.now() - KEEP_MS);
  for (const party of await finished(states.index("savedAt").getAllKeys(old))) states.delete(party);
  // Examples are written once, on joining: what tells whether they are in use is the state beside them.
  for (const party of await finished(examples.index("savedAt").getAllKeys(old))) {
    if ((await finished(states.count(party))) === 0) examples.delete(party);
  }
  await completed(transaction);
}

function finished<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

function completed(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error);
    transaction.onerror = () => reject(transaction.error);
  });
}
