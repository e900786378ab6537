import type { Traffic, TreeBytes } from "@concord/federation";
import { NO_TRAFFIC } from "@concord/federation";
import type { LiveLease } from "./live.ts";

/**
 * Payload bytes of a segment without a reply: the model if it went down whole, and an update that nobody will name.
 *
 * Payload is the tensor data that the papers' formulas count, so each counts once for a (round, party, segment), however
 * often a transfer was broken off or repeated; the wire bytes have every repetition.
 */
export function transferred(lease: LiveLease | undefined): Traffic | undefined {
  if (lease === undefined) return undefined;
  const { downloaded, uploads } = lease.transfer;
  const { payload: payloadUp, index: indexUp } = [...uploads.values()][0] ?? NOTHING;
  const payloadDown = downloaded === "yes" ? lease.payload : 0;
  return payloadUp + payloadDown === 0 ? undefined : { ...NO_TRAFFIC, payloadUp, indexUp, payloadDown };
}

const NOTHING: TreeBytes = { payload: 0, index: 0 };

/** Bytes of a segment that was replied to with an update of so many bytes (none for an evaluation). */
export function exchanged(lease: LiveLease, { payload: payloadUp, index: indexUp }: TreeBytes = NOTHING): Traffic {
  const payloadDown = lease.transfer.downloaded === "no" ? 0 : lease.payload;
  return { ...NO_TRAFFIC, payloadUp, indexUp, payloadDown };
}
