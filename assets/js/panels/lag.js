// 位置 95% 不超过 n 秒: how old the positions on the map are, counted from the live table itself.
(function () {
  'use strict';
  const g = window.gridhall;

  g.panels.define('lag', {
    draw(body, figures, panel) {
      const seconds = figures.age && figures.age.positions_p95_s;
      const lag = g.live && g.live.lagMs;
      let words = '';
      if (seconds !== undefined && seconds !== null) words = g.words('lag_p95', { t: g.format.span(seconds) });
      else if (lag !== undefined && lag !== null) words = g.words('lag_link', { t: (lag / 1000).toFixed(1) });
      g.kit.text(panel, words);
    },
  });
})();
