import { useEffect, useMemo } from "react";
import { createStore } from "../state/store.ts";
import { useStore } from "../state/use-store.ts";
import type { Member, TabParty } from "./tab-party.ts";
import type { TabView } from "./tab-view.ts";
import { firstView, seeStatus } from "./tab-view.ts";

/** The party of this tab, live. */
export function useTabView(party: TabParty): { readonly view: TabView; readonly member: Member | undefined } {
  const store = useMemo(() => createStore({ view: firstView(party.status), member: party.member }), [party]);
  useEffect(() => {
    const see = () =>
      store.update((before) => {
        const view = seeStatus(before.view, party.status);
        return view === before.view && party.member === before.member ? before : { view, member: party.member };
      });
    see();
    return party.subscribe(see);
  }, [party, store]);
  return useStore(store, (state) => state);
}
