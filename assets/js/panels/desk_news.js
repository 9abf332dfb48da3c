// New and changed orders announce themselves: a count in the head, a list behind it, a sentence for screen readers, the title of
// the tab, and a tone for those who want one. Nothing of it ever takes the focus or moves what one is reading.
(function () {
  'use strict';
  const g = window.gridhall;
  const { h, text, toggle } = g.kit;
  const { desk } = g;
  const w = (key, values) => g.words(key, values);
  const OWN_MS = 4000; // a change so soon after one's own action is one's own
  const MOST = 50;
  const SAY_MS = 1500;
  const news = (g.deskNews = {});
  const facts = new Map(); // id → what was told of it last
  const own = new Map(); // id → when one acted on it oneself
  let items = []; // {id, kind: new|changed|gone, title, words, at}
  let unsaid = [];
  let first = true;
  let made = null;
  let sound = null; // AudioContext

  news.own = (id) => own.set(id, Date.now());
  const isOwn = (id) => Date.now() - (own.get(id) || 0) < OWN_MS || g.api.pending().some((entry) => entry.order === id);

  function add(kind, data) {
    items = [{ id: data.id, kind, title: data.title, words: [data.place, data.at].filter(Boolean).join(' · '), at: g.shell.now() },
      ...items.filter((item) => item.id !== data.id || item.kind !== kind)].slice(0, MOST);
    unsaid.push(items[0]);
  }

  function take({ ids, gone }) {
    const table = g.live.tables.get('order');
    const before = unsaid.length;
    for (const id of ids) {
      const row = table.row(id);
      if (!row) continue;
      const now = g.deskRows.factsOf(row);
      const then = facts.get(id);
      facts.set(id, now);
      if (first || then === now || isOwn(id)) continue;
      add(then === undefined ? 'new' : 'changed', g.deskQueue.rows.get(id));
    }
    for (const id of gone) facts.delete(id);
    if (table.version > 0) first = false;
    if (unsaid.length === before || !made) return;
    draw();
    clearTimeout(made.timer);
    made.timer = setTimeout(say, SAY_MS);
    if (unsaid.slice(before).some((item) => item.kind === 'new')) beep();
  }

  // One sentence for all that came together.
  function say() {
    const count = (kind) => unsaid.filter((item) => item.kind === kind).length;
    const [fresh] = unsaid.filter((item) => item.kind === 'new');
    text(made.live, [count('new') ? w('desk.news.said_new', { n: count('new'), d: fresh ? fresh.title : '' }) : '',
      count('changed') ? w('desk.news.said_changed', { n: count('changed') }) : ''].filter(Boolean).join(w('desk.comma')));
    unsaid = [];
  }

  // ---- the tone: off unless somebody asks for it
  function beep() {
    if (!desk.kept.read('sound', false)) return;
    try {
      sound ??= new AudioContext();
      const [tone, volume] = [sound.createOscillator(), sound.createGain()];
      tone.frequency.value = 660;
      volume.gain.setValueAtTime(0.0001, sound.currentTime);
      volume.gain.exponentialRampToValueAtTime(0.12, sound.currentTime + 0.02);
      volume.gain.exponentialRampToValueAtTime(0.0001, sound.currentTime + 0.35);
      tone.connect(volume).connect(sound.destination);
      tone.start();
      tone.stop(sound.currentTime + 0.4);
      news.beeps = (news.beeps || 0) + 1;
    } catch { /* no sound here */ }
  }

  function setSound(on) {
    desk.kept.write('sound', on);
    if (on) beep();
    draw();
  }

  // ---- the list
  function clear() { items = []; g.popup.close(); draw(); }

  function open() {
    g.popup.show(made.button, (sheet) => {
      sheet.classList.add('news');
      for (const item of items) {
        sheet.append(h('button', { type: 'button', role: 'menuitem', onclick: () => { g.popup.close(); items = items.filter((each) => each !== item); draw(); g.deskQueue.open(item.id); } },
          h('span', { class: item.kind === 'new' ? 'sel' : 't3' }, w('desk.news.' + item.kind)), h('b', {}, item.title), h('span', {}, item.words),
            h('span', { class: 't3 num' }, g.format.hm(item.at))));
      }
      if (!items.length) sheet.append(h('p', { class: 't3' }, w('desk.news.none')));
      else sheet.append(h('button', { type: 'button', role: 'menuitem', class: 'popup-last', onclick: clear }, w('desk.news.clear')));
    });
  }

  function draw() {
    if (!made) return;
    const count = (kind) => items.filter((item) => item.kind === kind).length;
    text(made.label, w('desk.news', { n: count('new'), c: count('changed') }));
    const asOf = g.ages.seenMs();
    made.button.title = [['queue_new', 'new'], ['queue_changed', 'changed']].map(([key, kind]) => g.proof.title(key, { num: count(kind), asOf })).join('\n');
    toggle(made.button, 'some', items.length > 0);
    const on = desk.kept.read('sound', false);
    made.sound.setAttribute('aria-pressed', String(on));
    made.sound.title = w(on ? 'desk.sound.on' : 'desk.sound.off');
    const title = `${w('tab.desk')} · ${g.config.title}`;
    document.title = count('new') ? `(${count('new')}) ${title}` : title;
  }

  const BELL = 'M-6,5H6C4.5,3.5 4.5,2 4.5,-1A4.5,4.5 0 0 0 -4.5,-1C-4.5,2 -4.5,3.5 -6,5ZM-1.6,6.6A1.7,1.7 0 0 0 1.6,6.6';
  g.panels.define('desknews', {
    still: true,
    draw(body, figures, panel) {
      if (panel.begun) return;
      panel.begun = true;
      made = { label: h('span', {}), live: h('span', { class: 'visually-hidden', role: 'status', 'aria-live': 'polite' }) };
      made.button = h('button', { class: 'desk-tool news-button', type: 'button', 'aria-haspopup': 'menu', 'aria-expanded': 'false', onclick: open }, made.label);
      made.sound = h('button', { class: 'desk-tool sound-button', type: 'button', 'aria-label': w('desk.sound'), onclick: () => setSound(!desk.kept.read('sound', false)) },
        g.kit.s('svg', { viewBox: '-9 -9 18 18', class: 'bell', 'aria-hidden': 'true' }, g.kit.s('path', { d: BELL }), g.kit.s('path', { class: 'bell-off', d: 'M-7,7L7,-7' })));
      panel.append(made.button, made.sound, made.live);
      g.deskQueue.on('rows', take);
      take({ ids: [...g.deskQueue.rows.keys()], gone: [] });
      draw();
    },
  });
})();
