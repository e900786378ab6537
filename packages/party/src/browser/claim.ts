/** A page that is being reloaded gives its lock back a moment after the new one asks for it. */
const PATIENCE_MS = 3_000;

/**
 * Claims a party for this tab: true if no other tab holds it. The lock is held as long as the thread lives, so it ends
 * with the tab however that ends. Browsers offer locks on secure origins only (https, localhost); elsewhere nothing
 * guards against a duplicated tab.
 */
export function claim(party: string, locks: LockManager | undefined): Promise<boolean> {
  if (locks === undefined) return Promise.resolve(true);
  return new Promise((resolve, reject) => {
    const forever = new Promise<never>(() => {});
    const held = () => {
      resolve(true);
      return forever;
    };
    const signal = AbortSignal.timeout(PATIENCE_MS);
    locks.request(`concord party ${party}`, { signal }, held).catch((error: unknown) => {
      if (signal.aborted) resolve(false);
      else reject(error);
    });
  });
}
