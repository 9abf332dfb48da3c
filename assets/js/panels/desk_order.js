// The middle of the desk: the chosen order from its title to its actions.
(function () {
  'use strict';
  const g = window.gridhall;
  const { h, text, toggle } = g.kit;
  const { desk } = g;
  const w = (key, values) => g.words(key, values);
  const SETTLE_MS = 120; // J held down does not ask for every order on the way

  const pane = (g.deskOrder = new g.Emitter());
  let made = null;
  let timer = 0;
  let revealed = null; // {order, …}: personal data that was asked for

  function make(body) {
    const part = (name, tag = 'div', more = {}) => h(tag, { class: `part-${name}`, ...more });
    made = {
      body, empty: part('empty'), view: h('div', { class: 'order-view', hidden: true }), head: part('head', 'div', { tabindex: -1 }), stages: part('stages', 'ol'), clocks: part('clocks'),
      facts: part('facts'), photos: part('photos'), trail: part('trail', 'ol'), trailHead: h('h2', { class: 'part-title' }), note: part('note'), form: part('form', 'div', { hidden: true }),
      bar: part('bar', 'div', { role: 'toolbar', 'aria-label': w('desk.actions'), tabindex: -1 }), said: h('p', { class: 'part-said', role: 'status' }),
        other: h('div', { class: 'desk-other', hidden: true }),
    };
    made.scroll = h('div', { class: 'order-scroll', tabindex: 0, 'aria-label': w('desk.order') }, made.stages, made.clocks, made.facts, made.photos,
      made.trailHead, h('div', { class: 'trail' }, made.trail));
    made.view.append(made.head, made.scroll, made.note, made.said, made.form, made.bar);
    body.append(made.empty, made.view, made.other);
    pane.work = new g.OrderWork({ bar: made.bar, form: made.form, note: made.note });
    pane.watch = new g.OrderWatch();
    pane.other = made.other;
    listen();
  }

  function listen() {
    pane.watch.on('order', drawOrder);
    pane.watch.on('detail', (detail) => { drawDetail(detail); pane.work.show(detail); if (pane.entering === detail.order.order) enter(); });
    pane.watch.on('missing', (id) => drawEmpty(w('page.no_order', { id })));
    pane.watch.on('fault', (error) => say(w('desk.fault', { t: error.said || error.message }), true));
    pane.work.on('said', (line) => say(line, true));
    pane.work.on('form', (action) => toggle(made.view, 'with-form', Boolean(action)));
    pane.work.on('acted', (order, action, end) => {
      if (end.state !== 'done') return; // the form, or the line at the foot, says what else came of it
      g.deskNews.own(order);
      if (order === pane.watch.id) { say(w('desk.acted', { a: w('action.' + action), t: g.format.hms(g.shell.now()) }), false); pane.watch.read(); }
    });
    desk.on('change', (names) => names.has('order') && chooseSoon());
    desk.on('mode', drawMode);
    desk.on('tick', () => pane.watch.detail && drawDetail(pane.watch.detail));
    window.addEventListener('resize', () => pane.watch.detail && pane.work.fit());
    drawMode();
    choose();
  }

  function chooseSoon() {
    clearTimeout(timer);
    timer = setTimeout(choose, SETTLE_MS);
  }
  function choose() {
    if (pane.watch.id !== desk.state.order) { revealed = null; say('', false); }
    if (pane.entering !== desk.state.order) pane.entering = '';
    pane.watch.watch(desk.state.order);
    if (!desk.state.order) drawEmpty(w('desk.none'));
  }

  function drawEmpty(words) {
    made.view.hidden = true;
    made.empty.hidden = desk.mode !== 'order';
    text(made.empty, words);
    pane.emit('detail', null);
  }

  // What is known of it from the queue stands at once; the rest when it comes.
  function drawOrder(id) {
    if (!id) return;
    const row = g.deskQueue.rows.get(id);
    made.empty.hidden = true;
    made.view.hidden = desk.mode !== 'order';
    toggle(made.view, 'waiting', true);
    if (row) g.orderParts.part(made.head, ['row', id], () => headOf({ title: row.title, order: id, light: row.light, due: row.due_ms, provisional: row.provisional, place: row.place,
      tags: null, card: row.tags.includes('supervised') ? h('span', { class: `card-tag ${row.tags.includes('red_card') ? 'red' : ''}` },
        w(row.tags.includes('yellow_card') || row.tags.includes('red_card') ? 'desk.tag.card' : 'desk.tag.supervised')) : null }));
    made.scroll.scrollTop = 0;
  }

  function headOf({ title, order, light, due, provisional, status, place, tags, card }) {
    const now = g.shell.now();
    const left = status ? h('span', { class: 'order-left t2' }, status) : due ? h('span', { class: `order-left ${g.orderParts.tone(light)}` }, g.format.left(due, now, provisional)) : null;
    return [
      h('div', { class: 'head-line' }, h('span', { class: 'head-sign', 'data-sign': `light-${light || 'none'}` }), h('h2', { class: 'order-name', title }, title),
        card, left),
      h('div', { class: 'head-second' }, h('span', { class: 'order-no' }, order), h('span', { class: 'order-at' }, place), tags,
        h('a', { class: 'link', href: g.links.order(order), 'data-keep': 'page', 'aria-keyshortcuts': 'o' }, w('desk.page'), h('kbd', { class: 'key' }, 'O'))),
    ];
  }

  function drawDetail(detail) {
    const now = g.shell.now();
    const { order } = detail;
    const parts = g.orderParts;
    const light = parts.lightOf(order, now);
    const status = order.open ? '' : w('status.' + order.status);
    made.empty.hidden = true;
    made.view.hidden = desk.mode !== 'order';
    toggle(made.view, 'waiting', false);
    parts.part(made.head, [order.title, order.order, light, status, order.flags, order.place, detail.life && [detail.life.urged, detail.life.cards], order.red_at_ms && g.format.left(order.red_at_ms, now)], () => headOf({
      title: order.title, order: order.order, light: light || (order.closed ? 'green' : 'none'), due: order.red_at_ms, provisional: order.provisional, status, place: order.place,
        tags: parts.tagsOf(order), card: parts.cardOf(detail),
    }));
    parts.part(made.stages, [detail.stages.map((stage) => [stage.state, stage.visits]), stageText(detail, now)], () => parts.stages(detail, now));
    const clocks = parts.clocks(detail, now);
    parts.part(made.clocks, clocks.map((clock) => clock.textContent + (clock.querySelector('i')?.getAttribute('style') || '')), () => clocks);
    const mine = revealed && revealed.order === order.order ? revealed : null;
    const may = g.api.me && g.api.me.rights.includes('personal') && detail.life;
    parts.part(made.facts, [order, detail.life, mine, detail.trail[0], Boolean(may), detail.notices], () => parts.facts(detail, { revealed: mine, reveal: may ? reveal : null }));
    parts.part(made.photos, detail.photos, () => g.orderPhotos.photos(detail));
    made.photos.hidden = !detail.photos.length;
    parts.part(made.trailHead, detail.trail.length, () => [w('desk.trail'), h('span', { class: 't3' }, w('trail.note', { n: detail.trail.length }))]);
    parts.part(made.trail, detail.trail, () => parts.trail(detail));
    pane.emit('detail', detail);
  }

  const stageText = (detail, now) => g.orderParts.stages(detail, now).map((stage) => stage.textContent);

  async function reveal() {
    const id = pane.watch.id;
    try {
      revealed = { order: id, ...(await g.api.post(`orders/${encodeURIComponent(id)}/reveal`, {})) };
      if (pane.watch.detail && pane.watch.id === id) drawDetail(pane.watch.detail);
    } catch (error) {
      say(w('desk.fault', { t: error.said || error.message }), true);
    }
  }

  function say(line, bad) {
    text(made.said, line);
    if (line && !made.empty.hidden) text(made.empty, line); // no order is open: its line is not to be seen
    toggle(made.said, 'warn', bad);
    clearTimeout(made.saidTimer);
    if (line) made.saidTimer = setTimeout(() => text(made.said, ''), bad ? 10000 : 6000);
  }

  function drawMode() {
    const order = desk.mode === 'order';
    made.other.hidden = order;
    made.view.hidden = !order || !desk.state.order;
    made.empty.hidden = !order || Boolean(desk.state.order);
    if (order && pane.watch.detail) { drawDetail(pane.watch.detail); pane.work.fit(); }
  }

  // Enter: into the order, by its actions; as soon as they are there.
  pane.enterSoon = () => { if (pane.watch.detail && pane.watch.id === desk.state.order) enter(); else pane.entering = desk.state.order; };
  function enter() {
    pane.entering = '';
    (made.bar.querySelector('.act.primary:not([hidden])') || made.bar.querySelector('.act:not([hidden])') || made.head).focus();
  }
  pane.focusSoon = pane.enterSoon;
  pane.say = say;

  g.panels.define('deskorder', {
    still: true,
    draw(body) { if (!made || made.body !== body) make(body); },
  });
})();
