// 附近力量: who is nearest to the emergency, with load and age of the fix, and whom the order is given to; letters as on the map.
(function () {
  'use strict';
  const g = window.gridhall;
  const { h, text, toggle, keyed, setSign, define, changed } = g.kit;
  const { picker, columns, listOf, foot, fitting } = g.lists;
  const ROW_U = 46;
  let chosen = '';

  // The nearest carry their letters on the map as long as their panel is shown.
  function choose(rows) {
    const view = g.map && g.map.of && g.map.of('map');
    const told = JSON.stringify(rows.map((row) => [row.worker, row.letter]));
    if (!view || !view.setChosen || told === chosen) return;
    chosen = told;
    view.setChosen(rows.map((row) => row.worker), rows.map((row) => row.letter));
  }
  if (g.live && g.live.on) g.live.on('figures', () => { if (chosen && chosen !== '[]' && !g.scenes.order()) choose([]); });

  // Those who show: the nearest, and in the last line whom the order is given to if he is not among them.
  function shownOf(workers, room) {
    const shown = workers.slice(0, room);
    const given = workers.find((row) => row.given);
    return given && !shown.includes(given) ? [...shown.slice(0, -1), given] : shown;
  }

  g.panels.define('near', {
    draw(body, figures, panel) {
      const w = g.words;
      const told = figures.alarm;
      const workers = told ? told.workers : [];
      const made = g.panels.once(body, () => listOf(body, h('span', {}), h('span', {}), h('span', {}), h('span', { class: 'role' }, w('force.role')), h('span', { class: 'num' }, w('alarm.load')), h('span', { class: 'num' }, w('alarm.distance')), h('span', { class: 'num age-col' }, w('alarm.fix'))));
      const base = panel.querySelector('.panel-base');
      text(base, told ? w('alarm.workers_within', { m: told.near_m, n: g.format.int(told.workers_near) }) : '');
      define(base, 'near_workers', { num: told ? told.workers_near : 0, asOf: figures.as_of_ms });
      const shown = shownOf(workers, fitting(made.rows, workers.length, ROW_U));
      const away = (row) => g.format.metres(row.distance_m);
      const fix = (row) => (row.fixed_at_ms ? g.format.ago((g.shell.now() - row.fixed_at_ms) / 1000) : '—');
      const load = (row) => (row.open_orders === null ? '—' : w('alarm.load_n', { n: row.open_orders }));
      columns(body, { away: [w('alarm.distance'), ...shown.map(away)], load: [w('alarm.load'), ...shown.map(load)], fix: [w('alarm.fix'), ...shown.map(fix)] });
      made.heads.hidden = !shown.length;
      keyed(made.rows, shown, (row) => row.worker, (row) => picker('worker', row.worker, h('b', { class: 'near-letter' }), h('span', {}), h('span', { class: 'name' }), h('span', { class: 'role' }), h('span', { class: 'small load' }), h('span', { class: 'value' }), h('span', { class: 'small age-col' })), (line, row) => {
        const [letter, mark, name, role, hand, metres, age] = line.children;
        text(letter, row.letter);
        setSign(mark, `worker-${row.role}-${row.presence}-${row.heading_deg ?? 45}`);
        text(name, row.name);
        text(role, row.given ? w('alarm.given') : w('role.' + row.role));
        toggle(line, 'given', row.given);
        text(hand, load(row));
        if (row.open_orders !== null) g.proof.mark(hand, { figure: 'open', num: row.open_orders, filters: { region: null, handler: row.worker }, asOf: figures.as_of_ms, quiet: true });
        text(metres, away(row));
        text(age, fix(row));
        g.proof.explain(line, 'near_distance', { asOf: figures.as_of_ms });
        changed(line, [row.letter, row.given]);
      });
      choose(shown.filter((row) => row.letter && shown.indexOf(row) < 6));
      foot(made.more, workers.length, shown.length, told ? w(told.facts.lon === null ? 'empty.place' : 'alarm.nobody_near') : '');
    },
  });
})();
