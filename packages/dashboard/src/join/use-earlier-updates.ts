import { useEffect, useState } from "react";
import { getOwnParty } from "../api/party.ts";
import type { TabParty } from "./tab-party.ts";
import { savedParty } from "./tab-party.ts";

/**
 * How many updates of this party were counted before the page was loaded: the party itself starts its count anew with a
 * reload, the coordinator does not. 0 until that is known.
 */
export function useEarlierUpdates(party: TabParty): number {
  const [earlier, setEarlier] = useState(0);
  useEffect(() => {
    const saved = savedParty();
    if (saved === undefined) return;
    const { key } = JSON.parse(saved.identity) as { readonly key: string };
    const aborter = new AbortController();
    getOwnParty(key, aborter.signal).then(
      ({ updates }) => setEarlier(Math.max(0, updates - party.status.updates)),
      // The figure is a courtesy; the party's own status tells of a lost connection.
      () => {},
    );
    return () => aborter.abort();
  }, [party]);
  return earlier;
}
