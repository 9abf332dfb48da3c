// The strip of counters under the header: only figures that exist, as many as the step has cells.
(function () {
  'use strict';
  const g = window.gridhall;
  const { h, text, toggle, digits, keyed, attribute, define, setSign, lineSvg, setLine } = g.kit;
  const { int, percent, signed, span } = g.format;
  const CELLS = { s1: 6, s2: 8, s3: 10, s4: 14, s5: 12 };
  const ORDER = {
    wide: ['reported', 'registered', 'closed', 'open', 'overdue', 'closure', 'on_time', 'online_workers', 'online_rate', 'visited_grids',
      'feeds_online', 'out_of_grid', 'silent', 'offline'],
    mid: ['reported', 'registered', 'closed', 'open', 'overdue', 'closure', 'on_time', 'online_workers', 'visited_grids', 'feeds_online'],
    small: ['reported', 'registered', 'closed', 'open', 'overdue', 'online_workers', 'visited_grids', 'feeds_online'],
    s1: ['reported', 'closed', 'open', 'overdue', 'online_workers', 'visited_grids'],
  };

  // One cell of the strip: {key, value, unit, sub: text or [[sign, n, figure]...], sign, tone, series, num, den, def, filters}; one
  // that counts orders has filters.
  function cells(figures) {
    const w = g.words;
    const found = new Map();
    const list = figures.counters || [];
    for (const counter of list) {
      const { key } = counter;
      const sub = counter.sub || {};
      const cell = { key, value: counter.value, def: key, sub: '', filters: counter.filters, label: w('counter.' + key) };
      if (['reported', 'registered', 'closed'].includes(key)) {
        if (counter.delta !== null && counter.delta !== undefined) cell.sub = w('vs_yesterday', { n: signed(counter.delta) });
        if (key === 'reported') cell.series = key; // the days of the trend are days of report
        cell.window = w('period.today');
        cell.basis = { registered: 'register', closed: 'close' }[key] || 'report';
      }
      if (key === 'open' && sub.green !== undefined) cell.sub = [['light-green', sub.green, 'in_limit'], ['light-yellow', sub.yellow, 'due_soon'], ['light-red', sub.red, 'overdue']];
      if (key === 'overdue') {
        if (counter.value) { cell.tone = 'bad'; cell.sign = 'light-red'; }
        cell.sub = !counter.value ? w('none_overdue') : sub.longest_s ? w('longest', { t: span(sub.longest_s) }) : '';
      }
      if (key === 'online_workers' && sub.den) {
        cell.sub = `${w('roster_of', { n: int(sub.den) })} · ${percent(counter.value, sub.den)}%`;
        cell.num = counter.value; cell.den = sub.den;
      }
      if (key === 'visited_grids' && sub.den !== undefined) {
        cell.sub = `${w('of_n', { n: int(sub.den) })} · ${w('not_visited_n', { n: int(sub.den - counter.value) })}`;
        cell.num = counter.value; cell.den = sub.den;
      }
      if (key === 'feeds_online') {
        if (!sub.den) continue; // no video source: no cell
        cell.sub = w('of_n', { n: int(sub.den) }) + (sub.frozen ? ` · ${w('frozen_n', { n: sub.frozen })}` : '');
        cell.num = counter.value; cell.den = sub.den;
      }
      found.set(key, cell);
    }
    const closure = figures.closure;
    const force = figures.force;
    const rate = (def, ratio, sub, more, key) => found.set(key, { key, def, label: w('figure.' + def), value: percent(ratio.num, ratio.den), unit: ratio.den ? '%' : '', sub, num: ratio.num, den: ratio.den, ...more, text: true });
    if (closure && closure.rate) {
      const [def, onTime] = g.shell.rateKeys(closure);
      const of = { filters: closure.filters, window: g.shell.windowText(), basis: 'report' };
      rate(def, closure.rate, `${int(closure.rate.num)} / ${int(closure.rate.den)}`, { ...of, open: closure.open }, 'closure');
      if (closure.on_time) rate(onTime, closure.on_time, `${int(closure.on_time.num)} / ${int(closure.on_time.den)}`, of, 'on_time');
    }
    if (force && force.roster) {
      rate('online_rate', { num: force.online, den: force.roster }, w('offline_silent', { a: int(force.offline), b: int(force.silent) }), {}, 'online_rate');
      found.set('out_of_grid', { key: 'out_of_grid', def: 'out_of_grid', value: force.out_of_grid, tone: force.out_of_grid ? 'bad' : '', sign: force.out_of_grid ? 'worker-full-out_of_grid' : null, sub: w('in_own_grid_not') });
      found.set('silent', { key: 'silent', def: 'silent', value: force.silent, sub: w('linked_no_fix') });
      found.set('offline', { key: 'offline', def: 'offline', value: force.offline, sub: w('not_heard') });
    }
    return found;
  }

  function create() {
    const cell = h('a', { class: 'cell' },
      h('span', { class: 'cell-name' }, h('span', { class: 'label' }), h('span', { class: 'mark' })),
      h('span', { class: 'cell-value' }, h('span', { class: 'n' }), h('span', { class: 'unit' })),
      h('span', { class: 'cell-sub' }), lineSvg('cell-spark', 128, 64), h('span', { class: 'cell-span' }));
    return cell;
  }

  function update(row, cell, figures) {
    const part = (name) => row.querySelector('.' + name);
    text(part('label'), cell.label || g.words('counter.' + cell.key));
    const mark = part('mark');
    if (cell.sign) setSign(mark, cell.sign); else if (mark.firstChild) { mark.textContent = ''; delete mark.dataset.signDone; }
    const shown = cell.text ? cell.value : int(cell.value);
    digits(part('n'), shown, g.shell.jumping);
    text(part('unit'), cell.unit || '');
    toggle(part('cell-value'), 'long', shown.length > 7);
    toggle(row, 'bad', cell.tone === 'bad');
    const sub = part('cell-sub');
    const wanted = JSON.stringify(cell.sub);
    if (sub.dataset.value !== wanted) {
      sub.dataset.value = wanted;
      sub.textContent = '';
      if (Array.isArray(cell.sub)) for (const [name, n, def] of cell.sub) sub.append(h('span', { 'data-figure': def, 'data-num': n }, g.kit.sign(name), int(n)));
      else sub.textContent = cell.sub;
    }
    const { region } = cell.filters || {};
    for (const light of sub.querySelectorAll('[data-figure]')) g.proof.mark(light, { figure: light.dataset.figure, num: +light.dataset.num, filters: { region }, asOf: figures.as_of_ms });
    attribute(row, 'data-key', cell.key);
    const told = { num: cell.num === undefined ? cell.value : cell.num, den: cell.den, open: cell.open, window: cell.window, basis: cell.basis, asOf: figures.as_of_ms };
    if (cell.filters) g.proof.mark(row, { figure: cell.def, filters: cell.filters, ...told }); else define(row, cell.def, told);
    const days = figures.trend || [];
    const values = cell.series ? days.slice(-14).map((day) => day[cell.series]) : [];
    const drawn = values.filter((v) => v !== undefined && v !== null).length > 1;
    const spark = row.querySelector('.cell-spark');
    spark.setAttribute('class', `cell-spark ${cell.tone === 'bad' ? 'c-bad' : 'c-t3'}`);
    if (drawn) setLine(spark, values, 128, 56); else setLine(spark, [], 1, 1);
    text(part('cell-span'), drawn ? g.words('last_days', { n: values.length }) : '');
  }

  g.panels.define('counters', {
    draw(body, figures) {
      const step = document.documentElement.dataset.step || 's2';
      const order = ORDER[{ s1: 's1', s2: 'small', s3: 'mid' }[step] || 'wide'];
      const all = cells(figures);
      const chosen = order.map((key) => all.get(key)).filter(Boolean).slice(0, CELLS[step]);
      keyed(body, chosen, (cell) => cell.key, create, (row, cell) => update(row, cell, figures));
    },
  });
})();
