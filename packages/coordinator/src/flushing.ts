import type { Context } from "./context.ts";

const EVERY_MS = 5_000;

/** Writes metered bytes into the store now and then, when no other transaction has taken them along. */
export function flushing({ journal, meter, clock, log }: Context): { close(): Promise<void> } {
  let closed = false;
  let cancel = () => {};

  async function flush(): Promise<void> {
    // Every commit takes along what has gathered.
    if (!meter.isEmpty()) await journal.commit(async () => {});
  }
  function again(): void {
    cancel = clock.after(EVERY_MS, () => {
      flush()
        .catch((error: unknown) => log.warn({ err: error }, "metered bytes could not be stored yet"))
        .finally(() => {
          if (!closed) again();
        });
    });
  }
  again();

  return {
    async close() {
      closed = true;
      cancel();
      await flush().catch((error: unknown) => log.warn({ err: error }, "the last metered bytes are lost"));
    },
  };
}
