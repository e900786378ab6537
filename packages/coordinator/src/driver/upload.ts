import { decodeSafetensors, SafetensorsError } from "@concord/engine";
import type { TreeBytes } from "@concord/federation";
import { segmentOf, treeBytes } from "@concord/federation";
import { blobId, ConcordError } from "@concord/protocol";
import type { Context } from "../context.ts";
import type { Live, LiveLease, LiveParty, Upload } from "./live.ts";
import { stateAt } from "./work.ts";

/** What the header of an update may take beyond that of the model: names in another order, other blanks, metadata. */
const HEADER_ALLOWANCE = 64 * 1024;

/** The lease for which a party may send an update now. Throws ConcordError `failed_precondition` if there is none. */
export function uploadLease(party: LiveParty): LiveLease {
  const { lease } = party;
  if (lease?.record.kind === "train") return lease;
  throw new ConcordError("failed_precondition", "this party holds no lease for training; ask for work first");
}

/** The most bytes that an update may have: those of the model that it answers, and some for another header. */
export function uploadLimit({ bytes }: LiveLease): number {
  return bytes + HEADER_ALLOWANCE;
}

/**
 * Checks an update and keeps it for the reply that names it. Throws ConcordError `invalid_argument` for bytes that are not
 * what their name says, no safetensors, or no update that the algorithm may merge; nothing of them is kept.
 */
export async function acceptUpload(
  context: Context,
  live: Live,
  lease: LiveLease,
  sha256: string,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<Upload> {
  const { uploads } = lease.transfer;
  const known = uploads.get(sha256);
  if (known !== undefined) return known;
  const actual = await blobId(bytes);
  if (actual !== sha256) {
    throw new ConcordError("invalid_argument", `the ${bytes.length} bytes have the SHA-256 ${actual}, not ${sha256}`, {
      param: "sha256",
    });
  }
  const measured = await checkUpdate(context, live, lease, bytes);
  const upload = { ...(await context.depot.put(bytes, sha256)), ...measured };
  if (lease.transfer.closed) {
    upload.release();
    throw tooLate();
  }
  // A party needs one update for a segment; keeping each that it sends would fill the disk.
  for (const [name, earlier] of uploads) {
    uploads.delete(name);
    earlier.release();
  }
  uploads.set(sha256, upload);
  return upload;
}

/** The bytes of an update that the algorithm may merge. */
async function checkUpdate(
  { depot }: Context,
  live: Live,
  { record }: LiveLease,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<TreeBytes> {
  const { phase } = live;
  const at = phase.kind === "training" ? phase.progress.members.get(record.party) : undefined;
  const segment = at && segmentOf(at.member, record.segment ?? 0);
  if (phase.kind !== "training" || segment === undefined) {
    throw tooLate();
  }
  const state = await stateAt(live, depot, phase, segment.from);
  try {
    const { tensors } = decodeSafetensors(bytes);
    live.algorithm.checkUpdate(state, tensors);
    return treeBytes(tensors);
  } catch (error) {
    if (error instanceof SafetensorsError || error instanceof TypeError || error instanceof RangeError) {
      throw new ConcordError("invalid_argument", `the update was refused: ${error.message}`, { cause: error });
    }
    throw error;
  }
}

function tooLate(): ConcordError {
  return new ConcordError("failed_precondition", "the exchange of this update is over; ask for work");
}
