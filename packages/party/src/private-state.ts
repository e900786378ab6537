import type { PrivateTree } from "@concord/federation";

/** When a private state was made: at the end of this segment of this round. */
export interface PrivateLabel {
  readonly round: number;
  readonly segment: number;
}

/** A party's own state (momenta, a personal encoder) after a segment. It never leaves the party. */
export interface PrivateEntry extends PrivateLabel {
  readonly state: PrivateTree;
}

/**
 * Where a party keeps its private state from one segment to the next.
 *
 * Two entries are kept, not one. A party that is killed after it stored the state of a segment, but before the
 * coordinator accepted its reply, gets the same segment again; it must then start from the state before that segment to
 * send the same bits again.
 */
export interface PrivateStore {
  /** What is kept, in any order. */
  entries(): Promise<readonly PrivateEntry[]>;
  /** Keeps the entry and the newest one before it. Durable when it resolves. */
  put(entry: PrivateEntry): Promise<void>;
  /** Forgets everything: the party has left. */
  clear(): Promise<void>;
}

/** The state that a segment starts from: the newest one made before it. */
export function stateBefore(entries: readonly PrivateEntry[], label: PrivateLabel): PrivateTree | undefined {
  return newestBefore(entries, label)?.state;
}

/** What a store keeps once an entry is added to it. Those of the same or a later label are of a past that was undone. */
export function kept(entries: readonly PrivateEntry[], added: PrivateEntry): readonly PrivateEntry[] {
  const before = newestBefore(entries, added);
  return before === undefined ? [added] : [before, added];
}

/** A store for as long as the process lives. */
export function memoryStore(): PrivateStore {
  let entries: readonly PrivateEntry[] = [];
  return {
    entries: async () => entries,
    async put(entry) {
      entries = kept(entries, entry);
    },
    async clear() {
      entries = [];
    },
  };
}

function newestBefore(entries: readonly PrivateEntry[], label: PrivateLabel): PrivateEntry | undefined {
  return entries
    .filter((entry) => compare(entry, label) < 0)
    .reduce<PrivateEntry | undefined>((newest, e) => (newest && compare(newest, e) > 0 ? newest : e), undefined);
}

function compare(a: PrivateLabel, b: PrivateLabel): number {
  return a.round - b.round || a.segment - b.segment;
}
