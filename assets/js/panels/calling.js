// Whose alarm (SOS) stands, over the map of a wall: who, where and since when, the newest first and the longest waiting last; a click
// opens the worker. Of more than have a line all are shown on demand.
(function () {
  'use strict';
  const g = window.gridhall;
  const { h, text, toggle, keyed, alarmSign } = g.kit;
  const { picker, placeName } = g.lists;
  const SHOWN = { s0: 2, s1: 2, s2: 3 };
  let all = false;

  // The newest, and in the last line who has waited longest: none of the two is ever out of sight.
  function lines(rows, places) {
    return all || rows.length <= places ? rows : [...rows.slice(0, places - 1), rows[rows.length - 1]];
  }

  // Where he was last seen and how long ago that was; else that nobody knows.
  function whereabouts(row) {
    if (!row.place_at_ms) return g.words('sos.no_place');
    const here = row.here ? placeName(row.here, row.here_name) : g.words('outside');
    return g.words('calling.place', { t: g.format.ago((g.shell.now() - row.place_at_ms) / 1000), here });
  }

  g.panels.define('calling', {
    draw(body, figures, panel) {
      const told = figures.calling || { total: 0, rows: [] };
      panel.hidden = !told.total;
      const made = g.panels.once(body, () => {
        const rows = h('div', {});
        const more = h('button', { type: 'button', class: 'calling-more', onclick: () => { all = !all; g.panels.draw(); } });
        body.append(rows, more);
        return { rows, more };
      });
      const places = SHOWN[document.documentElement.dataset.step] || 4;
      all &&= told.total > places;
      const shown = lines(told.rows, places);
      toggle(made.rows, 'all', all);
      keyed(made.rows, shown, (row) => `${row.worker} ${row.since_ms}`, (row) => picker('worker', row.worker, alarmSign('calling-sign'), h('b', {}), h('span', { class: 'grid' }), h('span', { class: 'place' }), h('span', { class: 'since' })), (line, row) => {
        text(line.children[1], g.words('situation.calling', { name: row.name }));
        text(line.children[2], row.grid && !row.place_at_ms ? placeName(row.grid, row.grid_name) : ''); // else where he is says more
        text(line.children[3], whereabouts(row));
        text(line.children[4], g.words('calling.since', { at: g.format.hms(row.since_ms), t: g.format.duration(Math.max(0, (g.shell.now() - row.since_ms) / 1000)) }));
      }, true);
      const rest = told.total - shown.length;
      text(made.more, told.total <= places ? '' : all ? g.words('calling.fewer') : g.words('calling.more', { n: g.format.int(rest) }));
      made.more.hidden = told.total <= places;
    },
  });
})();
