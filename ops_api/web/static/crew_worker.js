// A crew's page opens without reception, too: as it was when it was last seen. Nothing but pages and their files is kept.
"use strict";
const NAME = "cityops-crew-1", PATIENCE_MS = 5000;
self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("fetch", (event) => {
  const request = event.request, url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== location.origin) return;
  const page = request.mode === "navigate" && /^\/crew\/[^/]+$/.test(url.pathname), file = url.pathname.startsWith("/static/");
  if (page) event.respondWith(fresh(request, url.pathname));
  else if (file) event.respondWith(kept(request));
});

async function fresh(request, path) {
  const cache = await caches.open(NAME), old = await cache.match(path);
  const asked = fetch(request).then((answer) => {
    if (answer.ok && !answer.redirected) cache.put(path, answer.clone());
    return answer;
  });
  if (!old) return asked;
  const late = new Promise((done) => { setTimeout(() => done(old.clone()), PATIENCE_MS); });
  return Promise.race([asked.catch(() => old.clone()), late]);
}

async function kept(request) {
  const cache = await caches.open(NAME), old = await cache.match(request);
  if (old) return old;
  const answer = await fetch(request);
  if (answer.ok) cache.put(request, answer.clone());
  return answer;
}
