// The files of the recommender's page, kept for when there is no network. Nothing of the API is ever kept here.
const CACHE = "concord-recommender";

addEventListener("install", () => skipWaiting());
addEventListener("activate", (event) => event.waitUntil(clients.claim()));

addEventListener("message", ({ data }) => {
  if (!Array.isArray(data?.keep)) return;
  caches.open(CACHE).then(async (cache) => {
    await Promise.allSettled(data.keep.map((url) => cache.add(url)));
    // Files of an earlier build, which no page asks for any more.
    const wanted = new Set(data.keep);
    const assets = (await cache.keys()).filter(({ url }) => url.includes("/assets/") && !wanted.has(url));
    await Promise.all(assets.map((request) => cache.delete(request)));
  });
});

addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== location.origin || pathname.startsWith("/v1/")) return;
  // What is there now comes first, so that a new build is seen; what was kept serves when nothing answers.
  event.respondWith(
    fetch(request).catch(async () => (await caches.match(request, { ignoreVary: true })) ?? Response.error()),
  );
});
