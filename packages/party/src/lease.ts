import type { Work } from "@concord/protocol";
import { ConcordError } from "@concord/protocol";
import type { CoordinatorClient } from "./client.ts";
import { isPassing } from "./retry.ts";

export type LeasedWork = Extract<Work, { readonly kind: "train" | "evaluate" }>;
export type Lease = LeasedWork["lease"];

/**
 * Does `work` while heartbeats hold its lease. When the coordinator says that the lease is lost, the signal given to
 * `work` is aborted with that error. A heartbeat that does not get through is left to the next one: the coordinator may
 * be back before the lease ends, and may accept the reply even after it.
 */
export async function holding<T>(
  lease: Lease,
  client: CoordinatorClient,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const lost = new AbortController();
  let beating = false;
  const beat = async () => {
    if (beating) return;
    beating = true;
    try {
      await client.heartbeat(lease.id, signal);
    } catch (error) {
      if (error instanceof ConcordError && !isPassing(error)) lost.abort(error);
    } finally {
      beating = false;
    }
  };
  const timer = setInterval(beat, 1_000 * lease.heartbeatSeconds);
  try {
    return await work(AbortSignal.any([signal, lost.signal]));
  } finally {
    clearInterval(timer);
  }
}
