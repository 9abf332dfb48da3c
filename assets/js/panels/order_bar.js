// The row of actions of an order: the next step first, the usual ones always in place, dimmed with the reason where they may not
// be done now, and all the rest under "more".
(function () {
  'use strict';
  const g = (window.gridhall = window.gridhall || {});
  const { h } = g.kit;
  const w = (key, values) => g.words(key, values);

  // The next step of the main line is the first of these that may be done; each city leaves some out.
  const NEXT = ['grant_defer', 'grant_hang', 'verify', 'accept', 'register', 'rework', 'dispatch', 'take_up', 'feedback', 'request_close', 'check', 'evaluate',
    'close', 'end_deliberation', 'callback', 'archive'];
  // A letter means the first of its actions that may be done.
  const KEYS = { u: ['urge'], r: ['yellow_card', 'red_card'], d: ['dispatch', 'rework'], e: ['escalate'], v: ['check', 'verify'], c: ['close', 'callback', 'archive'], a: ['accept'], l: ['register'] };
  const PLACES = [['urge'], ['yellow_card', 'red_card'], ['dispatch', 'rework'], ['escalate'], ['check', 'verify'], ['close']];
  const HARSH = new Set(['void', 'force_close', 'refuse', 'refuse_register']); // in red, and never in the row
  const ASIDE = new Set(['report', 'note']); // a report makes an order, the note has a box of its own
  const MOST_OTHERS = 4;

  const keyOf = (action) => Object.keys(KEYS).find((key) => KEYS[key].includes(action)) || '';
  const wasGiven = (life) => life && life.redispatched + life.returned + life.reworked > 0;
  const labelOf = (entry, detail) => (entry.action === 'dispatch' && wasGiven(detail.life) ? w('desk.redispatch') : w('action.' + entry.action));

  class OrderBar extends g.Emitter {
    // Emits "start" with the action that is wanted.
    constructor(element) {
      super();
      Object.assign(this, { element, detail: null });
    }

    entry(action) { return this.detail && this.detail.actions.find((each) => each.action === action); }

    #firstOf(actions) {
      const found = actions.map((action) => this.entry(action)).filter(Boolean);
      return found.find((entry) => entry.may) || found[0];
    }

    // What is to be done next: the main line's step; else, once time runs out, to urge.
    next() {
      const step = NEXT.map((action) => this.entry(action)).find((entry) => entry && entry.may);
      const urge = this.entry('urge');
      const late = ['red', 'yellow'].includes(g.orderParts.lightOf(this.detail.order, g.shell.now()));
      return step || (late && urge && urge.may ? urge : null);
    }

    #row(next) {
      const fixed = PLACES.map((actions) => this.#firstOf(actions)).filter(Boolean);
      const others = this.detail.actions.filter((entry) => entry.may && !ASIDE.has(entry.action) && !HARSH.has(entry.action) && !fixed.includes(entry));
      return [...new Set([next, ...others.slice(0, MOST_OTHERS), ...fixed].filter(Boolean))];
    }

    show(detail) {
      this.detail = detail;
      const next = this.next();
      const row = this.#row(next);
      const facts = [detail.order.order, next && next.action, row.map((entry) => entry.action), detail.actions.map((entry) => [entry.action, entry.may, entry.said])];
      g.orderParts.part(this.element, facts, () => [...row.map((entry) => this.#button(entry, entry === next)), this.#moreButton(row)]);
      this.fit();
    }

    #button(entry, primary) {
      const key = keyOf(entry.action);
      const why = entry.may ? null : h('span', { class: 'visually-hidden', id: `why-${entry.action}` }, entry.said);
      return h('button', {
        class: `button act ${primary ? 'primary' : ''} ${entry.may ? '' : 'cannot'}`, type: 'button', 'data-keep': entry.action, 'data-act': entry.action,
          title: entry.may ? null : entry.said,
        'aria-disabled': entry.may ? null : 'true', 'aria-describedby': why && why.id, 'aria-keyshortcuts': key || null, onclick: () => this.emit('start', entry.action),
      }, labelOf(entry, this.detail), key ? h('kbd', { class: 'key' }, key.toUpperCase()) : null, why);
    }

    #moreButton(row) {
      const rest = this.detail.actions.some((entry) => !row.includes(entry) && !ASIDE.has(entry.action));
      return rest ? h('button', { class: 'button act-more', type: 'button', 'data-keep': 'more', 'aria-haspopup': 'menu', 'aria-expanded': 'false',
        'aria-keyshortcuts': 'm', onclick: () => this.more() }, w('desk.more'), h('kbd', { class: 'key' }, 'M')) : null;
    }

    // What does not fit into the row goes, dimmed ones first, from the end; it is under "more" then.
    fit() {
      const buttons = [...this.element.querySelectorAll('.act')];
      for (const button of buttons) button.hidden = false;
      const over = () => this.element.scrollWidth > this.element.clientWidth + 1;
      for (const button of buttons.reverse().sort((a, b) => b.classList.contains('cannot') - a.classList.contains('cannot'))) {
        if (!over()) return;
        button.hidden = !button.classList.contains('primary');
      }
    }

    more() {
      const button = this.element.querySelector('.act-more');
      if (!button) return;
      const shown = new Set([...this.element.querySelectorAll('.act:not([hidden])')].map((each) => each.dataset.act));
      const rest = this.detail.actions.filter((entry) => !shown.has(entry.action) && !ASIDE.has(entry.action)).sort((a, b) => b.may - a.may || HARSH.has(a.action) - HARSH.has(b.action));
      const above = this.element.getBoundingClientRect().top > window.innerHeight / 2;
      g.popup.show(button, (sheet) => sheet.append(...rest.map((entry) => this.#item(entry))), { above });
    }

    #item(entry) {
      const kind = `${entry.may ? '' : 'cannot'} ${HARSH.has(entry.action) ? 'harsh' : ''}`;
      return h('button', { type: 'button', role: 'menuitem', class: `more-item ${kind}`, 'data-act': entry.action, 'aria-disabled': entry.may ? null : 'true',
        onclick: () => { g.popup.close(); this.emit('start', entry.action); } },
        h('span', {}, labelOf(entry, this.detail)), entry.may ? null : h('span', { class: 't3' }, entry.said));
    }

    // True when the letter means something here.
    letter(key) {
      if (key === 'm') { this.more(); return true; }
      const entry = KEYS[key] && this.#firstOf(KEYS[key]);
      if (entry) this.emit('start', entry.action);
      return Boolean(KEYS[key]);
    }

    focus(action) { (this.element.querySelector(`[data-keep="${action}"]:not([hidden])`) || this.element.querySelector('.act-more') || this.element).focus(); }
  }

  g.OrderBar = OrderBar;
  g.orderLabel = labelOf;
})();
