// 网格力量: one whole (the roster) as one bar by state, direct labels under it; online rate and grids visited.
(function () {
  'use strict';
  const g = window.gridhall;
  const { h, text, toggle, digits, keyed, setBar, setSign, define } = g.kit;
  const STATES = ['moving', 'still', 'out_of_grid', 'frozen', 'silent', 'offline', 'unseen'];
  const FILL = { moving: 'fill-ok2', still: 'fill-ok', out_of_grid: 'fill-bad', frozen: 'fill-frozen', silent: 'fill-mute', offline: 'fill-off', unseen: 'track' };

  function pairCell(key) {
    return h('div', { 'data-key': key }, h('div', { class: 'panel-base' }), h('div', { class: 'big' }, h('span', {}), h('small', {})), h('div', { class: 'bar track' }), h('div', { class: 'small' }));
  }
  function setPair(cell, label, num, den, note) {
    const [name, big, bar, small] = cell.children;
    text(name, label);
    digits(big.children[0], g.format.int(num), g.shell.jumping);
    text(big.children[1], ` / ${g.format.int(den)}`);
    setBar(bar, [{ class: 'fill-ok', n: num }], den);
    text(small, `${g.format.percent(num, den)}${den ? '%' : ''}${note ? ` · ${note}` : ''}`);
  }

  g.panels.define('force', {
    draw(body, figures, panel) {
      const w = g.words;
      const force = figures.force || {};
      const made = g.panels.once(body, () => {
        const bar = h('div', { class: 'bar' });
        const states = h('div', { class: 'states' });
        const pair = h('div', { class: 'pair' }, pairCell('online'), pairCell('visited'));
        body.append(bar, states, pair);
        return { bar, states, pair };
      });
      const base = panel.querySelector('.panel-base');
      const unseen = force.unseen ? w('force.unseen_n', { n: g.format.int(force.unseen) }) : '';
      const strangers = force.unrostered ? w('unrostered_n', { n: g.format.int(force.unrostered) }) : '';
      text(base, [w('roster_of', { n: g.format.int(force.roster) }), unseen, strangers].filter(Boolean).join(' · '));
      define(base, 'unseen', { num: force.unseen || 0, asOf: figures.as_of_ms });
      const total = STATES.reduce((sum, key) => sum + (force[key] || 0), 0);
      setBar(made.bar, STATES.map((key) => ({ class: FILL[key], n: force[key] || 0, title: `${w('state.' + key)} ${force[key] || 0}` })), total);
      const shown = STATES.filter((key) => key !== 'unseen' && (!['frozen', 'offline'].includes(key) || force[key] > 0));
      keyed(made.states, shown, (key) => key, () => h('div', { class: 'state' }, h('span', {}), h('span', { class: 'label' }), h('b', {})), (cell, key) => {
        setSign(cell.children[0], `worker-full-${key}`);
        text(cell.children[1], w('state.' + key));
        digits(cell.children[2], g.format.int(force[key] || 0), g.shell.jumping);
        toggle(cell, 'bad', key === 'out_of_grid' && force[key] > 0);
        toggle(cell, 'zero', !force[key]);
        define(cell, key, { num: force[key] || 0, asOf: figures.as_of_ms });
      });
      const online = force.online || 0;
      setPair(made.pair.children[0], w('online_rate'), online, force.roster || 0);
      define(made.pair.children[0], 'online_rate', { num: online, den: force.roster || 0, asOf: figures.as_of_ms });
      const visited = (figures.counters || []).find((counter) => counter.key === 'visited_grids');
      const grids = visited && visited.sub ? visited.sub.den : undefined;
      made.pair.children[1].hidden = grids === undefined;
      if (grids !== undefined) {
        setPair(made.pair.children[1], w(g.lists.narrow() ? 'counter.visited_grids' : 'figure.visited_grids'), visited.value, grids, g.lists.narrow() ? '' : w('not_visited_n', { n: g.format.int(grids - visited.value) }));
        define(made.pair.children[1], 'visited_grids', { num: visited.value, den: grids, asOf: figures.as_of_ms });
      }
    },
  });
})();
