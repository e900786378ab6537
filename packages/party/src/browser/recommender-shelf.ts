import type { Kept, Shelf } from "../recommender/shelf.ts";

const NAME = "concord-recommender";
const STORE = "kept";

/**
 * A shelf in the browser's IndexedDB, for one federation. It stays until its owner deletes it. Rejects with the DOMException of
 * IndexedDB where the browser refuses (a private window of some browsers).
 */
export async function browserShelf(place: string, factory: IDBFactory = indexedDB): Promise<Shelf> {
  const request = factory.open(NAME, 1);
  request.onupgradeneeded = () => request.result.createObjectStore(STORE);
  const database = await finished(request);
  const keyOf = (name: keyof Kept) => [place, name];

  async function write(change: (objects: IDBObjectStore) => void): Promise<void> {
    const transaction = database.transaction(STORE, "readwrite", { durability: "strict" });
    change(transaction.objectStore(STORE));
    await new Promise<void>((resolve, reject) => {
      transaction.oncomplete = () => resolve();
      transaction.onabort = () => reject(transaction.error);
      transaction.onerror = () => reject(transaction.error);
    });
  }
  return {
    async get<N extends keyof Kept>(name: N) {
      const found = await finished(database.transaction(STORE).objectStore(STORE).get(keyOf(name)));
      return found as Kept[N] | undefined;
    },
    put: (name, value) => write((objects) => objects.put(value, keyOf(name))),
    remove: (name) => write((objects) => objects.delete(keyOf(name))),
    // Every name of this place, and of no other: arrays sort by their first element.
    clear: () => write((objects) => objects.delete(IDBKeyRange.bound([place], [place, []]))),
  };
}

function finished<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
