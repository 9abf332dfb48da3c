// One sentence first: sign, worst item in bold, then at most five others. All in order: ● 总体平稳. Before that: what stands between
// this screen and the present, if anything does.
// Numbers of orders open them; the others say what they mean.
(function () {
  'use strict';
  const g = window.gridhall;
  const { h, toggle, setSign } = g.kit;
  const OTHERS = { s1: 1, s2: 2, s3: 4, s4: 5, s5: 5 };
  const CALLING = 2; // of those who call for help so many are named, after their number

  // {key, severity, words, n, figure or def} of everything that somebody must act on, worst first.
  function findings(figures) {
    const found = [];
    const add = (severity, key, n, what) => { if (n > 0) found.push({ key, severity, n, words: g.words('situation.' + key, { n: g.format.int(n) }), ...what }); };
    const { rows, total } = figures.calling || { rows: [], total: 0 };
    if (total > 1) add(3, 'calling_many', total, { worker: rows[0].worker, many: true });
    for (const { worker, name } of rows.slice(0, CALLING)) found.push({ key: `calling ${worker}`, severity: 3, n: 1, words: g.words('situation.calling', { name }), worker });
    const misread = g.shell.misread();
    if (misread) found.push({ key: 'misread', severity: 1, n: 1, words: g.words('situation.misread', misread) });
    const counter = (key) => (figures.counters || []).find((c) => c.key === key) || {};
    const light = (counter('open').sub || {});
    const force = figures.force || {};
    add(2, 'overdue', counter('overdue').value || 0, { figure: 'overdue' });
    add(1, 'due_soon', light.yellow || 0, { figure: 'due_soon' });
    add(1, 'out_of_grid', force.out_of_grid || 0, { def: 'out_of_grid' });
    add(1, 'frozen_workers', force.frozen || 0, { def: 'frozen' });
    add(1, 'frozen_feeds', (counter('feeds_online').sub || {}).frozen || 0, { def: 'feeds_frozen' });
    add(1, 'late_sources', (figures.sources || []).filter((source) => source.late).length, { def: 'sources_late' });
    add(1, 'calendar_ended', figures.calendar && figures.calendar.standing === 'ended' ? 1 : 0, { def: 'calendar_ended' });
    add(0, 'silent', force.silent || 0, { def: 'silent' });
    add(1, 'parts_failed', Object.keys(figures.faults || {}).length, {});
    return found;
  }

  // On a wall who calls for help is shown on its map, at the desk several are its list of who is on duty; else his page is opened.
  function piece(item) {
    if (!item.worker) return h(item.figure ? 'a' : 'span', {}, item.words);
    const show = (event) => {
      const listed = item.many && g.desk && g.desk.element;
      if (!listed && !g.shell.onWall()) return;
      event.preventDefault();
      if (listed) g.desk.set({ side: 'duty' });
      else g.shell.select({ kind: 'worker', id: item.worker });
    };
    return h('a', { class: 'calls', href: g.links.worker(item.worker), onclick: show }, item.words);
  }

  // Words with a mark between them; made anew only when they change, for a screen reader reads out what is.
  function tell(holder, items, figures) {
    const said = JSON.stringify(items.map((item) => [item.key, item.words]));
    if (holder.said !== said) {
      holder.said = said;
      holder.textContent = '';
      items.forEach((item, i) => holder.append(i ? ' · ' : '', piece(item)));
    }
    items.forEach((item, i) => {
      if (!figures) return;
      const told = { num: item.n, asOf: figures.as_of_ms };
      if (item.figure) g.proof.mark(holder.children[i], { ...told, figure: item.figure, filters: { region: figures.region.code } });
      else if (item.def) g.proof.explain(holder.children[i], item.def, told);
    });
  }
  const plain = (key, values) => [{ key, words: g.words('situation.' + key, values) }];

  // What stands between this screen and the present, in words; null: nothing does.
  function standing() {
    const lost = g.ages.lostSince();
    const state = g.live ? g.live.standing : '';
    if (lost !== null && state !== 'store_away') return plain('lost', { t: g.format.hms(lost) });
    if (!state) return null;
    const { refusal, heardStoreAtMs } = g.live;
    const why = refusal ? g.words('refused.' + refusal.code) : '';
    return plain(state, { why, t: heardStoreAtMs ? g.format.hms(heardStoreAtMs) : '—' });
  }

  g.panels.define('situation', {
    still: true,
    draw(body, figures) {
      const made = g.panels.once(body, () => {
        const parts = { mark: h('span', {}), worst: h('strong', {}), others: h('span', { class: 'others' }) };
        body.append(parts.mark, parts.worst, parts.others);
        return parts;
      });
      const wrong = standing();
      toggle(body, 'lost', wrong);
      if (wrong) {
        setSign(made.mark, 'light-yellow');
        tell(made.worst, wrong, figures);
        tell(made.others, [], figures);
        return;
      }
      if (!figures) { body.textContent = ''; body.made = undefined; return; } // nothing is known yet, or this page has no figures
      const found = findings(figures);
      const worst = found.find((item) => item.severity > 0);
      toggle(body, 'urgent', worst && worst.severity === 3);
      setSign(made.mark, worst ? (worst.severity > 1 ? 'light-red' : 'light-yellow') : 'light-green');
      tell(made.worst, worst ? [worst] : plain('calm'), figures);
      const limit = OTHERS[document.documentElement.dataset.step] || 2;
      tell(made.others, worst ? found.filter((item) => item !== worst).slice(0, limit) : [], figures);
    },
  });
})();
