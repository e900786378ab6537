import type { SavedParty } from "./messages.ts";

/**
 * Who this tab is, kept in its session storage: it survives a reload and ends with the tab. A duplicated tab gets a copy,
 * which the lock of the first one then makes useless.
 */
export interface SavedParties {
  load(): SavedParty | undefined;
  save(party: SavedParty): void;
  forget(): void;
}

const NAME = "concord.party";

export function savedParties(storage: Storage): SavedParties {
  return {
    load() {
      const text = storage.getItem(NAME);
      if (text === null) return undefined;
      try {
        const saved: unknown = JSON.parse(text);
        if (isSaved(saved)) return saved;
      } catch {
        // Not ours, or damaged: as good as nothing.
      }
      storage.removeItem(NAME);
      return undefined;
    },
    save: (party) => storage.setItem(NAME, JSON.stringify(party)),
    forget: () => storage.removeItem(NAME),
  };
}

/** Enough to tell ours from others; the worker checks the identity itself against its schema. */
function isSaved(value: unknown): value is SavedParty {
  return (
    typeof value === "object" &&
    value !== null &&
    "kind" in value &&
    (value.kind === "joining" || value.kind === "member") &&
    "identity" in value &&
    typeof value.identity === "string" &&
    "source" in value &&
    typeof value.source === "object"
  );
}
