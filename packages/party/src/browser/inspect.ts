import type { InspectResponse } from "@concord/protocol";
import { parseInvite } from "@concord/protocol";
import { coordinatorClient } from "../client.ts";

/**
 * What an invite link leads to, for the visitor to read before joining; the invite is not used up.
 * Rejects with ConcordError: `invalid_argument` for a link that is none, `gone` for one that is used or expired.
 */
export async function inspectInvite(link: string, signal?: AbortSignal): Promise<InspectResponse> {
  const invite = parseInvite(link);
  return await coordinatorClient({ origin: invite.origin }).inspect(invite, signal);
}
