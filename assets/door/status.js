// The list of screens stays fresh: every five seconds the page is asked for anew, and its fresh parts take the place of these.
(function () {
  'use strict';
  const EVERY_MS = 5000;
  const lost = document.querySelector('[data-lost]');
  const parts = (page) => [...page.querySelectorAll('[data-fresh]')];
  async function look() {
    const answer = await fetch(window.location.href, { headers: { Accept: 'text/html' }, cache: 'no-store' });
    if (answer.redirected) window.location.reload(); // to the log-in
    if (!answer.ok) throw new Error(String(answer.status));
    const fresh = parts(new DOMParser().parseFromString(await answer.text(), 'text/html'));
    parts(document).forEach((part, i) => part.replaceWith(document.adoptNode(fresh[i])));
  }
  async function again() {
    if (!document.hidden) lost.hidden = await look().then(() => true, () => false);
    window.setTimeout(again, EVERY_MS);
  }
  window.setTimeout(again, EVERY_MS);
})();
