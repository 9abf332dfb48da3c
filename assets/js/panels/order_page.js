// The order's own page: what the server has drawn first is kept current here, with the actions in its head.
(function () {
  'use strict';
  const g = window.gridhall;
  const { h, text, toggle } = g.kit;
  const w = (key, values) => g.words(key, values);
  let page = null;
  let revealed = null;

  const find = (selector) => document.querySelector(`#order ${selector}`);

  function stages(detail, now) {
    const { order } = detail;
    const late = g.orderParts.lightOf(order, now) === 'red';
    return detail.stages.map((stage, i) => {
      const current = stage.state === 'current';
      const overdue = current && late;
      const mark = overdue ? 'stage-overdue' : { done: 'stage-done', current: 'stage-current' }[stage.state] || `stage-next-${i + 1}`;
      const seconds = stage.seconds + (current ? Math.max(0, (now - detail.asked_at_ms) / 1000) : 0);
      const spent = !stage.visits ? '—' : overdue ? g.format.left(order.red_at_ms, now, order.provisional) : g.format.duration(seconds);
      const step = [...detail.trail].find((each) => each.counts_at_ms === stage.entered_at_ms && each.stage === i);
      const who = (step && step.role !== 'rule' && step.actor_name) || (stage.handler && g.orderParts.workerName(stage.handler)) || w('stage_state.' + stage.state);
      return h('li', { class: `stage stage-${overdue ? 'late' : stage.state}`, 'aria-current': current ? 'step' : null }, h('span', { class: 'stage-sign', 'data-sign': mark }),
        h('div', {}, h('b', {}, w('stage.' + stage.stage)), h('span', {}, who)),
          h('div', { class: 'num' }, h('b', {}, spent), h('span', {}, stage.entered_at_ms ? g.format.moment(stage.entered_at_ms) : '')));
    });
  }

  function head(detail, now) {
    const { order } = detail;
    const light = g.orderParts.lightOf(order, now);
    const clock = order.open ? order.red_at_ms && h('span', { class: g.orderParts.tone(light) }, g.format.left(order.red_at_ms, now, order.provisional)) : h('span',
      { class: order.closed ? 'ok' : 't3' }, w('status.' + order.status));
    return [h('h1', { class: 'who-name' }, order.title), g.orderParts.cardOf(detail), clock || null];
  }

  // The clock ruler and the map read the page's own data: they are told the new.
  function tellClock(detail) {
    const script = document.getElementById('order-data');
    if (!script) return;
    const steps = detail.trail.map(({ counts_at_ms: at, status }) => ({ at_ms: at, status }));
    script.textContent = JSON.stringify({ order: detail.order, trail: steps, workers: detail.workers.map((row) => row.worker) });
    const clock = find('[data-panel="orderclock"]');
    if (clock) g.panels.drawOne(clock, g.panels.figures);
  }

  function draw(detail) {
    const now = g.shell.now();
    const { part } = g.orderParts;
    const { order } = detail;
    const mine = revealed && revealed.order === order.order ? revealed : null;
    const may = g.api.me && g.api.me.rights.includes('personal') && detail.life;
    part(find('.order-title'), [order.title, order.status, order.flags, detail.life && [detail.life.urged, detail.life.cards], order.red_at_ms && g.format.left(order.red_at_ms, now)], () => head(detail, now));
    const sign = find('.who-sign');
    sign.dataset.sign = order.open ? `light-${g.orderParts.lightOf(order, now)}` : order.closed ? 'stage-done' : 'light-none';
    part(find('.stages'), [detail.stages.map((stage) => [stage.state, stage.visits]), stages(detail, now).map((stage) => stage.textContent)], () => stages(detail, now));
    part(find('.order-facts'), [order, detail.life, mine, detail.photos, detail.trail[0], detail.notices], () => [h('div', { class: 'section-head' }, h('h2', {}, w('facts'))),
      detail.photos.length ? h('div', { class: 'part-photos' }, g.orderPhotos.photos(detail)) : null, g.orderParts.facts(detail, { revealed: mine, reveal: may ? reveal : null })]);
    part(find('.order-trail .trail'), detail.trail, () => g.orderParts.trail(detail, { wide: true }));
    text(find('.order-trail .section-head .t3'), w('trail.note', { n: detail.trail.length }));
    tellClock(detail);
  }

  async function reveal() {
    try {
      revealed = { order: page.watch.id, ...(await g.api.post(`orders/${encodeURIComponent(page.watch.id)}/reveal`, {})) };
      if (page.watch.detail) draw(page.watch.detail);
    } catch (error) { say(w('desk.fault', { t: error.said || error.message })); }
  }

  function say(line) {
    text(page.said, line);
    clearTimeout(page.timer);
    page.timer = setTimeout(() => text(page.said, ''), 10000);
  }

  function make(panel) {
    page = { bar: h('div', { class: 'part-bar', role: 'toolbar', 'aria-label': w('desk.actions'), tabindex: -1 }),
      form: h('div', { class: 'part-form', hidden: true }), said: h('p', { class: 'part-said warn', role: 'status' }) };
    panel.append(page.bar, page.said, page.form);
    page.note = find('[data-order-note]');
    page.work = new g.OrderWork({ bar: page.bar, form: page.form, note: page.note });
    page.watch = new g.OrderWatch();
    page.watch.on('detail', (detail) => { draw(detail); page.work.show(detail); });
    page.watch.on('fault', (error) => say(w('desk.fault', { t: error.said || error.message })));
    page.work.on('said', say);
    page.work.on('form', (action) => toggle(panel, 'with-form', Boolean(action)));
    page.work.on('acted', (order, action, end) => { if (end.state === 'done') page.watch.read(); });
    window.addEventListener('resize', () => page.watch.detail && page.work.fit());
    setInterval(() => page.watch.detail && draw(page.watch.detail), 30000);
    page.watch.watch(JSON.parse(document.getElementById('order-data').textContent).order.order);
  }

  document.addEventListener('keydown', (event) => {
    if (!page || !page.bar.isConnected || g.popup.open || g.orderPhotos.open || document.getElementById('search')?.hidden === false) return;
    const typing = event.target instanceof Element && event.target.closest('input:not([type=checkbox]):not([type=radio]), textarea, select');
    let done = false;
    if (event.key === 'Escape') done = page.work.close();
    else if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) done = page.work.submit();
    else if (!typing && !event.ctrlKey && !event.metaKey && !event.altKey && event.key.length === 1) done = page.work.letter(event.key.toLowerCase());
    if (!done) return;
    event.preventDefault();
    event.stopImmediatePropagation();
  }, true);

  g.panels.define('orderpage', { still: true, draw(body, figures, panel) { if (!panel.begun) { panel.begun = true; make(panel); } } });
})();
