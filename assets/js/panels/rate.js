// 办结率: the rate of the shown region large, the regions below it as a dot plot on a cut axis, worst first; departments alike.
(function () {
  'use strict';
  const g = window.gridhall;
  const { h, text, digits, keyed, toggle, attribute, changed, rowsThatFit } = g.kit;

  const { axisOf, axisHead, axisCell, dotline, dotRow, exact, worstFirst } = g.dotplot;

  g.panels.define('rate', {
    draw(body, figures, panel) {
      const w = g.words;
      const closure = figures.closure || { rate: { num: 0, den: 0 }, rows: [] };
      const made = g.panels.once(body, () => {
        const value = h('a', { class: 'hero-value' }, h('span', { class: 'n' }), h('span', { class: 'unit' }, '%'));
        const counts = h('a', {});
        const open = h('a', {});
        const onTime = h('a', { class: 't3' });
        const note = h('span', { class: 'hero-note' }, h('div', {}, counts), h('div', {}, onTime), h('div', {}, open));
        const heads = h('div', { class: 'col-heads' }, h('span', {}), axisCell(), h('span', { class: 'num' }, '%'), h('span', { class: 'num wide' }, w('on_time_short')), h('span', { class: 'num' }, w('open')));
        const rows = h('div', { class: 'rows' });
        const more = h('div', { class: 'more' });
        body.append(h('div', { class: 'hero' }, value, note), heads, rows, more);
        return { value, counts, open, onTime, heads, rows, more };
      });
      const { rate } = closure;
      const [key, onTimeKey] = g.shell.rateKeys(closure);
      const base = { window: g.shell.windowText(), basis: 'report', asOf: figures.as_of_ms };
      const whole = { ...base, figure: key, num: rate.num, den: rate.den, open: closure.open, filters: closure.filters };
      const name = w('figure.' + key); // a narrow column has no room for the period, which stands in the header
      const narrow = document.documentElement.dataset.step === 's1' && g.format.english();
      text(panel.querySelector('.panel-title'), narrow ? name : w('closure_of', { rate: name, period: w('period.' + g.shell.period().key) }));
      digits(made.value.querySelector('.n'), g.format.percent(rate.num, rate.den), g.shell.jumping);
      made.value.querySelector('.unit').hidden = !rate.den;
      g.proof.mark(made.value, whole);
      text(made.counts, w('closed_of.' + key, { num: g.format.int(rate.num), den: g.format.int(rate.den) }));
      g.proof.mark(made.counts, { ...whole, part: 'num' });
      text(made.open, w('open_short', { n: g.format.int(closure.open) }));
      g.proof.mark(made.open, { ...base, figure: 'open', num: closure.open, filters: closure.filters });
      const onTime = closure.on_time;
      text(made.onTime, onTime ? w('on_time_rate', { p: g.format.percent(onTime.num, onTime.den) }) : '');
      if (onTime) g.proof.mark(made.onTime, { ...base, figure: onTimeKey, num: onTime.num, den: onTime.den, filters: closure.filters });

      const sorted = worstFirst((closure.rows || []).filter((row) => row.den || g.config.regions[row.code]));
      const room = rowsThatFit(made.rows.parentElement, 36, 82 + 28 + 20);
      const shown = sorted.slice(0, room);
      made.heads.hidden = !sorted.length;
      const rates = shown.map(exact).filter((value) => value !== null);
      const mean = rate.den ? (rate.num / rate.den) * 100 : null;
      const axis = axisOf(mean === null ? rates : rates.concat(mean));
      text(made.heads.children[0], sorted.length > shown.length ? w('last_n', { n: shown.length, level: g.shell.childLevelName() }) : g.shell.childLevelName());
      axisHead(axis, made.heads, mean, w('mean_at', { p: g.format.percent(rate.num, rate.den) }));
      g.proof.mark(made.heads.querySelector('.at'), { ...whole, quiet: true });
      keyed(made.rows, shown, (row) => row.code, (row) => h('a', { class: 'row', 'data-region': row.code }, h('span', { class: 'name' }), dotline(),
        h('span', { class: 'value' }), h('span', { class: 'value wide' }), h('span', { class: 'small' })), (row, item) => {
        const [name, , value, late, open] = row.children;
        text(name, item.code === '' ? w('outside') : item.code === g.shell.region() ? w('unassigned') : g.shell.shortName(item.code, item.name));
        dotRow(row, item, axis, mean);
        text(value, g.format.percent(item.num, item.den));
        text(late, g.format.percent(item.on_time_num, item.on_time_den));
        text(open, g.format.int(item.open));
        const here = { ...base, filters: item.filters };
        const own = { ...here, figure: key, num: item.num, den: item.den, open: item.open };
        g.proof.mark(value, own);
        g.proof.mark(late, { ...here, figure: onTimeKey, num: item.on_time_num, den: item.on_time_den });
        g.proof.mark(open, { ...here, figure: 'open', num: item.open });
        changed(row, [item.num, item.den, item.open]);
        // A region below is gone into by its row; its numbers open their orders.
        const below = item.code !== '' && item.code !== g.shell.region();
        g.proof.mark(row, { ...own, shown: below });
        if (below) attribute(row, 'href', g.links.wall({ region: item.code }));
      });
      text(made.more, sorted.length ? '' : w('no_children'));
      made.more.hidden = Boolean(made.more.textContent === '');
    },
  });

  g.panels.define('dept', {
    draw(body, figures, panel) {
      const w = g.words;
      const made = g.panels.once(body, () => {
        const heads = h('div', { class: 'col-heads' }, h('span', {}, w('department')), axisCell(), h('span', { class: 'num' }, '%'), h('span', { class: 'num' }, w('overdue_short')));
        const rows = h('div', { class: 'rows' });
        const more = h('div', { class: 'more' });
        body.append(heads, rows, more);
        return { heads, rows, more };
      });
      const all = worstFirst((figures.department || []).filter((row) => row.key && row.den));
      text(panel.querySelector('.panel-base'), g.shell.windowText());
      const shown = all.slice(0, rowsThatFit(body, 38, 60));
      const axis = axisOf(shown.map(exact));
      axisHead(axis, made.heads, null);
      keyed(made.rows, shown, (row) => row.key, () => h('a', { class: 'row' }, h('span', { class: 'name' }), dotline(), h('span', { class: 'value' }), h('span', { class: 'small' })), (row, item) => {
        const [name, , value, late] = row.children;
        text(name, g.shell.named('department', item.key) || item.name || w('unknown'));
        dotRow(row, item, axis, null);
        text(value, g.format.percent(item.num, item.den));
        text(late, item.overdue ? `■ ${g.format.int(item.overdue)}` : '—');
        toggle(late, 'bad', item.overdue > 0);
        const here = { window: g.shell.windowText(), basis: 'report', asOf: figures.as_of_ms, filters: item.filters };
        g.proof.mark(late, { ...here, figure: 'overdue', num: item.overdue });
        changed(row, [item.num, item.den, item.overdue]);
        g.proof.mark(row, { ...here, figure: 'on_time_closure_rate', num: item.num, den: item.den });
      });
      text(made.more, all.length ? (all.length > shown.length ? w('more_n', { n: all.length - shown.length }) : '') : w('empty.dept'));
    },
  });
})();
