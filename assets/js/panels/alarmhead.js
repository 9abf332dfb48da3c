// The frame of an emergency: the band (what, where, since when), the counters under it, and the time axis at the foot.
(function () {
  'use strict';
  const g = window.gridhall;
  const { h, text, attribute, toggle, keyed, alarmSign } = g.kit;

  const facts = (figures) => (g.scenes.order() && figures.alarm?.facts?.order === g.scenes.order() ? figures.alarm.facts : null);
  function elapsed(seconds) {
    const two = (n) => String(n).padStart(2, '0');
    const [hours, minutes, rest] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, Math.floor(seconds) % 60];
    return hours ? `${hours}:${two(minutes)}:${two(rest)}` : `${two(minutes)}:${two(rest)}`;
  }
  function level(of) {
    const flags = of.flags || [];
    return flags.includes('urgent') ? g.words('scenes.level_urgent') : flags.includes('mass') ? g.words('scenes.level_mass') : '';
  }

  g.panels.define('alarmhead', {
    draw(body, figures) {
      const w = g.words;
      const made = g.panels.once(body, () => {
        const title = h('a', { class: 'alarm-title' });
        const where = h('div', { class: 'alarm-where' });
        const since = h('span', { class: 'alarm-elapsed' });
        body.append(alarmSign('alarm-sign'), h('div', { class: 'alarm-what' }, title, where), h('div', { class: 'alarm-since' }, h('span', {}, w('scenes.elapsed')), since));
        return { title, where, since };
      });
      const of = facts(figures);
      if (!of) { text(made.title, '—'); text(made.where, ''); text(made.since, '—'); return; }
      const alarm = figures.alarm;
      text(made.title, [of.title || of.category_name, (alarm.path || []).slice(-2, -1)[0] || of.region_name].filter(Boolean).join(' · '));
      attribute(made.title, 'href', g.links.order(of.order));
      const source = of.source ? g.shell.named('channel', of.source) || of.source : '';
      text(made.where, [...new Set([of.region_name, of.address || of.place, source, level(of)])].filter(Boolean).join('  ·  '));
      text(made.since, elapsed(Math.max(0, (g.shell.now() - of.reported_at_ms) / 1000)));
    },
  });

  function cells(figures, of) {
    const w = g.words;
    const alarm = figures.alarm;
    const feeds = alarm.feeds_near || {};
    const near = w('scenes.near_m', { n: alarm.near_m });
    const limit = of.red_at_ms ? g.format.left(of.red_at_ms, g.shell.now()) : '—';
    const until = of.red_at_ms ? g.format.hm(of.red_at_ms) : '';
    const limitName = of.provisional ? w('limit.marked', { t: w('scenes.limit') }) : w('scenes.limit');
    return [
      { key: 'department', name: w('department'), value: of.department_name || '—', sub: of.handler_name || '' },
      { key: 'stage', name: w('scenes.state'), value: w('status.' + of.status), sub: g.format.ago((g.shell.now() - of.status_at_ms) / 1000) },
      { key: 'workers', name: w('scenes.workers_near', { t: near }), value: g.format.int(alarm.workers_near), sub: '', def: 'workers_near', num: alarm.workers_near },
      { key: 'feeds', name: w('scenes.feeds_near', { t: near }), value: g.format.int(feeds.online || 0), sub: feeds.all ? `/ ${g.format.int(feeds.all)}` : '', def: 'feeds_online', num: feeds.online || 0, den: feeds.all },
      { key: 'looking', name: w('scenes.looking'), value: g.format.int(feeds.looking || 0), sub: '', def: 'feeds_looking', num: feeds.looking || 0 },
      { key: 'limit', name: limitName, value: limit, sub: until, bad: Boolean(of.red_at_ms) && of.red_at_ms < g.shell.now(), long: true },
    ];
  }
  g.panels.define('alarmkpi', {
    draw(body, figures) {
      const of = facts(figures);
      const found = of ? cells(figures, of) : [];
      keyed(body, found, (cell) => cell.key, () => h('div', { class: 'cell' }, h('span', { class: 'cell-name' }), h('span', { class: 'cell-value' }, h('span', { class: 'n' }), h('span', { class: 'unit' }))), (row, cell) => {
        text(row.firstChild, cell.name);
        const [n, unit] = row.lastChild.children;
        text(n, cell.value);
        text(unit, cell.sub);
        toggle(row.lastChild, 'long', String(cell.value).length > 7 || Boolean(cell.long));
        toggle(row, 'bad', Boolean(cell.bad));
        if (cell.def) g.proof.explain(row, cell.def, { num: cell.num, den: cell.den, asOf: figures.as_of_ms });
      }, true);
    },
  });

  // From the report to now, or to the limit if that is later: what happened when, and how much is left.
  function marks(figures, of) {
    const w = g.words;
    const stages = (figures.alarm.stages || []).filter((stage) => stage.entered_at_ms);
    return [
      ...stages.map((stage) => ({ at: stage.entered_at_ms, words: w('stage.' + stage.stage), kind: 'done' })),
      ...(of.yellow_at_ms ? [{ at: of.yellow_at_ms, words: w('light.yellow'), kind: 'warn' }] : []),
      ...(of.red_at_ms ? [{ at: of.red_at_ms, words: w('scenes.limit'), kind: 'bad' }] : []),
      { at: g.shell.now(), words: w('scenes.now'), kind: 'now' },
    ].sort((a, b) => a.at - b.at);
  }
  g.panels.define('alarmtime', {
    draw(body, figures) {
      const w = g.words;
      const made = g.panels.once(body, () => {
        const used = h('i', { class: 'axis-used' });
        const line = h('div', { class: 'axis-line' }, used);
        const dots = h('div', { class: 'axis-dots' });
        const back = h('div', { class: 'alarm-back' }, h('div', {}), h('div', {}));
        body.append(h('div', { class: 'alarm-axis' }, line, dots), back);
        return { used, dots, back };
      });
      const of = facts(figures);
      const alarm = g.scenes.alarm();
      const config = g.scenes.shipped();
      const before = alarm && config && config.scenes[alarm.before === g.scenes.current() ? config.turn[0] : alarm.before];
      text(made.back.children[0], before ? `${w('scenes.back_to')} ${before.name}` : '');
      text(made.back.children[1], alarm && alarm.waiting > 0 ? w('scenes.waiting', { n: alarm.waiting }) : '');
      if (!of) { made.dots.textContent = ''; made.dots.rowsByKey = undefined; return; }
      const found = marks(figures, of);
      const [first, now] = [of.reported_at_ms, g.shell.now()];
      // A limit that lies days ahead would press everything that has happened into one point.
      const shown = found.filter((mark) => mark.at <= now || mark.at - first <= 4 * Math.max(now - first, 900000));
      const last = Math.max(...shown.map((mark) => mark.at), first + 300000);
      const share = (at) => Math.max(0, Math.min(1, (at - first) / (last - first)));
      made.used.style.width = `${(share(now) * 100).toFixed(2)}%`;
      let taken = -1;
      keyed(made.dots, shown, (mark) => mark.kind + mark.words, () => h('span', {}, h('b', {}), h('small', {})), (dot, mark) => {
        attribute(dot, 'class', `axis-dot ${mark.kind}`);
        dot.style.left = `${(share(mark.at) * 100).toFixed(2)}%`;
        text(dot.firstChild, mark.words);
        text(dot.lastChild, mark.kind === 'now' ? '' : g.format.hms(mark.at).slice(0, 5));
        const crowded = share(mark.at) - taken < 0.055 && mark.kind !== 'now';
        toggle(dot, 'crowded', crowded);
        toggle(dot, 'beside', mark.kind === 'now' && share(mark.at) - taken < 0.055);
        if (!crowded) taken = share(mark.at);
      }, true);
    },
  });

  // What the colours of the regions mean, in the legend of the map.
  g.panels.define('colour', {
    draw(body, figures, panel) {
      const { colour } = figures;
      const wanted = colour && g.scenes.colour() === colour.key && colour.rows.some((row) => row.step);
      panel.hidden = !wanted;
      if (!wanted) return;
      const made = g.panels.once(body, () => {
        const name = h('a', {});
        const low = h('span', {});
        const high = h('span', {});
        body.append(name, low, ...[1, 2, 3, 4, 5].map((step) => h('i', { class: `swatch c${step}` })), high);
        return { name, low, high };
      });
      const total = colour.rows.reduce((sum, row) => ({ num: sum.num + row.num, den: sum.den + row.den }), { num: 0, den: 0 });
      text(made.name, g.words('figure.' + colour.key));
      g.proof.explain(made.name, colour.key, { num: total.num, den: total.den, asOf: figures.as_of_ms });
      text(made.low, `${(colour.low * 100).toFixed(1)}%`);
      text(made.high, `${(colour.high * 100).toFixed(1)}%`);
    },
  });
})();
