// One order as the server says it, read again whenever its live row changes; the newest answer wins.
(function () {
  'use strict';
  const g = (window.gridhall = window.gridhall || {});
  const AGAIN_MS = [1000, 3000, 8000];
  const ENDED_MS = 30000; // an order that has ended has no live row: it is asked for now and then

  class OrderWatch extends g.Emitter {
    constructor() {
      super();
      Object.assign(this, { id: '', detail: null, turn: 0, tries: 0 });
      const table = g.live.tables.get('order');
      table.on('rows', (change) => this.#rows(change));
      setInterval(() => { if (this.detail && !document.hidden && !table.slotOf.has(this.id)) this.read(); }, ENDED_MS);
    }

    // Watches another order ("" none). Emits "detail" with each answer, "missing" for one that is not there.
    watch(id) {
      if (id === this.id) return;
      Object.assign(this, { id, detail: null, slot: undefined, tries: 0 });
      this.emit('order', id);
      if (id) this.read();
    }

    #rows(change) {
      if (!this.id) return;
      const table = g.live.tables.get('order');
      const slot = table.slotOf.get(this.id);
      const left = this.slot !== undefined && change.gone.includes(this.slot);
      if (slot !== undefined) this.slot = slot;
      // a snapshot names every row: what is new of it is asked only when the row has come or gone
      if (left || (slot !== undefined && change.slots.includes(slot) && (!change.reset || this.facts !== factsOf(table.at(slot))))) this.soon();
      if (slot !== undefined) this.facts = factsOf(table.at(slot));
    }

    // Several changes at once are one question.
    soon() {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.read(), 30);
    }

    async read() {
      const turn = (this.turn += 1);
      const { id } = this;
      try {
        const detail = await g.api.get(`orders/${encodeURIComponent(id)}`, { ms: 1 });
        if (turn !== this.turn || id !== this.id) return;
        this.tries = 0;
        this.detail = { photos: [], actions: [], life: null, ...detail, asked_at_ms: g.shell.now() };
        this.emit('detail', this.detail);
      } catch (error) {
        if (turn !== this.turn || id !== this.id) return;
        if (error.status === 404) { this.detail = null; this.emit('missing', id); return; }
        this.emit('fault', error);
        clearTimeout(this.timer);
        this.timer = setTimeout(() => this.read(), AGAIN_MS[Math.min(this.tries, AGAIN_MS.length - 1)]);
        this.tries += 1;
      }
    }
  }

  const factsOf = (row) => (row ? g.deskRows.factsOf(row) : '');
  g.OrderWatch = OrderWatch;
})();
