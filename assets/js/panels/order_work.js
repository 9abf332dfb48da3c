// Acting on one order after the other: the row of actions, the form that opens in place, the note. The desk's and the order page's.
(function () {
  'use strict';
  const g = (window.gridhall = window.gridhall || {});
  const w = (key, values) => g.words(key, values);

  class OrderWork extends g.Emitter {
    // `bar`, `form`, `note`: elements. Emits "acted" (order, action, end), "form" (action or ''), "said" (a line for the person).
    constructor({ bar, form, note }) {
      super();
      Object.assign(this, { place: form, detail: null, open: null, drafts: new Map() });
      this.bar = new g.OrderBar(bar);
      this.note = new g.OrderNote(note);
      this.bar.on('start', (action) => this.start(action));
      this.note.on('end', (order, end) => this.emit('acted', order, 'note', end));
    }

    // Takes what the server says of the order now. An open form stays with its order, and says what has happened meanwhile.
    show(detail) {
      const other = !this.detail || this.detail.order.order !== detail.order.order;
      this.detail = detail;
      if (other) this.#putAside(detail.order.order);
      this.bar.show(detail);
      this.note.show(detail);
      this.open?.meanwhile(detail);
    }

    // What was begun on another order waits there until one comes back.
    #putAside(order) {
      if (this.open) this.drafts.set(this.open.order, this.open);
      const kept = this.drafts.get(order);
      this.drafts.delete(order);
      this.#show(kept || null);
    }

    #show(form) {
      this.open = form;
      this.place.replaceChildren(...(form ? [form.element] : []));
      this.place.hidden = !form;
      this.note.element.hidden = Boolean(form);
      this.emit('form', form ? form.action : '');
    }

    // Opens the form of an action; `values` are put into it.
    start(action, values = {}) {
      const entry = this.bar.entry(action);
      if (!entry) return;
      if (!entry.may) { this.emit('said', w('desk.cannot', { a: w('action.' + action), why: entry.said })); return; }
      if (!this.open || this.open.action !== action) this.#show(this.#make(entry));
      this.open.set(values);
      this.open.focus();
    }

    #make(entry) {
      const form = new g.OrderForm(entry, this.detail);
      form.on('close', () => this.close());
      form.on('end', (end) => {
        if (end.state === 'done') this.#finished(form);
        this.emit('acted', form.order, form.action, end);
      });
      return form;
    }

    #finished(form) {
      if (this.open === form) this.close();
      else if (this.drafts.get(form.order) === form) this.drafts.delete(form.order);
    }

    // Closes the form; the focus goes back to where it was opened from. False when there is none.
    close() {
      const form = this.open;
      if (!form) return false;
      const inside = form.element.contains(document.activeElement);
      this.#show(null);
      if (inside) this.bar.focus(form.action);
      return true;
    }

    letter(key) { return Boolean(this.detail) && this.bar.letter(key); }

    // Ctrl+Enter: what is being written is sent. False when nothing is.
    submit() {
      if (this.note.element.contains(document.activeElement)) this.note.send();
      else if (this.open) this.open.send();
      else return false;
      return true;
    }

    fit() { this.bar.fit(); }
  }

  g.OrderWork = OrderWork;
})();
