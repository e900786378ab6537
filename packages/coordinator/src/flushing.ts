import { setImmediate as turnOfTheLoop } from "node:timers/promises";
import type { Context } from "./context.ts";

const EVERY_MS = 10_000;
/** Records in one transaction: the statements of one block the event loop, and heartbeats wait behind it. */
const AT_ONCE = 50;

/** Writes metered bytes into the store now and then, when no other transaction has taken them along. */
export function flushing({ journal, meter, clock, log }: Context): { close(): Promise<void> } {
  let closed = false;
  let cancel = () => {};

  async function flush(): Promise<void> {
    while (!meter.isEmpty()) {
      await journal.flush(AT_ONCE);
      await turnOfTheLoop();
    }
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
