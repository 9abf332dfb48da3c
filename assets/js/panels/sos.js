// The alarm of a worker, as long as it stands: since when, and the answer of whoever may give one.
(function () {
  'use strict';
  const g = (window.gridhall = window.gridhall || {});
  const { h, text, toggle, calls } = g.kit;
  const w = (key, values) => g.words(key, values);

  // The live table knows it first; what the page was made with counts until then.
  function stands(element) {
    const table = g.live && g.live.tables && g.live.tables.get('worker');
    const row = table && table.row(element.dataset.worker);
    return row ? calls(row) : Boolean(element.dataset.since);
  }

  function make(element) {
    if (!element.children.length) element.append(h('b', {}, w('flag.sos')));
    const said = h('span', { class: 'form-said', role: 'status' });
    const may = Boolean(g.api.me && g.api.me.rights.includes('alarms'));
    const note = h('input', { class: 'field', maxlength: 1000, placeholder: w('sos.note'), 'aria-label': w('sos.note') });
    const id = g.newId();
    const button = h('button', { class: 'button primary', type: 'button' }, w('sos.answer'));
    button.addEventListener('click', async () => {
      button.disabled = true;
      text(said, w('sos.pending'));
      const answer = await g.api.answer('POST', `workers/${encodeURIComponent(element.dataset.worker)}/sos`, {}, { id, note: note.value });
      const done = { 200: 'sos.done', 202: 'sos.pending', 409: 'sos.none' }[answer.status];
      text(said, done ? w(done) : `▲ ${(answer.body && answer.body.error) || answer.status}`);
      button.disabled = Boolean(done);
    });
    element.append(may ? h('span', { class: 'sos-answer' }, note, button, said) : '');
    return { said };
  }

  g.panels.define('sos', {
    still: true, // draws from the live table and its own data
    draw(body, figures, element) {
      const standing = stands(element);
      if (standing && !element.answerer) element.answerer = make(element);
      toggle(element, 'standing', standing || Boolean(element.answerer && element.answerer.said.textContent));
    },
  });
})();
