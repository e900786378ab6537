/** The worker of a tab: it is a party, or a recommender, by the first message that it gets. */
export function spawnWorker(): Worker {
  return new Worker(new URL("./worker.ts", import.meta.url), { type: "module", name: "concord party" });
}
