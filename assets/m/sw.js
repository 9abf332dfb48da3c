// The handset's service worker: the page opens without a link, and what the server last said of me, my grid and my orders can
// still be read there, marked with its time. The server writes SHELL before these lines: {version, pages: {lang: url}, lang, files}.
/* global SHELL */
"use strict";

const FILES = `gridhall-m-${SHELL.version}`;
const ANSWERS = "gridhall-answers"; // also spelt by app.mjs, which empties it at log-out
const KEPT = [/^\/api\/v1\/me$/, /^\/api\/v1\/mine$/, /^\/api\/v1\/orders\/[^?]+$/, /^\/api\/v1\/files\/[^/]+$/];
const PATIENCE_MS = 4000; // then what is kept is shown, if there is anything
const ALWAYS = KEPT.slice(0, 2); // without these the page cannot be used: they are never given up for others
const MOST_KEPT = 150; // of the others

self.addEventListener("install", (event) => event.waitUntil(install()));
self.addEventListener("activate", (event) => event.waitUntil(activate()));
self.addEventListener("fetch", (event) => {
  const answer = answerTo(event);
  if (answer) event.respondWith(answer);
});

async function install() {
  const cache = await caches.open(FILES);
  const urls = [...Object.values(SHELL.pages), ...SHELL.files];
  await cache.addAll(urls.map((url) => new Request(url, { cache: "reload" })));
  for (const url of Object.values(SHELL.pages)) {
    const text = await (await cache.match(url)).text();
    if (!text.includes(SHELL.version)) throw new Error("the server has another version by now: this one is not installed");
  }
  await self.skipWaiting();
}

async function activate() {
  const old = (await caches.keys()).filter((name) => name.startsWith("gridhall-m-") && name !== FILES);
  await Promise.all(old.map((name) => caches.delete(name)));
  await self.clients.claim();
  for (const client of await self.clients.matchAll()) client.postMessage({ version: SHELL.version });
}

function answerTo({ request }) {
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin) return null;
  if (request.mode === "navigate") return url.pathname === "/m" ? page(request, url) : null;
  if (SHELL.files.includes(url.pathname)) return fromFiles(request, url.pathname);
  if (request.cache === "no-store" || !KEPT.some((path) => path.test(url.pathname))) return null;
  if (!url.pathname.startsWith("/api/v1/files/")) return networkFirst(request);
  return url.search === "?size=thumb" ? keptFirst(request) : null;
}

/** The page itself in the language that is asked for: from the phone, at once. A newer one comes with the next worker. */
function page(request, url) {
  return fromFiles(request, SHELL.pages[url.searchParams.get("lang")] ?? SHELL.pages[SHELL.lang]);
}

async function fromFiles(request, key) {
  return (await (await caches.open(FILES)).match(key)) ?? fetch(request);
}

/** A photo never changes under its id. */
async function keptFirst(request) {
  const held = await (await caches.open(ANSWERS)).match(request.url);
  if (held) return held;
  const response = await fetch(request);
  if (response.ok) await keep(request, response.clone());
  return response;
}

async function networkFirst(request) {
  const held = await (await caches.open(ANSWERS)).match(request.url);
  const asked = fetch(request).then((response) => heard(request, response));
  if (!held) return asked;
  const late = new Promise((resolve) => setTimeout(() => resolve(held), PATIENCE_MS));
  return Promise.race([asked.catch(() => held), late]);
}

async function heard(request, response) {
  if (response.status === 401) await caches.delete(ANSWERS); // nobody is logged in: nobody reads on
  if (response.ok && !response.redirected) await keep(request, response.clone());
  return response;
}

async function keep(request, response) {
  const headers = new Headers(response.headers);
  headers.set("X-Kept-At", String(Date.now()));
  const whole = new Response(await response.blob(), { status: 200, headers }); // a link that breaks here costs nothing kept
  const cache = await caches.open(ANSWERS);
  await cache.put(request.url, whole); // at one stroke, and the last of the keys: the oldest are the first
  const keys = (await cache.keys()).filter(({ url }) => !ALWAYS.some((path) => path.test(new URL(url).pathname)));
  for (const key of keys.slice(0, Math.max(0, keys.length - MOST_KEPT))) await cache.delete(key);
}
