// One sentence first: sign, worst item in bold, then at most five others. All in order: ● 总体平稳.
(function () {
  'use strict';
  const g = window.gridhall;
  const { h, text, toggle, setSign } = g.kit;
  const OTHERS = { s1: 1, s2: 2, s3: 4, s4: 5, s5: 5 };

  // [severity, text] of everything that somebody must act on, worst first.
  function findings(figures) {
    const w = g.words;
    const found = [];
    const add = (severity, key, n) => { if (n > 0) found.push([severity, w('situation.' + key, { n: g.format.int(n) })]); };
    const counter = (key) => (figures.counters || []).find((c) => c.key === key) || {};
    const light = (counter('open').sub || {});
    const force = figures.force || {};
    add(2, 'overdue', counter('overdue').value || 0);
    add(1, 'due_soon', light.yellow || 0);
    add(1, 'out_of_grid', force.out_of_grid || 0);
    add(1, 'frozen_workers', force.frozen || 0);
    add(1, 'frozen_feeds', (counter('feeds_online').sub || {}).frozen || 0);
    add(1, 'late_sources', (figures.sources || []).filter((source) => source.late).length);
    add(0, 'silent', force.silent || 0);
    return found;
  }

  g.panels.define('situation', {
    draw(body, figures) {
      const made = g.panels.once(body, () => {
        const parts = { mark: h('span', {}), worst: h('strong', {}), others: h('span', { class: 'others' }) };
        body.append(parts.mark, parts.worst, parts.others);
        return parts;
      });
      const lost = g.ages.lostSince();
      toggle(body, 'lost', lost !== null);
      if (lost !== null) {
        setSign(made.mark, 'light-yellow');
        text(made.worst, g.words('situation.lost', { t: g.format.hms(lost) }));
        text(made.others, '');
        return;
      }
      const found = findings(figures);
      const acting = found.filter(([severity]) => severity > 0);
      setSign(made.mark, acting.length ? (acting[0][0] === 2 ? 'light-red' : 'light-yellow') : 'light-green');
      text(made.worst, acting.length ? acting[0][1] : g.words('situation.calm'));
      const limit = OTHERS[document.documentElement.dataset.step] || 2;
      const others = (acting.length ? found.filter((item) => item !== acting[0]) : []).slice(0, limit).map(([, words]) => words);
      text(made.others, others.join(' · '));
    },
  });
})();
