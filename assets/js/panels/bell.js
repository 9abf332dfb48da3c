// Notices of who is logged in: a count in the top bar, asked for now and then and only while somebody can see it, and behind it
// the list, each line a link to its order. What is read stays read on every screen of that person.
(function () {
  'use strict';
  const g = window.gridhall;
  const { h, text, toggle } = g.kit;
  const w = (key, values) => g.words(key, values);
  const EVERY_MS = 15000;
  const MOST = 99;
  const SIGNS = { red_card: 'card-red', yellow_card: 'card-yellow', overdue: 'light-red', remind: 'light-yellow' };
  let unread = 0;
  let made = null;
  let asking = false;

  const count = () => (unread > MOST ? `${MOST}+` : String(unread));

  async function ask() {
    if (asking || document.hidden || !made || !made.button.isConnected) return;
    asking = true;
    try {
      ({ unread } = await g.api.get('notices', { limit: 0 }));
      draw();
    } catch (error) { g.faults.tellUnlessRefused('bell', error); /* the header tells of a lost link; the next turn asks again */ } finally { asking = false; }
  }

  async function read(body) {
    try {
      ({ unread } = await g.api.post('notices/read', body));
      draw();
    } catch (error) { g.faults.tellUnlessRefused('bell', error); /* it stays unread, and says so */ }
  }

  function draw() {
    text(made.count, unread ? count() : '');
    toggle(made.button, 'some', unread > 0);
    made.button.setAttribute('aria-label', w('notices.bell', { n: unread }));
  }

  const sign = (item) => (item.event.endsWith('_card') && SIGNS[item.event] ? h('i', { class: `card-tag ${item.event === 'red_card' ? 'red' : ''}` }, ' ')
    : g.kit.sign(SIGNS[item.event] || 'light-none'));

  function line(item) {
    const words = [item.clock_name, item.reason, item.by].filter(Boolean).join(' · ');
    const place = [item.title, item.department_name || item.region_name].filter(Boolean).join(' · ');
    const open = (event) => {
      event.preventDefault();
      if (!item.read) read({ ids: [item.id] });
      g.popup.close(false);
      g.shell.go(event.currentTarget.href);
    };
    return h('a', { class: `notice-line ${item.read ? 'read' : ''}`, href: g.links.order(item.order), onclick: open },
      h('span', { class: 'notice-sign' }, sign(item)), h('b', {}, item.event_name), h('span', { class: 't1' }, place),
      h('span', { class: 't3 num' }, g.format.moment(item.at_ms)), h('span', { class: 'notice-said' }, words));
  }

  function list(told) {
    const fill = (sheet) => {
      sheet.classList.add('notices');
      sheet.append(h('div', { class: 'notices-head' }, h('b', {}, w('notices.title')), h('span', { class: 't3' }, w('notices.unread', { n: unread })),
        unread ? h('button', { type: 'button', class: 'link', onclick: () => { read({ upto: told.cursor }); g.popup.close(); } }, w('notices.read_all')) : null));
      if (!told.items.length) sheet.append(h('p', { class: 't3' }, w('notices.none')));
      for (const item of told.items) sheet.append(line(item));
    };
    g.popup.show(made.button, fill, { role: 'dialog', label: w('notices.title') });
  }

  async function open() {
    if (made.button.getAttribute('aria-expanded') === 'true') { g.popup.close(); return; }
    try {
      const told = await g.api.get('notices', { ms: 1 });
      ({ unread } = told);
      draw();
      list(told);
    } catch (error) { made.button.title = w('desk.fault', { t: error.said || error.message }); }
  }

  g.panels.define('bell', {
    still: true,
    draw(body, figures, panel) {
      if (panel.begun || !g.api.me) return;
      panel.begun = true;
      made = { count: h('span', { class: 'notice-count num' }) };
      made.button = h('button', { class: 'desk-tool notice-button', type: 'button', 'aria-haspopup': 'dialog', 'aria-expanded': 'false', onclick: open },
        h('span', {}, w('notices.title')), made.count);
      panel.append(made.button);
      draw();
      ask();
    },
  });
  setInterval(ask, EVERY_MS);
  document.addEventListener('visibilitychange', ask);
  window.gridhall.notices = { ask };
})();
