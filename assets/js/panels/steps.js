// 处置进程: the stages of the emergency's order, when each was reached and what was said in it last.
(function () {
  'use strict';
  const g = window.gridhall;
  const { h, text, toggle, keyed, setSign, changed } = g.kit;

  function signOf(stage, number, light) {
    if (stage.state === 'current') return light === 'red' ? 'stage-overdue' : 'stage-current';
    return stage.state === 'done' ? 'stage-done' : `stage-next-${number}`;
  }
  const sameDay = (a, b) => g.format.day(a) === g.format.day(b);
  const clock = (atMs) => (sameDay(atMs, g.shell.now()) ? g.format.hms(atMs) : g.format.moment(atMs));
  // What stands at the right of a stage: when it was reached; of the present one that it is under way.
  function when(stage) {
    if (stage.state === 'current') return g.words('alarm.under_way');
    if (stage.state === 'done') return stage.entered_at_ms ? clock(stage.entered_at_ms) : g.words('time_unknown');
    return g.words(stage.state === 'skipped' ? 'alarm.skipped' : 'alarm.to_come');
  }
  function said(stage) {
    const { last } = stage;
    if (!last) return '';
    const who = [last.unit_name || last.department_name, last.actor_name].filter(Boolean).join(' ');
    return [g.words('status.' + last.status), who, last.note].filter(Boolean).join(' · ');
  }
  function since(stage) {
    if (stage.state !== 'current' || !stage.entered_at_ms) return '';
    return g.words('alarm.since', { t: clock(stage.entered_at_ms), d: g.format.duration((g.shell.now() - stage.entered_at_ms) / 1000) });
  }

  g.panels.define('steps', {
    draw(body, figures) {
      const told = figures.alarm;
      const made = g.panels.once(body, () => { const rows = h('ol', { class: 'stage-steps' }); const more = h('div', { class: 'more empty' }); body.append(rows, more); return { rows, more }; });
      const stages = told ? told.stages : [];
      keyed(made.rows, stages, (stage) => stage.stage, () => h('li', {}, h('span', { class: 'mark' }), h('b', {}), h('span', { class: 'when' }), h('span', { class: 'said' }), h('span', { class: 'since' })), (line, stage, at) => {
        const [mark, name, at_, what, how] = line.children;
        setSign(mark, signOf(stage, at + 1, told.facts.light));
        text(name, g.words('stage.' + stage.stage));
        text(at_, when(stage));
        text(what, said(stage));
        text(how, since(stage));
        for (const state of ['done', 'current', 'to_come', 'skipped']) toggle(line, state, stage.state === state);
        toggle(line, 'late', stage.state === 'current' && told.facts.light === 'red');
        g.proof.explain(line, 'stage_time', { asOf: figures.as_of_ms });
        changed(line, [stage.state, stage.last && stage.last.at_ms]);
      }, true);
      text(made.more, told ? '' : g.words(told === null ? 'alarm.unseen' : 'scenes.none'));
      made.more.hidden = Boolean(told);
    },
  });
})();
