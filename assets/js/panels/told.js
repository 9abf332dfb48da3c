// What came of one's actions, wherever one is by now: asked for still, done, refused and by whom, or not happened.
// A line at the foot of every page with a status bar; what went wrong stays until it is taken away.
(function () {
  'use strict';
  const g = (window.gridhall = window.gridhall || {});
  const { h, keyed, text, setSign } = g.kit;
  const DONE_MS = 8000;
  const SHOWN = 3;
  const RESUME_MS = 30000;
  const ended = []; // {key, sign, words, order, until}

  // The end of an action in a sentence, without what the action was.
  function ending(answer) {
    const w = g.words;
    if (answer.state === 'done') return w('told.done');
    if (answer.state === 'none') return w('told.none');
    if (answer.state === 'login') return w('told.login');
    const at = answer.at_ms || (answer.at ? Date.parse(answer.at) : null);
    const why = answer.said || (answer.reason ? w('refusal.' + answer.reason) : '');
    const who = answer.by_name || answer.by;
    const what = answer.did ? (w('action.' + answer.did) === 'action.' + answer.did ? w('status.' + answer.did) : w('action.' + answer.did)) : '';
    // the server's sentence may say it all already
    if (!who || !what || (why.includes(who) && why.includes(what))) return w('told.refused', { why });
    return w('told.refused_by', { why, who, what, at: at ? g.format.hm(at) : '' });
  }

  const titleOf = (entry) => {
    const row = entry.order && g.live.tables.get('order').row(entry.order);
    return [g.words('action.' + entry.action), (row && g.deskRows.titleOf(row)) || entry.order].filter(Boolean).join(' ');
  };

  function lines() {
    const now = Date.now();
    const waiting = g.api.pending().filter((entry) => entry.doubt || entry.resumed)
      .map((entry) => ({ key: entry.id, sign: 'light-yellow', words: g.words('told.waiting', { d: titleOf(entry) }), order: entry.order }));
    for (let i = ended.length - 1; i >= 0; i -= 1) if (ended[i].until < now) ended.splice(i, 1);
    return [...waiting, ...ended].slice(0, SHOWN);
  }

  function draw(panel) {
    keyed(panel, lines(), (line) => line.key, () => h('span', { class: 'told-line' }, h('span', {}), h('a', {}),
      h('button', { type: 'button', 'aria-label': g.words('close') }, '×')), (row, line) => {
      setSign(row.children[0], line.sign);
      text(row.children[1], line.words);
      if (line.order) row.children[1].setAttribute('href', document.getElementById('desk') ? g.desk.address({ order: line.order }) : g.links.order(line.order));
      row.children[2].hidden = line.until !== Infinity;
      row.children[2].onclick = () => { ended.splice(ended.findIndex((each) => each.key === line.key), 1); drawAll(); };
    }, true);
  }
  const drawAll = () => { for (const panel of document.querySelectorAll('[data-panel="told"]')) draw(panel); };

  // A form that is still open says the end itself; here stands what was left, resumed or asked for long.
  g.api.on('settled', (entry, answer) => {
    if (answer.state === 'done' && !entry.doubt && !entry.resumed) return;
    const words = g.words(answer.state === 'done' ? 'told.line_done' : 'told.line', { d: titleOf({ ...entry, order: answer.order || entry.order }), why: ending(answer) });
    ended.unshift({ key: `${entry.id} end`, sign: answer.state === 'done' ? 'light-green' : 'light-red', words, order: answer.order || entry.order,
      until: answer.state === 'done' ? Date.now() + DONE_MS : entry.resumed || entry.doubt ? Infinity : Date.now() + DONE_MS });
    drawAll();
  });
  g.api.on('pending', drawAll);

  let resumed = false;
  g.panels.define('told', {
    still: true,
    draw(body, figures, panel) {
      if (!resumed && g.api.me) {
        resumed = true;
        g.api.resume();
        setInterval(() => g.api.resume(), RESUME_MS); // what a tab that was closed has left
      }
      if (!panel.timer) panel.timer = setInterval(() => draw(panel), 1000);
      draw(panel);
    },
  });

  g.told = { ending };
})();
