/**
 * Has a service worker keep the files that this page is made of, so that it opens without the network. What they show is in
 * the browser's database already. Browsers without service workers, or without a secure origin, do without.
 *
 * @param byWorker what the page's Web Worker has loaded: the page itself does not see that
 */
export async function keepForOffline(byWorker: readonly string[]): Promise<void> {
  try {
    await navigator.serviceWorker.register("/offline.js", { scope: "/recommender/" });
    const { active } = await navigator.serviceWorker.ready;
    const byPage = performance.getEntriesByType("resource").map(({ name }) => name);
    const urls = [...new Set([...byPage, ...byWorker])].filter(isFileOfThePage);
    active?.postMessage({ keep: [location.origin + location.pathname, ...urls] });
  } catch {
    // The page works all the same; only a reload needs the network.
  }
}

function isFileOfThePage(url: string): boolean {
  const { origin, pathname } = new URL(url);
  return origin === location.origin && !pathname.startsWith("/v1/");
}
