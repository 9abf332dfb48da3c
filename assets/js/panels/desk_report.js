// A report entered by hand: hotline call, visitor, leader's order, media. The place is picked on the map beside it.
(function () {
  'use strict';
  const g = window.gridhall;
  const { h, text } = g.kit;
  const { desk } = g;
  const w = (key, values) => g.words(key, values);
  const FIELDS = ['channel', 'category', 'text', 'address', 'photos', 'person', 'phone', 'home', 'urgent', 'mass'];
  const NEEDED = new Set(['channel', 'text']);
  const PERSONAL = new Set(['person', 'phone', 'home']);
  const report = (g.deskReport = new g.Emitter());
  let form = null; // {element, fields, place, send, said, id}

  report.open = function open() {
    if (g.api.me && !g.api.me.rights.includes('report')) { g.deskOrder.say(w('desk.cannot', { a: w('action.report'), why: w('refusal.not_your_role') }), true); return; }
    desk.setMode('report');
    if (!form) build();
    g.deskOrder.other.replaceChildren(form.element);
    form.fields.get('channel').focus();
    report.emit('pick', true);
  };

  report.close = function close({ back = true } = {}) {
    if (!form) return false;
    report.emit('pick', false);
    if (back) desk.setMode('order');
    return true;
  };

  // Folded away it keeps what was typed; thrown away only on purpose.
  report.fold = function fold() {
    report.close();
    document.querySelector('.desk-new')?.focus();
  };

  report.clear = function clear() {
    form?.element.remove();
    form = null;
    report.emit('place', null);
    report.open();
  };

  function build() {
    const fields = new Map(FIELDS.map((name) => [name, g.orderFields.make(name, { need: NEEDED.has(name), label: name === 'text' ? w('ask.report_text') : undefined })]));
    const where = h('span', { class: 'place-said t3', role: 'status' }, w('ask.place.none'));
    const middle = h('button', { class: 'desk-tool', type: 'button', onclick: () => report.emit('middle') }, w('ask.place.middle'));
    const wrong = h('p', { class: 'ask-fault', role: 'alert' });
    const place = { lon: null, lat: null, region: '', where, wrong };
    const placeRow = h('div', { class: 'ask', 'data-ask': 'place' }, h('span', { class: 'ask-name' }, w('ask.place')),
      h('div', { class: 'ask-control' }, h('div', { class: 'place-line' }, where, middle), wrong));
    const send = h('button', { class: 'button primary', type: 'submit' }, h('span', {}, w('ask.report')), h('kbd', { class: 'key' }, 'Ctrl Enter'));
    const said = h('div', { class: 'form-said', role: 'status' });
    const rows = FIELDS.filter((name) => !PERSONAL.has(name)).map((name) => fields.get(name).element);
    rows.splice(3, 0, placeRow);
    const element = h('form', { class: 'order-form report-form', novalidate: true, autocomplete: 'off', 'aria-label': w('desk.report'),
      onsubmit: (event) => { event.preventDefault(); report.send(); } },
      h('div', { class: 'form-head' }, h('h2', {}, w('desk.report')), h('span', { class: 't3' }, w('desk.report.note')),
        h('button', { class: 'desk-tool', type: 'button', 'aria-label': w('close'), onclick: () => report.fold() }, '×')),
      h('div', { class: 'form-fields' }, rows, h('fieldset', { class: 'personal' },
        h('legend', {}, w('ask.personal'), h('span', { class: 't3' }, w('ask.personal.note'))), FIELDS.filter((name) => PERSONAL.has(name)).map((name) => fields.get(name).element))),
      h('div', { class: 'form-foot' }, send, h('button', { class: 'button', type: 'button', onclick: () => report.fold() }, w('ask.fold'), h('kbd', { class: 'key' }, 'Esc')),
        h('button', { class: 'desk-tool', type: 'button', onclick: () => report.clear() }, w('ask.clear')), said));
    form = { element, fields, place, send, said, id: g.newId() };
  }

  // A place from the map: where it is in words, and whether it is ours.
  report.setPlace = function setPlace(lon, lat) {
    if (!form) return;
    const code = regionAt(lon, lat);
    Object.assign(form.place, { lon, lat, region: code });
    const names = code ? g.shell.path(code).map((each) => g.shell.shortName(each, g.shell.regionName(each))).join(' › ') : w('ask.place.outside');
    text(form.place.where, `${names} · ${lon.toFixed(5)}, ${lat.toFixed(5)}`);
    form.place.where.classList.toggle('t3', false);
    text(form.place.wrong, code ? '' : w('ask.place.not_ours'));
    report.emit('place', { lon, lat });
  };

  // The finest region that holds a place; "" outside.
  function regionAt(lon, lat) {
    const { shapes } = g.city;
    let code = g.config.root;
    for (let below = shapes.childAt(code, lon, lat); below; below = shapes.childAt(code, lon, lat)) code = below.code;
    if (code !== g.config.root) return code;
    const root = shapes.regions.get(code);
    return root && g.geo.inRings(root.rings, g.geo.mercatorX(lon), g.geo.mercatorY(lat)) ? code : '';
  }

  report.send = async function send() {
    if (!form || form.sending) return;
    const [wrong] = [...form.fields.values()].filter((field) => field.check());
    const placed = form.place.lon !== null;
    text(form.place.wrong, !placed && !form.fields.get('address').value() ? w('ask.place.needed') : placed && !form.place.region ? w('ask.place.not_ours') : '');
    if (wrong) { wrong.focus(); return; }
    if (form.place.wrong.textContent) { form.fields.get('address').focus(); return; }
    const mine = form;
    const fields = placed ? { lon: mine.place.lon, lat: mine.place.lat } : {};
    for (const [name, field] of mine.fields) { const value = field.value(); if (value !== undefined) fields[name] = value; }
    if (fields.category) fields.title = g.orderParts.matterName(fields.category);
    mine.sending = true;
    mine.send.setAttribute('aria-disabled', 'true');
    text(mine.said, w('ask.sending'));
    const end = await g.api.report(fields, { id: mine.id, onState: ({ state }) => { if (state === 'doubt') text(mine.said, w('told.doubt')); } });
    mine.sending = false;
    mine.send.removeAttribute('aria-disabled');
    if (end.state !== 'done') { text(mine.said, g.told.ending(end)); mine.said.classList.add('bad'); mine.id = g.newId(); return; }
    g.deskNews.own(end.order);
    const still = form === mine && desk.mode === 'report';
    if (form === mine) { form.element.remove(); form = null; report.emit('place', null); report.emit('pick', false); }
    if (still) { desk.setMode('order'); desk.set({ order: end.order }, { push: true }); g.deskOrder.say(w('desk.reported', { d: end.order }), false); g.deskOrder.focusSoon(); }
  };

  report.contains = (element) => Boolean(form && form.element.contains(element));
})();
