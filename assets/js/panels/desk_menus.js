// Saved views (filter, search, order, columns under a name of one's own) and the choice of columns.
(function () {
  'use strict';
  const g = window.gridhall;
  const { h } = g.kit;
  const { desk } = g;
  const MOST_VIEWS = 20;

  const saved = () => desk.kept.read('views', []);
  const seen = () => ({ show: desk.state.show, text: desk.state.text, columns: desk.state.columns, sort: desk.state.sort });
  const isNow = (view) => JSON.stringify({ ...seen() }) === JSON.stringify({ ...seen(), ...view.state });

  function save(name) {
    const wanted = name.trim().slice(0, 40);
    if (!wanted) return;
    desk.kept.write('views', [...saved().filter((view) => view.name !== wanted), { name: wanted, state: seen() }].slice(-MOST_VIEWS));
    g.popup.close();
  }

  function drop(name, sheet) {
    desk.kept.write('views', saved().filter((view) => view.name !== name));
    sheet.replaceChildren();
    fillViews(sheet);
    sheet.querySelector('button, input').focus();
  }

  function fillViews(sheet) {
    for (const view of saved()) {
      sheet.append(h('div', { class: 'popup-row' },
        h('button', { type: 'button', role: 'menuitemradio', 'aria-checked': String(isNow(view)), onclick: () => { g.popup.close(); desk.set(view.state, { push: true }); } }, view.name),
        h('button', { type: 'button', class: 't3', 'aria-label': g.words('desk.view.drop', { v: view.name }), onclick: () => drop(view.name, sheet) }, '×')));
    }
    const name = h('input', { class: 'field', type: 'text', maxlength: 40, placeholder: g.words('desk.view.name'), 'aria-label': g.words('desk.view.name') });
    name.addEventListener('keydown', (event) => { if (event.key === 'Enter') { event.preventDefault(); save(name.value); } });
    sheet.append(h('div', { class: 'popup-row' }, name, h('button', { type: 'button', class: 'button', onclick: () => save(name.value) }, g.words('desk.view.save'))),
      h('p', { class: 't3' }, g.words('desk.view.note')));
  }

  function fillColumns(sheet) {
    const wanted = g.deskQueue.columns();
    for (const name of g.deskQueue.optional) {
      const box = h('input', { type: 'checkbox', checked: wanted.has(name) });
      box.addEventListener('change', () => {
        const now = g.deskQueue.columns();
        if (box.checked) now.add(name); else now.delete(name);
        desk.set({ columns: g.deskQueue.optional.filter((each) => now.has(each)).join(',') });
      });
      sheet.append(h('label', { class: 'popup-check' }, box, g.words('desk.column.' + name)));
    }
  }

  g.deskMenus = {
    views: (button) => g.popup.show(button, fillViews),
    columns: (button) => g.popup.show(button, fillColumns),
  };
})();
