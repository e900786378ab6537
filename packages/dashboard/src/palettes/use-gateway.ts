import type { GatewayView, PaletteView } from "@concord/protocol";
import { useEffect } from "react";
import { RequestError } from "../api/http.ts";
import { getGateway, listPalettes } from "../api/palettes.ts";
import type { Role, Session } from "../session/session.ts";
import { session } from "../session/session.ts";
import { createStore } from "../state/store.ts";
import { useStore } from "../state/use-store.ts";

/** What this tab may have of the coordinator's gateway. */
export type GatewayState =
  /** No key in this tab, or it is not known yet. */
  | { readonly kind: "closed" }
  /** There is none: the page stands alone. */
  | { readonly kind: "none" }
  | { readonly kind: "failed"; readonly why: string }
  | {
      readonly kind: "open";
      readonly key: string;
      readonly role: Role;
      readonly view: GatewayView;
      readonly palettes: readonly PaletteView[];
      readonly reload: () => void;
    };

/** One for the page: two cards look at it. */
const gateway = createStore<GatewayState>({ kind: "closed" });

/** The gateway of the coordinator that served the page, as far as the key of this tab opens it. */
export function useGateway(): GatewayState {
  return useStore(gateway, (state) => state);
}

/** Looks for the gateway whenever the session changes. For the page, once. */
export function useGatewayOfSession(): void {
  const current = useStore(session, (state) => state);
  useEffect(() => {
    const stop = new AbortController();
    void load(current, stop.signal);
    return () => stop.abort();
  }, [current]);
}

async function load(current: Session, signal: AbortSignal): Promise<void> {
  if (current.kind !== "open") return gateway.update(() => ({ kind: "closed" }));
  const { key, role } = current;
  const state = await look(key, role, signal);
  if (!signal.aborted) gateway.update(() => state);
}

async function look(key: string, role: Role, signal: AbortSignal): Promise<GatewayState> {
  try {
    const view = await getGateway(key, signal);
    if (!view.enabled) return { kind: "none" };
    const palettes = await listPalettes(key, signal);
    return { kind: "open", key, role, view, palettes, reload: () => void load({ kind: "open", key, role }, signal) };
  } catch (error) {
    if (error instanceof RequestError && error.status === 404) return { kind: "none" };
    return { kind: "failed", why: error instanceof Error ? error.message : String(error) };
  }
}
