// The desk's state: which order, which filter, what is searched for, which columns. All of it stands in the address, so that
// a link, a reload and the way back show the same; whoever draws a part listens to "change".
(function () {
  'use strict';
  const g = (window.gridhall = window.gridhall || {});
  const TICK_MS = 10000;
  // state → parameter of the address; what is at its default is not there
  const PARAMS = { order: 'order', show: 'show', text: 'q', columns: 'cols', sort: 'sort', side: 'side' };
  const DEFAULTS = { order: '', show: 'all', text: '', columns: '', sort: '', side: '' };

  class Desk extends g.Emitter {
    constructor() {
      super();
      this.state = { ...DEFAULTS };
      this.marked = new Set(); // ids marked for a batch
      this.mode = 'order'; // what the middle shows: order, report or batch
      this.started = false;
    }

    get element() { return document.getElementById('desk'); }

    // What the server says of the city's way to work: turns, results, channels, tree of matters (layouts/desk.py).
    get data() {
      const text = document.getElementById('desk-data')?.textContent;
      if (text !== this.dataText) { this.dataText = text; this.held = text ? JSON.parse(text) : {}; }
      return this.held || {};
    }

    start() {
      if (this.started) return;
      this.started = true;
      this.#read();
      window.addEventListener('popstate', () => setTimeout(() => this.#changed(this.#read()), 0));
      setInterval(() => this.emit('tick'), TICK_MS);
      this.#tellLanguageLink();
    }

    #read() {
      const params = new URLSearchParams(window.location.search);
      const before = this.state;
      this.state = Object.fromEntries(Object.keys(PARAMS).map((name) => [name, params.get(PARAMS[name]) || DEFAULTS[name]]));
      return Object.keys(PARAMS).filter((name) => before[name] !== this.state[name]);
    }

    // Changes the state and the address with it; `push` makes it a step that "back" undoes.
    set(changes, { push = false } = {}) {
      const names = Object.keys(changes).filter((name) => this.state[name] !== changes[name]);
      if (!names.length) return;
      Object.assign(this.state, changes);
      const url = this.address();
      if (push) window.history.pushState({}, '', url); else window.history.replaceState(window.history.state, '', url);
      this.#tellLanguageLink();
      this.#changed(names);
    }

    address(changes = {}) {
      const state = { ...this.state, ...changes };
      const told = Object.entries(PARAMS).map(([name, param]) => [param, state[name] === DEFAULTS[name] ? null : state[name]]);
      return g.shell.address('/desk', Object.fromEntries(told));
    }

    #changed(names) { if (names.length) this.emit('change', new Set(names)); }

    // The other language opens what is open here.
    #tellLanguageLink() {
      const link = document.querySelector('.status-right a[data-lang]');
      if (!link) return;
      const params = new URLSearchParams(window.location.search);
      params.set('lang', link.dataset.lang);
      link.setAttribute('href', `${window.location.pathname}?${params}`);
    }

    // Middle: the order, a new report, or a batch. Leaving one for another throws nothing away that was not sent: see guards.
    setMode(mode) {
      if (this.mode === mode) return;
      this.mode = mode;
      this.emit('mode', mode);
    }

    mark(id, on = !this.marked.has(id)) {
      if (on) this.marked.add(id); else this.marked.delete(id);
      this.emit('marks', [id]);
    }

    unmarkAll() {
      const ids = [...this.marked];
      this.marked.clear();
      this.emit('marks', ids);
    }
  }

  g.desk = new Desk();

  // What a person keeps for himself on this machine: saved views, sound.
  const keyOf = (name) => `gridhall.desk.${name}.${(g.api.me && g.api.me.name) || ''}`;
  g.desk.kept = {
    read(name, fallback) {
      try { return JSON.parse(window.localStorage.getItem(keyOf(name))) ?? fallback; } catch { return fallback; }
    },
    write(name, value) {
      try { window.localStorage.setItem(keyOf(name), JSON.stringify(value)); } catch { /* no storage here: it lasts for this page */ }
    },
  };
})();
