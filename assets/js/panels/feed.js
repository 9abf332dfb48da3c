// 实时动态, as a list on wide walls and as the stepping ticker at the foot; and the lamps of the sources.
(function () {
  'use strict';
  const g = window.gridhall;
  const { h, text, keyed, setSign, attribute, toggle, rowsThatFit } = g.kit;
  const TICKER_AGE_MS = 30 * 60 * 1000;
  const keyOf = (item) => `${item.order}|${item.at_ms}|${item.status}`;
  const lightOf = (item) => ({ red: 'light-red', yellow: 'light-yellow' }[item.light] || 'light-green');
  const what = (item) => [item.region_name, item.title, g.words('status.' + item.status)].filter(Boolean).join(' ');

  g.panels.define('feed', {
    draw(body, figures) {
      const made = g.panels.once(body, () => { const rows = h('div', { class: 'rows' }); const more = h('div', { class: 'more empty' }); body.append(rows, more); return { rows, more }; });
      const items = (figures.ticker || []).slice(0, rowsThatFit(body, 40, 0));
      keyed(made.rows, items, keyOf, () => h('a', { class: 'row' }, h('time', {}), h('span', {}), h('span', { class: 'what' }), h('span', { class: 'small' })), (row, item) => {
        const [at, mark, title, status] = row.children;
        text(at, g.format.hms(item.at_ms));
        setSign(mark, lightOf(item));
        text(title, [item.title || item.order, item.region_name].filter(Boolean).join(' · '));
        text(status, g.words('status.' + item.status));
        g.kit.changed(row, null);
        attribute(row, 'href', g.links.order(item.order));
      });
      text(made.more, items.length ? '' : g.words('empty.feed'));
      made.more.hidden = items.length > 0;
    },
  });

  // A new item enters left, the others shift; at most one step in two seconds; items older than 30 min leave.
  const state = { shown: [], timer: 0, body: null };
  function step() {
    state.timer = 0;
    const now = g.shell.now();
    const figures = g.panels.figures;
    if (!figures || !state.body || !state.body.isConnected) return;
    const wanted = (figures.ticker || []).filter((item) => now - item.at_ms < TICKER_AGE_MS);
    const newest = Math.max(0, ...state.shown.map((item) => item.at_ms));
    const known = new Set(state.shown.map(keyOf));
    const fresh = wanted.filter((item) => item.at_ms >= newest && !known.has(keyOf(item)));
    if (!state.shown.length || g.shell.jumping) state.shown = wanted.slice(0, 12);
    else if (fresh.length) state.shown.unshift(fresh[fresh.length - 1]);
    state.shown = state.shown.filter((item) => now - item.at_ms < TICKER_AGE_MS).slice(0, 12);
    keyed(state.body, state.shown, keyOf, () => h('a', { class: 'tick entering' }, h('span', {}), h('time', {}), h('span', {})), (row, item) => {
      const urgent = item.light === 'red' || item.light === 'yellow';
      row.children[0].hidden = !urgent;
      if (urgent) setSign(row.children[0], lightOf(item));
      text(row.children[1], g.format.hms(item.at_ms));
      text(row.children[2], what(item));
      attribute(row, 'href', g.links.order(item.order));
    }, true);
    toggle(state.body, 'empty', !state.shown.length);
    if (fresh.length > 1) state.timer = setTimeout(g.faults.guarded('ticker', step), 2000);
  }
  g.panels.define('ticker', {
    draw(body, figures, panel) {
      if (state.body !== panel) { state.body = panel; state.shown = []; }
      if (!state.timer) step();
    },
  });

  function lampText(source, now) {
    if (source.last_at_ms === null || source.last_at_ms === undefined) return g.words('lamp.never', { name: source.name });
    const seconds = (now - source.last_at_ms) / 1000;
    return g.words(source.late ? 'lamp.late' : 'lamp.ok', { name: source.name, t: g.format.span(seconds) });
  }
  const lampSign = (source) => (source.gone || source.last_at_ms === null ? 'light-red' : source.late ? 'light-yellow' : 'light-green');

  // Until which day the holidays are known, where that is soon over, or was: {key, sign, words}.
  function calendarLamp({ calendar }) {
    if (!calendar) return null;
    return { key: ' calendar', sign: calendar.standing === 'ends_soon' ? 'light-yellow' : 'light-red', words: g.words('calendar.' + calendar.standing, { day: calendar.known_until }),
      what: g.words('calendar.what') };
  }

  g.panels.define('lamps', {
    draw(body, figures, panel) {
      const sources = figures.sources || [];
      const late = sources.filter((source) => source.late);
      const desk = panel.dataset.mode === 'desk';
      const shown = desk ? sources.slice(0, 8) : late.slice(0, 2);
      const now = g.shell.now();
      const items = (figures.trouble || []).map((one) => ({ key: ' ' + one.key, sign: 'light-red', words: g.words('trouble.' + one.key, { n: g.format.int(one.n) }) }));
      items.push(...shown.map((source) => ({ key: source.name, sign: lampSign(source), words: lampText(source, now) })));
      if (!desk && sources.length) items.push({ key: ' sum', sign: late.length ? null : 'light-green', words: g.words('sources_n', { n: sources.length - late.length, all: sources.length }) });
      const calendar = calendarLamp(figures);
      if (calendar) items.push(calendar);
      keyed(panel, items, (item) => item.key, () => h('span', { class: 'lamp' }, h('span', {}), h('span', {})), (row, item) => {
        row.children[0].hidden = !item.sign;
        if (item.sign) setSign(row.children[0], item.sign);
        text(row.children[1], item.words);
        attribute(row, 'title', item.what || null);
      });
    },
  });

  g.panels.define('health', {
    draw(body, figures) {
      const made = g.panels.once(body, () => { const rows = h('div', { class: 'rows' }); const more = h('div', { class: 'more empty' }); body.append(rows, more); return { rows, more }; });
      const now = g.shell.now();
      const all = (figures.sources || []).slice().sort((a, b) => Number(b.late) - Number(a.late) || (a.name < b.name ? -1 : 1));
      const shown = all.slice(0, Math.max(3, rowsThatFit(body, 38, 0)));
      keyed(made.rows, shown, (source) => source.name, () => h('div', { class: 'row' }, h('span', {}), h('span', { class: 'name' }), h('span', { class: 'small' }), h('span', { class: 'small' })), (row, source) => {
        const [mark, name, rejected, at] = row.children;
        setSign(mark, lampSign(source));
        text(name, source.name);
        text(rejected, source.rejected ? g.words('rejected_n', { n: g.format.int(source.rejected) }) : '');
        text(at, source.last_at_ms === null || source.last_at_ms === undefined ? '—' : g.format.ago((now - source.last_at_ms) / 1000));
        toggle(at, 'warn', source.late);
      });
      text(made.more, all.length ? '' : g.words('empty.sources'));
      made.more.hidden = all.length > 0;
    },
  });
})();
