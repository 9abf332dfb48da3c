// The library of tables, which no wall has, is loaded once the wall stands: somebody may go on from it to a page with a table.
(function () {
  'use strict';
  const g = (window.gridhall = window.gridhall || {});
  const AFTER_MS = 4000; // of the first figures; or at the first touch
  function load() {
    for (const link of document.querySelectorAll('link[data-later]')) {
      const script = document.createElement('script');
      script.src = link.href;
      link.replaceWith(script);
    }
  }
  const off = g.live && g.live.on('figures', () => { off(); setTimeout(load, AFTER_MS); });
  for (const event of ['pointerdown', 'keydown', 'popstate']) window.addEventListener(event, load, { once: true, capture: true });
})();
