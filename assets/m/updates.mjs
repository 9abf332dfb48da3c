/** The service worker: that the page opens without a link, and that a newer one is taken up when it does not disturb. */

const CHECK_EVERY_MS = 3_600_000;
const ANSWERS = "gridhall-answers"; // also spelt by sw.js

/** Calls `changed()` once the phone has another version of the page than the one that is open. */
export function followUpdates(version, changed) {
  const { serviceWorker } = navigator;
  if (!serviceWorker) return; // no secure connection: the page needs a link to open
  serviceWorker.register("/m/sw.js", { scope: "/m" }).then(
    (registration) => setInterval(() => registration.update().catch(() => {}), CHECK_EVERY_MS),
    () => {}, // the page works without, as long as there is a link
  );
  serviceWorker.addEventListener("message", ({ data }) => data?.version && data.version !== version && changed());
}

/** Whether this window's requests go through the service worker, so that its answers are kept. */
export const keepsAnswers = () => Boolean(navigator.serviceWorker?.controller);

/** Resolves when they do; never, where there is none. */
export const untilKept = () =>
  new Promise((resolve) => navigator.serviceWorker?.addEventListener("controllerchange", resolve, { once: true }));

/** What is kept of the server's answers goes with who was logged in. */
export async function forgetAnswers() {
  await globalThis.caches?.delete(ANSWERS).catch(() => {});
}
