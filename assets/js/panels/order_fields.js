// The fields of forms on orders, one control per name of the table of actions. A control is
// {element, value(), fault(), set(value), focus()}: value() is what is sent, undefined for nothing; fault() why it cannot be sent yet.
(function () {
  'use strict';
  const g = (window.gridhall = window.gridhall || {});
  const { h, text } = g.kit;
  const w = (key, values) => g.words(key, values);
  const NO_PLACE = 2147483647;
  let serial = 0;
  const newName = () => `ask-${(serial += 1)}`;

  // ---- plain controls
  function textual(input, given) {
    const { pattern, wrong } = given; // `need` may change while the form is open
    return {
      input,
      value: () => input.value.trim() || undefined,
      fault: () => (given.need && !input.value.trim() ? w('ask.needed') : pattern && input.value.trim() && !pattern.test(input.value.trim()) ? w(wrong) : ''),
      set: (value) => { input.value = value ?? ''; },
      focus: () => input.focus(),
    };
  }
  const area = (name, given) => textual(h('textarea', { class: 'field area', rows: given.rows || 2, maxlength: 2000 }), given);
  const line = (name, given) => textual(h('input', { class: 'field', type: given.type || 'text', maxlength: given.most || 200, autocomplete: 'off' }), given);

  function suggested(name, given, options) {
    const id = newName();
    const made = line(name, given);
    made.input.setAttribute('list', id);
    made.extra = h('datalist', { id }, options.map((option) => h('option', { value: option })));
    return made;
  }

  function choice(name, given, options, empty) {
    const input = h('select', { class: 'field' }, empty === null ? null : h('option', { value: '' }, empty || w('ask.choose')), options);
    return { ...textual(input, given), value: () => input.value || undefined };
  }

  function radios(name, given, options) {
    const group = newName();
    const inputs = options.map(([value]) => h('input', { type: 'radio', name: group, value }));
    const box = h('div', { class: 'ask-radios', role: 'radiogroup' }, options.map(([, label], i) => h('label', {}, inputs[i], h('span', {}, label))));
    const chosen = () => inputs.find((input) => input.checked);
    return {
      input: box, group: true,
      value: () => chosen()?.value,
      fault: () => (given.need && !chosen() ? w('ask.needed') : ''),
      set: (value) => { for (const input of inputs) input.checked = input.value === value; },
      focus: () => (chosen() || inputs[0]).focus(),
      onChange: (task) => box.addEventListener('change', task),
    };
  }

  // Yes, no, or neither: what was not asked is not told.
  function answer(name, given) {
    const asked = radios(name, given, [...(g.desk.data.answers || {})[name] || [], ''].map((each) => [each, w(each ? `ask.${name}.${each}` : 'ask.unasked')]));
    return { ...asked, value: () => asked.value() || undefined };
  }

  function check(name) {
    const input = h('input', { type: 'checkbox' });
    return { input, value: () => (input.checked ? true : undefined), fault: () => '', set: (value) => { input.checked = Boolean(value); }, focus: () => input.focus() };
  }

  // ---- matters, departments, orders
  // The matters at the ends of the tree, each with the way to it; a name that two have is told with its parent.
  function matters() {
    const parents = g.desk.data.parents || {};
    const inner = new Set(Object.values(parents));
    const ends = Object.entries(g.config.matters).filter(([key]) => !inner.has(key));
    const count = new Map();
    for (const [, name] of ends) count.set(name, (count.get(name) || 0) + 1);
    return new Map(ends.map(([key, name]) => [count.get(name) > 1 ? `${g.config.matters[parents[key]] || key} / ${name}` : name, key]));
  }

  function category(name, given) {
    const all = matters();
    const made = suggested(name, given, [...all.keys()]);
    const keyOf = (said) => all.get(said) || (g.config.matters[said] ? said : undefined);
    made.value = () => keyOf(made.input.value.trim());
    made.fault = () => {
      const said = made.input.value.trim();
      if (!said) return given.need ? w('ask.needed') : '';
      return keyOf(said) ? '' : w('ask.no_matter');
    };
    made.set = (key) => { made.input.value = [...all].find(([, each]) => each === key)?.[0] || g.orderParts.matterName(key) || ''; };
    made.input.placeholder = w('ask.type_or_choose');
    return made;
  }

  const departments = (without = '') => Object.entries(g.config.departments).filter(([key]) => key !== without).map(([key, name]) => h('option', { value: key }, name));
  const department = (name, given) => choice(name, given, departments(), given.empty);

  function coHandler(name, given) {
    const co = (given.detail.life && given.detail.life.co_handlers) || [];
    return choice(name, given, co.map((each) => h('option', { value: each.department }, each.name)));
  }

  function coHandlers() {
    const boxes = Object.entries(g.config.departments).map(([key, label]) => [key, h('input', { type: 'checkbox' }), label]);
    const told = h('span', {});
    const chosen = () => boxes.filter(([, box]) => box.checked);
    const say = () => text(told, chosen().length ? chosen().map(([, , label]) => label).join(w('desk.comma')) : w('ask.nobody'));
    const input = h('details', { class: 'ask-many' }, h('summary', {}, told), h('div', { class: 'ask-boxes' }, boxes.map(([, box, label]) => h('label', {}, box, label))));
    input.addEventListener('change', say);
    say();
    return {
      input, value: () => chosen().map(([key]) => key).join(';') || undefined, fault: () => '', focus: () => input.querySelector('summary').focus(),
      set: (value) => { const wanted = String(value || '').split(';'); for (const [key, box] of boxes) box.checked = wanted.includes(key); say(); },
    };
  }

  // Into which order: those that are open now are proposed, the nearest first.
  function mergedInto(name, given) {
    const { order } = given.detail;
    const table = g.live.tables.get('order');
    const away = (row) => (order.lon === null || row.lon === NO_PLACE ? Infinity : g.geo.distance(order.lon, order.lat, row.lon * 1e-7, row.lat * 1e-7));
    const rows = [...table.slotOf.values()].map((slot) => table.at(slot)).filter((row) => row && row.id !== order.order && row.own);
    const near = rows.map((row) => [away(row), row]).sort(([a], [b]) => a - b).slice(0, 60).map(([, row]) => row);
    const made = suggested(name, given, []);
    made.extra.append(...near.map((row) => h('option', { value: row.id }, `${g.deskRows.titleOf(row)} · ${g.deskRows.placeOf(row)}`)));
    made.fault = () => (!made.input.value.trim() ? w('ask.needed') : made.input.value.trim() === order.order ? w('ask.itself') : '');
    made.input.placeholder = w('ask.order_number');
    return made;
  }

  // ---- an instant, in the city's own time
  function civil(atMs) { return `${g.format.day(atMs)}T${g.format.hm(atMs)}`; }

  function moment(name, given) {
    const input = h('input', { class: 'field', type: 'datetime-local', max: '9999-12-31T23:59' });
    const value = () => g.format.instantOf(input.value);
    // What is half typed has no value, and is not nothing.
    const unread = () => input.validity.badInput || (input.value && value() === undefined);
    return {
      input, value,
      fault: () => (unread() ? w('ask.unread') : input.value ? (value() <= g.shell.now() ? w('ask.past') : '') : given.need ? w('ask.needed') : ''),
      set: (atMs) => { input.value = atMs ? civil(atMs) : ''; },
      focus: () => input.focus(),
    };
  }

  // ---- who is near: letter, name, way, state, load, battery, age of the fix
  function handler(name, given) {
    const group = newName();
    const list = h('div', { class: 'ask-near', role: 'radiogroup', 'aria-label': w('ask.handler') });
    let chosen = '';
    const add = (worker, cells) => {
      const input = h('input', { type: 'radio', name: group, value: worker, checked: worker === chosen });
      input.addEventListener('change', () => { chosen = worker; });
      list.append(h('label', { class: worker ? 'near' : 'near none' }, input, cells));
    };
    const draw = (workers) => {
      list.replaceChildren();
      add('', [h('span', {}, w('ask.nobody'))]);
      if (chosen && !workers.some((row) => row.worker === chosen)) add(chosen, [h('b', {}), h('b', {}, g.orderParts.workerName(chosen))]);
      for (const row of workers) add(row.worker, g.deskNear.cells(row));
    };
    draw([]);
    if (given.detail && given.detail.order.lon !== null) g.deskNear.ask(given.detail.order.order).then((found) => draw(found.slice(0, 8))).catch((error) => g.faults.tellUnlessRefused('order fields', error));
    return {
      input: list, group: true, value: () => chosen || undefined,
      fault: () => (given.need && !chosen ? w('ask.needed') : ''),
      set: (worker) => { chosen = worker || ''; draw(g.deskNear.last(given.detail && given.detail.order.order).slice(0, 8)); },
      focus: () => (list.querySelector('input:checked') || list.querySelector('input')).focus(),
    };
  }

  // ---- files: each goes up as soon as it is chosen
  function photos(name, given) {
    const pick = h('input', { type: 'file', multiple: true, accept: 'image/*,video/mp4,application/pdf', class: 'visually-hidden', tabindex: -1 });
    const rows = h('div', { class: 'ask-files' });
    const held = []; // {row, file, share, done, fault}
    const draw = (item) => item.row.replaceChildren(...[h('span', { class: 'file-name' }, item.file.name),
      item.done ? h('span', { class: 'ok' }, w('ask.file.done')) : item.fault ? h('span', { class: 'bad' }, item.fault) : h('span', { class: 'limit' },
        h('i', { class: 'limit-green', style: `width:${Math.round(item.share * 100)}%` })),
      item.fault ? h('button', { class: 'desk-tool', type: 'button', onclick: () => send(item) }, w('ask.file.again')) : null,
      h('button', { class: 'desk-tool', type: 'button', 'aria-label': w('ask.file.drop', { f: item.file.name }), onclick: () => drop(item) }, '×')].filter(Boolean));
    async function send(item) {
      Object.assign(item, { fault: '', share: 0 });
      draw(item);
      try {
        const stored = await g.api.upload(item.file, { onProgress: (share) => { item.share = share; draw(item); }, id: item.id });
        item.done = stored.file;
      } catch (error) {
        item.fault = error.said || w('ask.file.failed');
      }
      draw(item);
      given.changed?.();
    }
    function drop(item) { held.splice(held.indexOf(item), 1); item.row.remove(); given.changed?.(); }
    function add(files) {
      for (const file of files) {
        const item = { file, id: g.newId(), share: 0, done: '', fault: '', row: h('div', { class: 'file-row' }) };
        held.push(item);
        rows.append(item.row);
        send(item);
      }
    }
    pick.addEventListener('change', () => { add([...pick.files]); pick.value = ''; });
    const button = h('button', { class: 'desk-tool', type: 'button', onclick: () => pick.click() }, '＋ ', w('ask.file.add'));
    const input = h('div', { class: 'ask-photos' }, button, pick, rows);
    input.addEventListener('dragover', (event) => event.preventDefault());
    input.addEventListener('drop', (event) => { event.preventDefault(); add([...event.dataTransfer.files]); });
    return {
      input, add, group: true, value: () => held.map((item) => item.done).filter(Boolean).join(';') || undefined,
      fault: () => (held.some((item) => !item.done && !item.fault) ? w('ask.file.wait') : held.some((item) => item.fault) ? w('ask.file.bad') : given.need && !held.length ? w('ask.needed') : ''),
      set: () => {}, focus: () => button.focus(),
    };
  }

  const MAKERS = {
    note: area, reason: area, text: (name, given) => area(name, { ...given, rows: 3 }),
      quality: (name, given) => suggested(name, given, ['1', '2', '3', '4'].map((n) => w('ask.quality.' + n))),
    title: line, address: line, home: line, person: line, phone: (name, given) => line(name, { ...given, type: 'tel', pattern: /^[\d +()-]{5,20}$/, wrong: 'ask.bad_phone' }),
    channel: (name, given) => choice(name, given, (g.desk.data.channels || []).map((each) => h('option', { value: each }, g.orderParts.channelName(each)))),
    category, department, co_handler: coHandler, co_handlers: coHandlers, handler, deadline_at_ms: moment, merged_into: mergedInto, photos,
    result: (name, given) => radios(name, given, given.choices.map((each) => [each, w('ask.result.' + each)])),
    satisfaction: (name, given) => radios(name, given, (g.desk.data.satisfaction || []).map((each) => [each, w('ask.satisfaction.' + each)])),
    contacted: answer, solved: answer,
    urgent: check, mass: check,
  };

  // One row of a form: label, control, what is wrong with it.
  function make(name, given = {}) {
    const control = (MAKERS[name] || line)(name, given);
    const id = newName();
    const label = h(control.group ? 'span' : 'label', { class: 'ask-name', id: `${id}-name`, for: control.group ? null : id }, given.label || w('ask.' + name),
      given.need ? h('i', { 'aria-hidden': 'true' }, ' *') : null);
    const wrong = h('p', { class: 'ask-fault', id: `${id}-fault`, role: 'alert' });
    control.input.id ||= id;
    if (!control.group) control.input.setAttribute('aria-describedby', `${id}-fault`);
    else control.input.setAttribute('aria-labelledby', `${id}-name`);
    if (given.need && !control.group) control.input.setAttribute('aria-required', 'true');
    const element = h('div', { class: 'ask', 'data-ask': name }, label, h('div', { class: 'ask-control' }, control.input, control.extra || null, wrong));
    const show = (fault) => {
      text(wrong, fault);
      if (fault) control.input.setAttribute('aria-invalid', 'true'); else control.input.removeAttribute('aria-invalid');
      return fault;
    };
    element.addEventListener('input', () => show(''));
    return { name, element, ...control, given, need: (on) => { given.need = on; label.querySelector('i')?.remove();
      if (on) label.append(h('i', { 'aria-hidden': 'true' }, ' *')); }, check: () => show(control.fault()), show };
  }

  g.orderFields = { make, matters, known: (name) => name in MAKERS };
})();
