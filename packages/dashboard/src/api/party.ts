import type { OwnView } from "@concord/protocol";
import { requestJson } from "./http.ts";

/** What the coordinator knows of the party that holds the key. */
export function getOwnParty(key: string, signal?: AbortSignal): Promise<OwnView> {
  return requestJson("/v1/party", { key, signal });
}
