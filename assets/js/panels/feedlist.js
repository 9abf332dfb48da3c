// 视频在线: feeds by region below, lowest share online first, and by owner where there is room for both.
(function () {
  'use strict';
  const g = window.gridhall;
  const { h, text, attribute, keyed, define, changed } = g.kit;
  const { columns, foot, nameOf } = g.lists;
  const ROW_U = 40;
  const MOST_OWNERS = 8;

  const heads = (first) => h('div', { class: 'col-heads' }, h('span', {}, first), ...['all', 'online', 'frozen', 'offline'].map((key) => h('span', { class: 'num' }, g.words('cameras.head.' + key))), h('span', { class: 'num' }, '%'));
  const cells = () => [h('span', { class: 'name' }), ...[1, 2, 3, 4].map(() => h('span', { class: 'small' })), h('span', { class: 'value' })];
  const dead = (row) => row.offline + row.fault;

  function fill(line, row, name, asOf) {
    const { int, percent } = g.format;
    [name, int(row.all), int(row.online), row.frozen ? int(row.frozen) : '—', dead(row) ? int(dead(row)) : '—', percent(row.online, row.all)]
      .forEach((words, at) => text(line.children[at], words));
    g.kit.toggle(line.children[3], 'warn', row.frozen > 0);
    define(line, 'feeds_online', { num: row.online, den: row.all, asOf });
    changed(line, [row.all, row.online, row.frozen]);
  }

  g.panels.define('feedlist', {
    draw(body, figures, panel) {
      const w = g.words;
      const { regions, owners, counts } = figures.feeds;
      const made = g.panels.once(body, () => {
        const rows = h('div', { class: 'rows by-region' });
        const more = h('div', { class: 'more' });
        const owned = h('div', { class: 'by-owner' }, heads(w('cameras.owner')), h('div', { class: 'owner-rows' }));
        const top = heads('');
        body.append(top, rows, more, owned);
        return { top, rows, more, owned };
      });
      const base = panel.querySelector('.panel-base');
      text(base, w('cameras.online_of', { n: g.format.int(counts.online), all: g.format.int(counts.all) }));
      define(base, 'feeds_online', { num: counts.online, den: counts.all, asOf: figures.as_of_ms });
      text(made.top.firstChild, g.shell.childLevelName() || w('cameras.region'));
      const all = [...regions, ...owners];
      columns(body, { all: [w('cameras.head.all'), ...all.map((row) => g.format.int(row.all))], frozen: [w('cameras.head.frozen'), ...all.map((row) => String(row.frozen))], offline: [w('cameras.head.offline'), ...all.map((row) => String(dead(row)))] });
      const room = body.clientHeight / g.kit.unit();
      const shown = owners.slice(0, MOST_OWNERS);
      made.owned.hidden = !(shown.length > 1 && room > 28 + 6 * ROW_U + 50 + shown.length * ROW_U);
      keyed(made.rows, regions, (row) => row.code, (row) => h(row.code && row.code !== g.shell.region() ? 'a' : 'div', { class: 'row', 'data-region': row.code }, ...cells()), (line, row) => {
        fill(line, row, nameOf(row.code, row.name), figures.as_of_ms);
        if (line.localName === 'a') attribute(line, 'href', g.links.wall({ region: row.code }));
      });
      foot(made.more, regions.length, regions.length, w('cameras.none'));
      if (!made.owned.hidden) {
        keyed(made.owned.lastChild, shown, (row) => row.owner, () => h('div', { class: 'row' }, ...cells()), (line, row) => fill(line, row, row.owner || w('unknown'), figures.as_of_ms));
      }
      g.scroll.lines(made.rows, { rowU: ROW_U });
    },
  });
})();
