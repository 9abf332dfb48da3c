// 十佳: the best workers and grids of the month by the city's score, each score as the sum of its parts; a part opens its orders.
(function () {
  'use strict';
  const g = window.gridhall;
  const { h, text, attribute, keyed, setBar, rowsThatFit } = g.kit;
  const ROW_U = 36;
  const HEAD_U = 34;
  const LEGEND_U = 30;

  const scoreList = (of) => h('div', { class: 'top-list', 'data-of': of }, h('div', { class: 'col-heads' }, h('span', {}), h('span', { class: 'num' })),
    h('div', { class: 'legend-parts' }), h('div', { class: 'rows' }));
  const partOf = (score, figure) => score.parts.find((part) => part.figure === figure);

  // How much of the score a part makes: its share of the weights times its points.
  const worth = (part) => (part.points === null ? 0 : (Number(part.counted) * Number(part.points)) / 100);
  function parts(row, score, asOf) {
    return row.parts.map((part, at) => {
      const proof = part.filters && { figure: part.figure, num: part.numerator, den: part.denominator ?? undefined, filters: part.filters, asOf, quiet: true };
      const n = Number(worth(part).toFixed(2));
      return { class: `part-${at % 6}`, n, ...(proof ? { proof } : { title: (partOf(score, part.figure) || {}).word || '' }) };
    });
  }
  function legend(holder, score, on, asOf) {
    holder.hidden = !on;
    keyed(holder, on ? score.parts : [], (part) => part.figure, () => h('span', { class: 'legend-item' }, h('i', {}), h('span', {})), (item, part, at) => {
      attribute(item.firstChild, 'class', `swatch part-${at % 6}`);
      text(item.lastChild, g.words(part.inverted ? 'force.part_inverted' : 'force.part', { name: part.word, n: part.weight }));
      g.proof.explain(item, 'month_score', { asOf });
    }, true);
  }

  function drawList(list, score, room, wide, asOf) {
    const w = g.words;
    const [heads, key, rows] = list.children;
    const shown = score.rows.slice(0, Math.max(1, room));
    text(heads.children[0], w(`force.best_${score.of}`, { n: shown.length, all: g.format.int(score.ranked) }));
    text(heads.children[1], w('force.points'));
    legend(key, score, wide, asOf);
    keyed(rows, shown, (row) => row.key, () => h('div', { class: 'row' }, h('span', { class: 'rank' }), h('span', { class: 'name' }), h('span', { class: 'bar' }), h('span', { class: 'value' })), (line, row) => {
      const [rank, name, bar, value] = line.children;
      text(rank, row.rank);
      text(name, score.of === 'grid' ? g.lists.placeName(row.key, row.name) : row.name);
      attribute(name, 'title', row.name);
      setBar(bar, parts(row, score, asOf), 100);
      text(value, row.shown);
      g.kit.define(line, 'month_score', { asOf });
      g.kit.changed(line, row.rank);
    });
  }

  g.panels.define('top', {
    draw(body, figures, panel) {
      const w = g.words;
      const { top } = figures;
      const made = g.panels.once(body, () => {
        const empty = h('div', { class: 'more empty' });
        const lists = ['worker', 'grid'].map(scoreList);
        body.append(...lists, empty);
        return { lists, empty };
      });
      const base = panel.querySelector('.panel-base');
      const of = top ? w('force.best_of', { t: g.format.hm(top.as_of_ms) }) : '';
      text(base, top && top.closed ? g.table.monthOf(top) : of);
      const scores = top ? top.scores.filter((score) => score.rows.length) : [];
      text(made.empty, !top ? '—' : scores.length ? '' : w('force.best_none'));
      made.empty.hidden = scores.length > 0;
      const u = g.kit.unit();
      const beside = body.clientWidth > 600 * u && scores.length > 1;
      body.classList.toggle('beside', beside);
      const perList = beside || !scores.length ? 1 : scores.length;
      const roomy = body.clientHeight / u > perList * (HEAD_U + 2 * LEGEND_U + 3 * ROW_U);
      const room = Math.floor(rowsThatFit(body, ROW_U, perList * (HEAD_U + (roomy ? 2 * LEGEND_U : 0))) / perList);
      for (const list of made.lists) {
        const score = scores.find((one) => one.of === list.dataset.of);
        list.hidden = !score;
        if (score) drawList(list, score, room, roomy, top.as_of_ms);
      }
    },
  });
})();
