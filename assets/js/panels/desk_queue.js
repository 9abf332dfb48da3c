// The queue: rows of the live table in the grid, moved by transactions and never made anew; filters, search, views, columns.
(function () {
  'use strict';
  const g = window.gridhall;
  const { h, text, toggle, attribute, keyed } = g.kit;
  const GRID = 'desk-grid';
  const OPTIONAL = ['source', 'holder', 'age_ms', 'id'];

  const queue = (g.deskQueue = new g.Emitter());
  queue.rows = new Map(); // id → data
  queue.ready = false; // the first snapshot has come
  queue.grid = null; // once it stands
  const slots = new Map(); // slot of the table → id
  let grid = null;
  let last = 0; // where the chosen row stood when it was last seen

  const desk = g.desk;
  const table = () => g.live.tables.get('order');

  // ---- cells
  const components = (window.dashAgGridComponentFunctions = window.dashAgGridComponentFunctions || {});
  const e = (...parts) => window.React.createElement(...parts);
  components.DeskLight = ({ data }) => e('span', { className: 'desk-light' },
    e('span', { 'data-sign': `light-${data.light}`, role: 'img', 'aria-label': g.words('light.' + data.light) }),
    data.marked ? e('span', { className: 'desk-mark', role: 'img', 'aria-label': g.words('desk.marked') }, '✓') : null);
  components.DeskTitle = ({ data }) => e('span', { className: 'desk-title', title: data.title }, e('b', null, data.title),
    data.tags.includes('urgent') ? e('span', { className: 'card-tag red' }, g.words('desk.tag.urgent')) : null,
    data.tags.includes('red_card') ? e('span', { className: 'card-tag red' }, g.words('desk.tag.card'))
      : data.tags.includes('yellow_card') ? e('span', { className: 'card-tag' }, g.words('desk.tag.card'))
        : data.tags.includes('supervised') ? e('span', { className: 'card-tag' }, g.words('desk.tag.supervised')) : null,
    data.own ? null : e('span', { className: 'desk-outside', title: g.words('desk.outside.what') }, g.words('desk.outside')));
  components.DeskUnit = ({ data }) => (data.proposal
    ? e('span', { className: 'sel', title: data.proposal }, g.words('desk.proposed', { d: data.proposal }))
    : e('span', { title: [data.department, data.handler].filter(Boolean).join(' · ') }, data.department || data.handler));
  components.DeskAge = ({ data }) => e('span', { 'data-fmt': 'agoAt', 'data-value': String(data.age_ms) });
  components.DeskLimit = ({ data }) => (data.used === null ? null : e('span', { className: 'limit' },
    e('i', { className: `limit-${data.light}`, style: { width: `${Math.min(100, Math.max(0, data.used * 100)).toFixed(1)}%` } })));
  components.DeskLeft = ({ data }) => (data.due_ms === null ? e('span', { className: 't3' }, '—')
    : e('span', { className: { red: 'bad', yellow: 'warn' }[data.light] || '', 'data-fmt': 'left', 'data-value': String(data.due_ms),
      ...(data.provisional ? { 'data-provisional': 'brief', title: g.words('limit.provisional.what') } : {}) }));

  // ---- rows
  function dataOf(slot, nowMs) {
    const row = table().at(slot);
    if (!row) return null;
    return { ...g.deskRows.rowOf(row, nowMs, g.api.me), marked: desk.marked.has(row.id) };
  }

  function take(change) {
    const nowMs = g.shell.now();
    const [add, update, remove] = [[], [], []];
    const drop = (id) => { if (queue.rows.delete(id)) remove.push({ id }); };
    if (change.renewed) { for (const id of [...queue.rows.keys()]) if (!table().slotOf.has(id)) drop(id); slots.clear(); }
    for (const slot of change.gone) { const id = slots.get(slot); if (id !== undefined) { slots.delete(slot); drop(id); } }
    for (const slot of change.slots) {
      const data = dataOf(slot, nowMs);
      if (!data) continue;
      (queue.rows.has(data.id) ? update : add).push(data);
      slots.set(slot, data.id);
      queue.rows.set(data.id, data);
    }
    apply({ add, update, remove });
    for (const { id } of remove) if (desk.marked.has(id)) desk.mark(id, false);
    queue.ready = true;
    queue.emit('rows', { ids: update.map((data) => data.id).concat(add.map((data) => data.id)), gone: remove.map((data) => data.id) });
    drawAround();
  }

  function apply(transaction) {
    if (!grid) return;
    const done = grid.applyTransaction(transaction);
    // a cell whose value is the same is not drawn anew by itself, though the light or the mark beside it may have changed
    if (done && done.update.length) grid.refreshCells({ rowNodes: done.update, force: true, suppressFlash: true });
    if (transaction.add && transaction.add.some((data) => data.id === desk.state.order)) choose(); else showChosen();
  }

  // Time moves on: lights, ranks and bars of what has changed them.
  function refresh() {
    const nowMs = g.shell.now();
    const update = [];
    for (const slot of slots.keys()) {
      const data = dataOf(slot, nowMs);
      const held = data && queue.rows.get(data.id);
      if (!data || (held && held.light === data.light && Math.round(held.used * 200) === Math.round(data.used * 200))) continue;
      queue.rows.set(data.id, data);
      update.push(data);
    }
    if (update.length) apply({ update });
    drawAround();
  }

  // ---- the chosen row
  const place = () => {
    const node = grid && desk.state.order ? grid.getRowNode(desk.state.order) : null;
    return node && node.displayed !== false && node.rowIndex !== null && node.rowIndex !== undefined ? node.rowIndex : -1;
  };

  const isChosen = ({ data }) => Boolean(data) && data.id === desk.state.order;

  // The grid's own selection is Dash's too, who would set it back: the chosen row is ours.
  function showChosen() {
    for (const row of document.querySelectorAll(`#${GRID} .ag-row`)) {
      const on = row.getAttribute('row-id') === desk.state.order;
      toggle(row, 'desk-chosen', on);
      attribute(row, 'aria-current', on ? 'true' : null);
    }
    const at = place();
    if (at >= 0) last = at;
  }

  function choose() {
    if (!grid) return;
    const at = place();
    if (at >= 0) grid.ensureIndexVisible(at);
    showChosen();
  }

  // To the next (1) or the previous (−1) row; where the chosen one has left the queue, from the place where it stood.
  queue.step = function step(by) {
    const count = grid ? grid.getDisplayedRowCount() : 0;
    if (!count) return;
    const here = place();
    const to = here >= 0 ? here + by : by > 0 ? last : last - 1;
    const node = grid.getDisplayedRowAtIndex(Math.max(0, Math.min(count - 1, to)));
    if (!node) return;
    desk.setMode('order');
    desk.set({ order: node.data.id });
    const focused = grid.getFocusedCell();
    if (focused && document.activeElement && document.activeElement.closest(`#${GRID}`)) grid.setFocusedCell(node.rowIndex, focused.column);
  };

  // The row that a key means: the one with the focus, else the chosen one.
  queue.current = function current() {
    if (grid && document.activeElement && document.activeElement.closest(`#${GRID} .ag-row`)) {
      const focused = grid.getFocusedCell();
      const node = focused && grid.getDisplayedRowAtIndex(focused.rowIndex);
      if (node) return node.data.id;
    }
    return queue.rows.has(desk.state.order) ? desk.state.order : '';
  };

  // From the search into what was found: the first of it, unless the chosen one is among it.
  queue.first = function first() {
    if (!grid || !grid.getDisplayedRowCount()) return;
    if (place() < 0) queue.open(grid.getDisplayedRowAtIndex(0).data.id);
    queue.focusGrid();
  };

  queue.open = function open(id) {
    desk.setMode('order');
    desk.set({ order: id }, { push: true });
  };

  // The focus into the queue, on the chosen row; a row that is not drawn yet is waited for.
  queue.focusGrid = function focusGrid(tries = 20) {
    if (!grid || !grid.getDisplayedRowCount()) return;
    grid.setFocusedCell(Math.max(0, place()), 'title');
    const there = document.activeElement && document.activeElement.closest(`#${GRID} .ag-cell`);
    if (!there && tries > 0) requestAnimationFrame(() => queue.focusGrid(tries - 1));
  };

  // ---- head, filters, foot
  const element = (name) => document.querySelector(`[data-queue="${name}"]`);

  function drawHead() {
    const holder = element('head');
    if (!holder || holder.made) return;
    const search = h('input', { class: 'field desk-search', id: 'desk-search', type: 'search', autocomplete: 'off', placeholder: g.words('desk.search'),
      'aria-label': g.words('desk.search'), 'aria-keyshortcuts': '/', value: desk.state.text, oninput: () => desk.set({ text: search.value.trim() }) });
    holder.made = { search };
    holder.append(h('h1', {}, g.words('desk.queue')), h('span', { class: 't3 desk-how' }, g.words('desk.sorted')),
      h('span', { class: 'age', 'data-age': 'orders' }), h('span', { class: 'desk-news', 'data-panel': 'desknews' }),
      h('button', { class: 'button desk-new', type: 'button', 'aria-keyshortcuts': 'n', onclick: () => g.deskReport.open() }, g.words('desk.report'), h('kbd', { class: 'key' }, 'N')));
  }

  function drawFilters() {
    const holder = element('filters');
    if (!holder) return;
    const made = holder.made || (holder.made = makeFilters(holder));
    const found = g.deskRows.counts(queue.rows.values());
    const asOf = g.ages.seenMs();
    keyed(made.pills, g.deskRows.SHOWS, (show) => show, (show) => h('button', { class: 'pill', type: 'button', onclick: () => desk.set({ show: desk.state.show === show ? 'all' : show }) },
      h('span', {}, g.words('desk.show.' + show)), h('b', {})), (pill, show) => {
      text(pill.lastChild, g.format.int(found[show]));
      g.proof.explain(pill, 'queue_' + show, { num: found[show], asOf });
      attribute(pill, 'aria-pressed', String(desk.state.show === show));
      toggle(pill, 'none', !found[show]);
    }, true);
    const { search } = element('head').made;
    if (document.activeElement !== search && search.value !== desk.state.text) search.value = desk.state.text;
  }

  function makeFilters(holder) {
    const pills = h('div', { class: 'pills', role: 'group', 'aria-label': g.words('desk.filters') });
    const tools = h('div', { class: 'desk-tools' }, element('head').made.search,
      h('button', { class: 'desk-tool', type: 'button', 'aria-haspopup': 'menu', 'aria-expanded': 'false',
        onclick: (event) => g.deskMenus.views(event.currentTarget) }, g.words('desk.views'), ' ▾'),
      h('button', { class: 'desk-tool', type: 'button', 'aria-haspopup': 'menu', 'aria-expanded': 'false',
        onclick: (event) => g.deskMenus.columns(event.currentTarget) }, g.words('desk.columns'), ' ▾'));
    holder.append(pills, tools);
    return { pills };
  }

  function drawFoot() {
    const holder = element('foot');
    if (!holder) return;
    const made = holder.made || (holder.made = makeFoot(holder));
    const shown = grid ? grid.getDisplayedRowCount() : 0;
    text(made.count, g.words('desk.shown', { n: g.format.int(shown), all: g.format.int(queue.rows.size) }));
    g.proof.explain(made.count, 'queue_shown', { num: shown, den: queue.rows.size, asOf: g.ages.seenMs() });
    g.proof.explain(made.marks, 'queue_marked', { num: desk.marked.size, asOf: g.ages.seenMs() });
    made.batch.hidden = desk.marked.size === 0;
    text(made.marks, g.words('desk.marked_n', { n: desk.marked.size }));
  }

  function makeFoot(holder) {
    const made = { count: h('span', {}), marks: h('b', {}), hint: h('span', { class: 't3 desk-hint' }, g.words('desk.hint')) };
    made.batch = h('span', { class: 'desk-batch', hidden: true }, made.marks,
      h('button', { class: 'button', type: 'button', 'aria-keyshortcuts': 'b', onclick: () => g.deskBatch.open() }, g.words('desk.batch'), h('kbd', { class: 'key' }, 'B')),
      h('button', { class: 'desk-tool', type: 'button', onclick: () => desk.unmarkAll() }, g.words('desk.unmark')));
    holder.append(made.count, made.batch, made.hint);
    return made;
  }

  function drawAround() { drawFilters(); drawFoot(); }

  // ---- columns and order of the grid
  const wantedColumns = () => new Set(desk.state.columns.split(',').filter((name) => OPTIONAL.includes(name)));

  function layOut() {
    if (!grid) return;
    const wanted = wantedColumns();
    const [column, way] = desk.state.sort ? desk.state.sort.split('-') : ['rank', 'asc'];
    grid.applyColumnState({
      state: OPTIONAL.map((name) => ({ colId: name, hide: !wanted.has(name) })).concat([{ colId: column, sort: way === 'desc' ? 'desc' : 'asc' }]),
      defaultState: { sort: null },
    });
  }

  // No column sorted means the queue's own order: by light, then by time left.
  function sorted() {
    const by = grid.getColumnState().find((column) => column.sort);
    if (!by) { desk.set({ sort: '' }); layOut(); return; }
    desk.set({ sort: by.colId === 'rank' && by.sort === 'asc' ? '' : `${by.colId}-${by.sort}` });
  }

  queue.optional = OPTIONAL;
  queue.columns = wantedColumns;

  // ---- start
  async function start() {
    desk.start();
    drawHead();
    drawAround();
    table().on('rows', take);
    take({ slots: [...table().slotOf.values()], gone: [], renewed: false });
    queue.ready = table().version > 0;
    grid = await window.dash_ag_grid.getApiAsync(GRID);
    grid.setGridOption('tabToNextCell', () => false); // Tab leaves the table; within it the arrows move
    grid.setGridOption('rowClassRules', { 'desk-chosen': isChosen });
    grid.setGridOption('isExternalFilterPresent', () => desk.state.show !== 'all' || desk.state.text !== '');
    grid.setGridOption('doesExternalFilterPass', (node) => g.deskRows.matches(node.data, desk.state));
    grid.addEventListener('rowClicked', (event) => queue.open(event.data.id));
    grid.addEventListener('sortChanged', (event) => { if (event.source !== 'api') sorted(); });
    grid.addEventListener('modelUpdated', drawFoot);
    grid.applyTransaction({ add: [...queue.rows.values()] });
    layOut();
    choose();
    drawAround();
    queue.grid = grid;
    desk.on('tick', refresh);
  }

  desk.on('change', (names) => {
    if (names.has('show') || names.has('text')) { if (grid) grid.onFilterChanged(); drawAround(); }
    if (names.has('columns') || names.has('sort')) layOut();
    if (names.has('order')) choose();
  });
  desk.on('marks', (ids) => {
    const update = [];
    for (const id of ids) {
      const data = queue.rows.get(id);
      if (!data) continue;
      update.push({ ...data, marked: desk.marked.has(id) });
      queue.rows.set(id, update.at(-1));
    }
    apply({ update });
    drawFoot();
  });

  g.panels.define('deskqueue', {
    still: true,
    draw(body, figures, panel) {
      if (panel.begun) return;
      panel.begun = true;
      start();
    },
  });
})();
