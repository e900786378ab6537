import { hashOf } from "./hash.ts";
import type { Session } from "./session.ts";

/** A session that is counted: release it once when it is no longer needed. */
export interface Lease {
  readonly session: Session;
  release(): void;
}

export interface SessionCache {
  acquire(bytes: Uint8Array, work: number): Promise<Lease>;
  /** Sessions that are open now, in use or idle. */
  readonly size: number;
  /** Closes idle sessions, and from now on every session with its last lease. */
  clear(): Promise<void>;
}

/**
 * Sessions by the hash of their model: a second program of the same shapes opens none. Up to `idle` sessions that nobody
 * uses stay open, the ones used last; the others are released, because nothing else would ever free their memory.
 */
export function sessionCache(open: (bytes: Uint8Array, work: number) => Promise<Session>, idle: number): SessionCache {
  const entries = new Map<string, { opening: Promise<Session>; users: number }>();
  let keep = idle;

  const trim = () => {
    const unused = [...entries].filter(([, { users }]) => users === 0);
    for (const [key, { opening }] of unused.slice(0, Math.max(0, unused.length - keep))) {
      entries.delete(key);
      opening.then((session) => session.release()).catch(() => undefined);
    }
  };

  return {
    async acquire(bytes, work) {
      const key = await hashOf(bytes);
      const entry = entries.get(key) ?? { opening: open(bytes, work), users: 0 };
      entries.set(key, entry);
      entry.users++;
      const session = await entry.opening.catch((error: unknown) => {
        entries.delete(key);
        throw error;
      });
      let held = true;
      return {
        session,
        release() {
          if (!held) return;
          held = false;
          entry.users--;
          // The map is in order of use: the one just given back becomes the newest.
          if (entries.get(key) === entry) {
            entries.delete(key);
            entries.set(key, entry);
          }
          trim();
        },
      };
    },
    get size() {
      return entries.size;
    },
    async clear() {
      keep = 0;
      trim();
    },
  };
}
