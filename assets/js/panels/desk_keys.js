// The desk by keyboard alone. Letters do nothing while somebody types; a sheet tells all of them.
(function () {
  'use strict';
  const g = window.gridhall;
  const { h } = g.kit;
  const { desk } = g;
  const w = (key, values) => g.words(key, values);
  const HELP = [
    ['desk.keys.queue', [['J K', 'desk.keys.move'], ['Enter', 'desk.keys.enter'], ['X', 'desk.keys.mark'], ['B', 'desk.keys.batch'], ['/', 'desk.keys.search'],
      ['1 – 9', 'desk.keys.filter']]],
    ['desk.keys.order', [['U', 'action.urge'], ['R', 'desk.keys.card'], ['D', 'action.dispatch'], ['E', 'action.escalate'], ['V', 'desk.keys.check'], ['C', 'action.close'],
      ['A', 'action.accept'], ['L', 'action.register'], ['M', 'desk.more'], ['T', 'desk.keys.note'], ['O', 'desk.page']]],
    ['desk.keys.form', [['N', 'desk.report'], ['Ctrl Enter', 'desk.keys.send'], ['Esc', 'desk.keys.close'], ['Tab', 'desk.keys.tab'], ['?', 'desk.keys.help']]],
  ];
  let help = null;

  function toggleHelp() {
    if (help) { closeHelp(); return; }
    const before = document.activeElement;
    help = h('div', { class: 'help', role: 'dialog', 'aria-modal': 'true', 'aria-label': w('desk.keys') }, h('h2', {}, w('desk.keys')),
      HELP.map(([title, keys]) => h('section', {}, h('h3', {}, w(title)), h('dl', {},
        keys.map(([key, what]) => h('div', {}, h('dt', {}, h('kbd', { class: 'key' }, key)), h('dd', {}, w(what))))))),
      h('button', { class: 'button', type: 'button', onclick: closeHelp }, w('close'), h('kbd', { class: 'key' }, 'Esc')));
    help.before = before;
    document.body.append(help);
    help.querySelector('button').focus();
  }
  function closeHelp() {
    const { before } = help;
    help.remove();
    help = null;
    if (before && before.isConnected) before.focus();
  }

  const inQueue = () => Boolean(document.activeElement && document.activeElement.closest('#desk-grid'));
  const search = () => document.getElementById('desk-search');

  function enter() {
    const id = g.deskQueue.current();
    if (!id) return;
    if (id !== desk.state.order) g.deskQueue.open(id);
    g.deskOrder.enterSoon();
  }

  // Esc: what lies on top goes first; out of a field it leads back to the queue.
  function escape(event) {
    if (help) { closeHelp(); return true; }
    if (desk.mode === 'report') { g.deskReport.fold(); return true; }
    if (desk.mode === 'batch') return g.deskBatch.close();
    if (g.deskOrder.work.open) return g.deskOrder.work.close();
    if (event.target === search()) {
      if (search().value) { search().value = ''; desk.set({ text: '' }); } else g.deskQueue.focusGrid();
      return true;
    }
    if (event.target.closest?.('.desk-order, .desk-around')) { g.deskQueue.focusGrid(); return true; }
    return false;
  }

  function submit() {
    if (desk.mode === 'report') { g.deskReport.send(); return true; }
    if (desk.mode === 'batch') { g.deskBatch.send(); return true; }
    return g.deskOrder.work.submit();
  }

  const LETTERS = {
    j: () => g.deskQueue.step(1), k: () => g.deskQueue.step(-1),
    x: () => { const id = g.deskQueue.current(); if (id) desk.mark(id); },
    b: () => g.deskBatch.open(), n: () => g.deskReport.open(),
    o: () => { if (desk.state.order) window.location.assign(g.links.order(desk.state.order)); },
    t: () => { if (desk.mode === 'order' && desk.state.order && !g.deskOrder.work.open) g.deskOrder.work.note.focus(); },
    '/': () => { search().focus(); search().select(); }, '?': toggleHelp,
  };

  function letter(key) {
    if (/^[1-9]$/.test(key)) { const show = g.deskRows.SHOWS[Number(key) - 1]; desk.set({ show: desk.state.show === show ? 'all' : show }); return true; }
    if (LETTERS[key]) { LETTERS[key](); return true; }
    return desk.mode === 'order' && Boolean(desk.state.order) && g.deskOrder.work.letter(key);
  }

  document.addEventListener('keydown', (event) => {
    if (!desk.element || event.defaultPrevented) return;
    const target = event.target instanceof Element ? event.target : document.body;
    const typing = target.closest('input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]');
    const elsewhere = g.popup.open || g.orderPhotos.open || document.getElementById('search')?.hidden === false;
    if (elsewhere) return;
    let done = false;
    if (event.key === 'Escape') done = escape(event);
    else if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) done = submit();
    else if (help) done = false;
    else if (event.key === 'Enter' && target === search()) { g.deskQueue.first(); done = true; }
    else if (event.ctrlKey || event.metaKey || event.altKey || typing) return;
    else if (event.key === 'Enter' && (inQueue() || target === document.body)) { enter(); done = true; }
    else if (event.key === ' ' && inQueue()) { LETTERS.x(); done = true; }
    else if (event.key.length === 1) done = letter(event.key.toLowerCase());
    if (!done) return;
    event.preventDefault();
    event.stopImmediatePropagation();
  }, true);
})();
