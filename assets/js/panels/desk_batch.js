// Several orders dispatched with one form; what came of each stands beside it.
(function () {
  'use strict';
  const g = window.gridhall;
  const { h, text, setSign, keyed } = g.kit;
  const { desk } = g;
  const w = (key, values) => g.words(key, values);
  const BY_RULE = ' rule';
  const MOST = 200;
  const batch = (g.deskBatch = {});
  let held = null; // {element, rows: [{id, …}], state: Map(id → {sign, words})}

  let tied = false;
  batch.open = function open() {
    if (!tied) { tied = true; g.deskQueue.on('rows', () => held && draw()); }
    const rows = [...desk.marked].map((id) => g.deskQueue.rows.get(id)).filter(Boolean).slice(0, MOST);
    if (!rows.length) { g.deskOrder.say(w('desk.batch.none'), true); return; }
    desk.setMode('batch');
    build(rows);
    g.deskOrder.other.replaceChildren(held.element);
    held.department.focus();
  };

  batch.close = function close() {
    if (!held) return false;
    held.element.remove();
    held = null;
    desk.setMode('order');
    g.deskQueue.focusGrid();
    return true;
  };

  function build(rows) {
    const department = h('select', { class: 'field' }, h('option', { value: BY_RULE }, w('desk.batch.by_rule')),
      Object.entries(g.config.departments).map(([key, name]) => h('option', { value: key }, name)));
    const note = g.orderFields.make('note', {});
    const list = h('div', { class: 'batch-rows' });
    const said = h('div', { class: 'form-said', role: 'status' });
    const send = h('button', { class: 'button primary', type: 'submit' }, h('span', {}, w('desk.batch.send', { n: rows.length })), h('kbd', { class: 'key' }, 'Ctrl Enter'));
    const element = h('form', { class: 'order-form batch-form', novalidate: true, 'aria-label': w('desk.batch'), onsubmit: (event) => { event.preventDefault(); batch.send(); } },
      h('div', { class: 'form-head' }, h('h2', {}, w('desk.batch')), h('span', { class: 't3' }, w('desk.batch.note', { n: rows.length })),
        h('button', { class: 'desk-tool', type: 'button', 'aria-label': w('close'), onclick: () => batch.close() }, '×')),
      h('div', { class: 'form-fields' }, h('div', { class: 'ask' }, h('label', { class: 'ask-name', for: 'batch-department' }, w('ask.department')),
        h('div', { class: 'ask-control' }, department)), note.element, list),
      h('div', { class: 'form-foot' }, send, h('button', { class: 'button', type: 'button', onclick: () => batch.close() }, w('close'), h('kbd', { class: 'key' }, 'Esc')), said));
    department.id = 'batch-department';
    held = { element, department, note, list, said, send, rows, state: new Map() };
    department.addEventListener('change', draw);
    draw();
  }

  const keyOfName = (name) => Object.entries(g.config.departments).find(([, each]) => each === name)?.[0];
  const departmentOf = (row) => (held.department.value === BY_RULE ? keyOfName(row.proposal || row.department) : held.department.value);

  function draw() {
    const waiting = (row) => {
      const key = departmentOf(row);
      return key ? { sign: 'light-none', words: g.orderParts.departmentName(key), tone: 't3' } : { sign: 'light-yellow', words: w('desk.batch.no_rule'), tone: 'warn' };
    };
    keyed(held.list, held.rows, (row) => row.id, (row) => h('div', { class: 'batch-row' }, h('span', {}), h('b', {}, row.title), h('span', {}, row.place),
      h('span', {}), h('span', { class: 'batch-end' })), (line, row) => {
      text(line.children[3], (g.deskQueue.rows.get(row.id) || row).at);
      const { sign, words, tone } = held.state.get(row.id) || waiting(row);
      setSign(line.children[0], sign);
      text(line.children[4], words);
      line.children[4].className = `batch-end ${tone}`;
    }, true);
  }

  batch.send = async function send() {
    const mine = held;
    if (!mine || mine.sent) return;
    const note = mine.note.value();
    const items = mine.rows.map((row) => [row, departmentOf(row)]).filter(([, department]) => department)
      .map(([row, department]) => ({ order: row.id, action: 'dispatch', fields: { department, ...(note ? { note } : {}) } }));
    if (!items.length) { text(mine.said, w('desk.batch.no_rule')); return; }
    mine.sent = true;
    mine.send.disabled = true;
    mine.department.disabled = true;
    text(mine.said, w('ask.sending'));
    const tell = (at, end) => {
      const says = { sending: ['light-none', w('ask.sending'), 't3'], doubt: ['light-yellow', w('told.doubt'), 'warn'],
        done: ['light-green', w('desk.batch.done', { d: g.orderParts.departmentName(items[at].fields.department) }), 'ok'] };
      const [sign, words, tone] = says[end.state] || ['light-red', g.told.ending(end), 'bad'];
      mine.state.set(items[at].order, { sign, words, tone });
      if (end.state === 'done') { g.deskNews.own(items[at].order); desk.mark(items[at].order, false); }
      if (held === mine) draw();
    };
    const ends = await g.api.actMany(items, { onState: tell });
    const done = ends.filter((end) => end.state === 'done').length;
    text(mine.said, w('desk.batch.told', { n: done, m: mine.rows.length - done }));
    if (held === mine) mine.element.querySelector('.form-foot .button:not(.primary)').focus();
  };

  batch.contains = (element) => Boolean(held && held.element.contains(element));
})();
