// The box for a note on an order, with files. Who may not write one is told why.
(function () {
  'use strict';
  const g = (window.gridhall = window.gridhall || {});
  const { h, text, toggle } = g.kit;
  const w = (key, values) => g.words(key, values);

  class OrderNote extends g.Emitter {
    // Emits "end" with what came of it.
    constructor(element) {
      super();
      Object.assign(this, { element, order: '', drafts: new Map() });
    }

    // Another order has another box; what was being written comes back with its order.
    show({ order, actions }) {
      if (order.order !== this.order) {
        this.order = order.order;
        this.#put(this.drafts.get(this.order) || this.#make());
      }
      const entry = actions.find((each) => each.action === 'note');
      const may = Boolean(entry && entry.may);
      this.parts.box.disabled = !may;
      text(this.parts.why, may || !entry ? '' : entry.said);
    }

    #make() {
      const parts = { order: this.order, box: h('textarea', { class: 'field area', rows: 2, maxlength: 2000, placeholder: w('desk.note'),
        'aria-label': w('desk.note') }), why: h('span', { class: 't3' }), said: h('span', { class: 'form-said', role: 'status' }) };
      parts.files = g.orderFields.make('photos', { label: '', changed: () => this.#draw() });
      parts.send = h('button', { class: 'desk-tool note-send', type: 'button', onclick: () => this.send() }, w('desk.note.send'), ' ', h('kbd', { class: 'key' }, 'Ctrl Enter'));
      parts.foot = h('div', { class: 'note-foot' }, parts.files.element, parts.why, parts.said, parts.send);
      parts.box.addEventListener('input', () => this.#draw());
      return parts;
    }

    #put(parts) {
      this.parts = parts;
      this.element.replaceChildren(parts.box, parts.foot);
      this.#draw();
    }

    #draw() {
      const { box, files, order } = this.parts;
      const typed = Boolean(box.value.trim() || files.value());
      toggle(this.element, 'typed', typed);
      if (typed) this.drafts.set(order, this.parts); else this.drafts.delete(order);
    }

    async send() {
      const { parts } = this;
      const note = parts.box.value.trim();
      if (!note || parts.files.check() || parts.send.getAttribute('aria-disabled')) return;
      const photos = parts.files.value();
      const end = await g.orderAct.act(parts.order, 'note', { note, ...(photos ? { photos } : {}) }, (line, kind) => g.orderAct.sayIn(parts.said, line, kind), parts.send);
      if (end.state === 'done') {
        this.drafts.delete(parts.order);
        if (this.parts === parts) this.#put(this.#make());
      }
      this.emit('end', parts.order, end);
    }

    focus() { if (!this.parts.box.disabled) this.parts.box.focus(); }
  }

  g.OrderNote = OrderNote;
})();
