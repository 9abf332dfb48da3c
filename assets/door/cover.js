// In the head of every page: if the page before has left a picture of itself (assets/js/77_renew.js), it stands over this one from
// its first moment on until `gridhallCover.lift()`, so that a wall that renews itself is never dark.
(function () {
  'use strict';
  const STILL = 'gridhall.still';
  const LONGEST_MS = 30000;
  const OLDEST_MS = 20000; // what is older was not left for this page, and not for whoever sits here now
  let told = '';
  try {
    told = window.sessionStorage.getItem(STILL) || '';
    window.sessionStorage.removeItem(STILL);
  } catch (refused) {
    told = ''; // a browser without storage has left nothing
  }
  const end = told.indexOf('\n');
  if (end < 0 || Date.now() - Number(told.slice(0, end)) > OLDEST_MS) return;
  const frame = document.createElement('iframe');
  frame.setAttribute('sandbox', 'allow-same-origin'); // no scripts run in it
  frame.setAttribute('aria-hidden', 'true');
  frame.id = 'gridhall-cover';
  frame.style.cssText = 'position:fixed;inset:0;width:100vw;height:100vh;border:0;z-index:2147483647;pointer-events:none;background:inherit';
  frame.srcdoc = told.slice(end + 1);
  // Until the picture stands nothing of this page is painted, so that the browser goes on showing the page before.
  const wait = document.createElement('link');
  Object.assign(wait, { rel: 'expect', href: '#gridhall-cover-stands' });
  wait.setAttribute('blocking', 'render');
  document.head.append(wait);
  frame.addEventListener('load', () => wait.remove(), { once: true });
  document.documentElement.append(frame);
  const timer = window.setTimeout(lift, LONGEST_MS);
  function lift() {
    window.clearTimeout(timer);
    frame.remove();
  }
  window.gridhallCover = { lift };
})();
