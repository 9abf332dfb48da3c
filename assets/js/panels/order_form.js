// The form of one action on one order: the fields that it needs and those it may have, held to before it is sent, and kept with
// everything typed for as long as it is not done.
(function () {
  'use strict';
  const g = (window.gridhall = window.gridhall || {});
  const { h, text, toggle } = g.kit;
  const w = (key, values) => g.words(key, values);
  const SLOW_MS = 1200;
  const ORDER = ['result', 'satisfaction', 'contacted', 'solved', 'quality', 'category', 'department', 'co_handler', 'handler', 'merged_into', 'deadline_at_ms', 'reason', 'note', 'photos', 'co_handlers',
    'title', 'address', 'urgent', 'mass'];
  // Besides what is needed, a note and photos: what stands open; the rest is folded.
  const FOREMOST = { dispatch: ['department', 'handler'], register: ['category', 'department'], grant_defer: ['deadline_at_ms'], check: ['reason'], reopen: ['deadline_at_ms'],
    callback: ['contacted', 'solved'] };

  const namesIn = (needs) => needs.flatMap((need) => need.split('|'));

  // Asks the server and says how it goes: `tell(line, kind)`; the button can be pressed once at a time.
  async function act(order, action, fields, tell, button) {
    button.setAttribute('aria-disabled', 'true');
    const slow = setTimeout(() => tell(w('ask.sending'), ''), SLOW_MS);
    const doubt = ({ state }) => { if (state === 'doubt') { clearTimeout(slow); tell(w('told.doubt'), 'warn'); } };
    const end = await g.api.act(order, action, fields, { onState: doubt });
    clearTimeout(slow);
    button.removeAttribute('aria-disabled');
    tell(end.state === 'done' ? '' : g.told.ending(end), end.state === 'done' ? '' : 'bad');
    return end;
  }

  function sayIn(element, line, kind) {
    text(element, line);
    toggle(element, 'warn', kind === 'warn');
    toggle(element, 'bad', kind === 'bad');
  }

  class OrderForm extends g.Emitter {
    // `entry`: the action as GET orders/<id> lists it. Emits "close", and "end" with what came of it.
    constructor(entry, detail) {
      super();
      Object.assign(this, { entry, action: entry.action, order: detail.order.order, label: g.orderLabel(entry, detail), sending: false });
      this.seen = detail.trail.length;
      this.#makeFields(detail);
      this.#makeElement(detail);
      this.set(this.#defaults(detail));
    }

    // ---- making
    #makeFields(detail) {
      const { rows } = this.entry;
      const names = new Set(rows.flatMap((row) => [...namesIn(row.needs), ...row.optional]));
      this.choices = this.#choices(rows);
      this.foremost = new Set([...rows.flatMap((row) => namesIn(row.needs)), ...(FOREMOST[this.action] || []), 'note', 'photos']);
      const given = (name) => ({ detail, choices: this.choices, need: rows[0].needs.includes(name), empty: w('ask.nobody') });
      this.fields = new Map(ORDER.filter((name) => names.has(name)).map((name) => [name, g.orderFields.make(name, given(name))]));
      this.fields.get('result')?.onChange(() => this.#chosen());
    }

    // Results to choose among: those that the rows are for, or all that the action knows.
    #choices(rows) {
      const told = rows.map((row) => row.choice).filter(Boolean);
      return told.length ? told : (g.desk.data.results || {})[this.action] || [];
    }

    #makeElement(detail) {
      const of = (wanted) => [...this.fields].filter(([name]) => this.foremost.has(name) === wanted).map(([, field]) => field.element);
      const folded = of(false);
      const button = (attributes, ...children) => h('button', { type: 'button', ...attributes }, ...children);
      this.button = h('button', { class: 'button primary', type: 'submit' }, h('span', {}, this.label), h('kbd', { class: 'key' }, 'Ctrl Enter'));
      this.said = h('div', { class: 'form-said', role: 'status' });
      this.news = h('div', { class: 'form-news', role: 'status' });
      this.element = h('form', { class: 'order-form', novalidate: true, autocomplete: 'off', 'aria-label': this.label, onsubmit: (event) => { event.preventDefault(); this.send(); } },
        h('div', { class: 'form-head' }, h('h3', {}, this.label), h('span', { class: 't3' }, detail.order.title), this.news,
          button({ class: 'desk-tool', 'aria-label': w('close'), onclick: () => this.emit('close') }, '×')),
        h('div', { class: 'form-fields' }, of(true), folded.length ? h('details', { class: 'form-extra' }, h('summary', {}, w('ask.extra')), folded) : null),
        h('div', { class: 'form-foot' }, this.button, button({ class: 'button', onclick: () => this.emit('close') }, w('ask.cancel'), h('kbd', { class: 'key' }, 'Esc')), this.said));
    }

    // What the rules propose, and what was asked for.
    #defaults({ order, life }) {
      const lead = (life && life.route_department) || order.department;
      return {
        dispatch: { department: lead }, register: { category: order.category, department: lead },
        grant_defer: { deadline_at_ms: life && life.asked_deadline_at_ms },
      }[this.action] || {};
    }

    set(values) { for (const [name, value] of Object.entries(values)) if (value) this.fields.get(name)?.set(value); }

    // Another result needs other fields: a failed check its reason.
    #chosen() {
      const needs = this.#rowNow().needs;
      for (const [name, field] of this.fields) if (name !== 'result') field.need(needs.includes(name));
    }

    #rowNow() {
      const chosen = this.fields.get('result')?.value();
      return this.entry.rows.find((row) => row.choice === chosen) || this.entry.rows[0];
    }

    focus() {
      const fields = [...this.fields.values()];
      const first = fields.find((field) => field.given.need && field.value() === undefined) || fields[0];
      if (first) first.focus(); else this.button.focus();
    }

    // ---- sending
    #faulty() {
      const wrong = [...this.fields.values()].filter((field) => field.check());
      for (const need of this.#rowNow().needs.filter((each) => each.includes('|'))) {
        const among = need.split('|').map((name) => this.fields.get(name)).filter(Boolean);
        if (!among.length || among.some((field) => field.value() !== undefined)) continue;
        among[0].show(w('ask.one_of', { d: among.map((field) => w('ask.' + field.name)).join(w('desk.comma')) }));
        wrong.push(among[0]);
      }
      return wrong[0];
    }

    values() {
      const told = [...this.fields].map(([name, field]) => [name, field.value()]);
      return Object.fromEntries(told.filter(([, value]) => value !== undefined));
    }

    async send() {
      if (this.sending || this.button.disabled) return;
      const wrong = this.#faulty();
      if (wrong) { wrong.element.closest('details')?.setAttribute('open', ''); wrong.focus(); return; }
      this.sending = true;
      const end = await act(this.order, this.action, this.values(), (line, kind) => sayIn(this.said, line, kind), this.button);
      this.sending = false;
      this.emit('end', end);
    }

    // The order has changed meanwhile: who did what, and whether this may still be done.
    meanwhile(detail) {
      const mine = (step) => g.api.me && step.actor === (g.api.me.worker || g.api.me.name);
      const news = detail.trail.slice(this.seen).filter((step) => !mine(step));
      if (news.length) text(this.news, w('desk.meanwhile', { d: news.map((step) => g.orderParts.didLine(step)).join(w('desk.comma')) }));
      const now = detail.actions.find((each) => each.action === this.action);
      this.button.disabled = !(now && now.may);
      if (this.button.disabled && !this.sending) sayIn(this.said, w('desk.cannot', { a: this.label, why: now ? now.said : '' }), 'warn');
    }
  }

  g.OrderForm = OrderForm;
  g.orderAct = { act, sayIn };
})();
