// The shell of every screen: address (region, period, language), layout step and scale, clock,
// links to exactly the orders behind a number, menus and search. Knows no panel by name.
(function () {
  'use strict';
  const g = (window.gridhall = window.gridhall || {});
  const root = document.documentElement;

  // ---- the address holds all state
  const query = () => new URLSearchParams(window.location.search);
  function address(pathname, changes, keep) {
    const params = new URLSearchParams();
    const held = query();
    for (const name of keep || ['lang', 'motion', 'theme', 'icons', 'painter']) if (held.has(name)) params.set(name, held.get(name));
    for (const [name, value] of Object.entries(changes || {})) {
      if (value === null || value === undefined || value === '') params.delete(name); else params.set(name, value);
    }
    const text = params.toString();
    return pathname + (text ? '?' + text : '');
  }
  const WALL_STATE = ['lang', 'motion', 'theme', 'icons', 'painter', 'region', 'period', 'from', 'to', 'scene', 'turn', 'only', 'alarm', 'hide', 'layers', 'view'];

  function go(url) {
    const before = window.location.pathname;
    window.history.pushState({}, '', url);
    window.dispatchEvent(new CustomEvent('_dashprivate_pushstate'));
    if (window.location.pathname === before) moved();
  }

  // ---- region and period
  const onWall = () => ['/', '/wall'].includes(window.location.pathname);
  function region() {
    const wanted = query().get('region');
    const { config } = g;
    if (!config) return wanted || '';
    return wanted && config.regions[wanted] ? wanted : config.root;
  }
  function path(code) {
    const steps = [];
    for (let at = code; at && g.config.regions[at]; at = g.config.regions[at].parent) steps.unshift(at);
    return steps;
  }
  function regionName(code) { const found = g.config && g.config.regions[code]; return found ? found.name : code; }
  // 平东社区居民委员会 → 平东: what a narrow column shows.
  function shortName(code, name) {
    const found = g.config && g.config.regions[code];
    return (found && found.short) || name || code;
  }
  function childLevelName() {
    const { config } = g;
    const child = config && config.children_level[region()];
    return child === undefined || child === null ? '' : config.levels[child].name;
  }

  // What the address of a wall asks for and there is not: the first {name, value}, else null. The usual is shown in its place.
  function misread() {
    const { config } = g;
    if (!config || !onWall()) return null;
    const there = { region: (code) => config.regions[code], period: (key) => config.periods.includes(key), scene: g.scenes.known };
    const params = query();
    const name = Object.keys(there).find((key) => params.get(key) && !there[key](params.get(key)));
    return name ? { name, value: params.get(name).slice(0, 40) } : null;
  }

  // The period as the address says it: what it means is the server's, which sends it with the figures.
  function wanted() {
    const params = query();
    const [from, to] = [params.get('from'), params.get('to')];
    if (from || to) return { key: 'custom', from, to };
    const key = params.get('period');
    return { key: g.config && (g.config.periods.includes(key) ? key : g.config.period), from: null, to: null }; // of what is no period the usual one
  }
  // The same with its first and last local day ("" where it has none, or they are not known yet).
  function period() {
    const { key } = wanted();
    const sent = g.panels.figures && g.panels.figures.period;
    return sent && (key === 'custom' || key === sent.key) ? { key, first: sent.first, last: sent.last } : { key, first: '', last: '' };
  }
  function windowText() {
    const { key, first, last } = period();
    return key === 'custom' && (first || last) ? `${first} – ${last}` : g.words('period.' + key);
  }

  // ---- links: a number opens exactly what it counted
  g.links = {
    // Another region is another view.
    wall: (changes) => address('/wall', changes, WALL_STATE.filter((name) => !(changes && (name in changes || (name === 'view' && 'region' in changes))))),
    worker: (id, day) => address('/worker/' + encodeURIComponent(id), { day }),
    order: (id) => address('/order/' + encodeURIComponent(id)),
    orders: (filters) => {
      const merged = { region: region(), ...filters };
      if (merged.region === (g.config && g.config.root) && !merged.direct) merged.region = null;
      return address('/orders', merged);
    },
    // `figure` is a key of the definitions of the server; `part` num or den.
    figure: (figure, part, filters) => g.links.orders({ figure, part: part === 'den' ? 'den' : null, ...filters }),
  };

  // The keys of the two rates of a closure: "closure_rate@1" is version 1 of closure_rate.
  const bareKey = (tag, fallback) => (tag || fallback).split('@')[0];
  const rateKeys = (closure) => [bareKey(closure.definition, 'closure_rate'), bareKey(closure.on_time_definition, 'on_time_closure_rate')];
  // The city's name of a department or matter; undefined where it knows none.
  function named(kind, key) {
    if (!g.config) return undefined;
    if (kind === 'channel') return g.config.words['channel.' + key];
    const names = { department: g.config.departments, category: g.config.matters }[kind];
    return names && names[key];
  }

  // ---- step and scale
  const NARROW_PX = 900; // below: one column, which is read by scrolling
  function layout() {
    const width = window.innerWidth;
    const height = window.innerHeight;
    const near = (g.config && g.config.near) || 1;
    const aspect = width / height;
    const steps = ['s1', 's2', 's3', 's4', 's5'];
    // Three columns on both sides and a third more rows need both the height and the width.
    let index = width < 1600 ? 0 : aspect >= 4.2 ? 3 : aspect >= 2.6 ? 2 : 1;
    if (height >= 2000 && aspect >= 2.9) index = 4;
    if (near >= 1.15) index = Math.max(0, index === 4 ? 2 : index - 1);
    const step = width < NARROW_PX ? 's0' : steps[index];
    if (root.dataset.step !== step) root.dataset.step = step;
    root.style.setProperty('--near', String(near));
    const params = query();
    const own = document.querySelector('[data-own-theme]'); // a page that is light unless it is asked to be dark
    for (const name of ['motion', 'theme', 'icons']) {
      const wanted = params.get(name) || (name === 'theme' && own && own.dataset.ownTheme);
      if (wanted && root.dataset[name] !== wanted) root.dataset[name] = wanted;
    }
  }
  let layoutTimer = 0;
  window.addEventListener('resize', () => {
    clearTimeout(layoutTimer);
    layoutTimer = setTimeout(() => { layout(); g.scenes.arrange(); g.panels.draw(); }, 120);
  });

  // ---- link, clock, ages
  const live = () => g.live || null;
  // What happens every second, each part by itself: one that fails stops no other.
  const SECONDLY = {
    clocks(now) {
      for (const element of document.querySelectorAll('[data-clock]')) g.kit.text(element, g.format[element.dataset.clock](now));
      g.kit.fillFormats(document);
    },
    ages(now, figures) {
      if (!figures) return;
      const ages = g.ages.seconds(figures);
      for (const element of document.querySelectorAll('.age[data-age]')) g.ages.draw(element, ages[element.dataset.age] ?? null);
    },
    lines(now, figures) {
      for (const name of ['situation', 'lamps', 'ticker']) {
        for (const element of document.querySelectorAll(`[data-panel="${name}"]`)) g.panels.drawOne(element, figures);
      }
    },
    panels(now, figures) { if (figures && Math.floor(now / 1000) % 10 === 0) g.panels.draw(); },
    shift(now) { const second = Math.floor(now / 1000); if (second % 600 === 0) burnIn(second / 600); },
    scenes() { g.scenes.tick(); },
    watch() { rewatch(); },
  };
  function tick() {
    if (!g.config) return;
    const now = shell.now();
    for (const [name, task] of Object.entries(SECONDLY)) g.faults.attempt(`tick ${name}`, () => task(now, g.panels.figures));
  }
  // The whole wall shifts by at most 2 px every ten minutes.
  function burnIn(turn) {
    const wall = document.getElementById('wall');
    if (!wall || root.dataset.motion === '0') return;
    for (let i = 0; i < 6; i += 1) wall.classList.toggle('shift-' + i, turn % 6 === i);
  }

  // ---- what this screen watches
  let watched = '';
  function rewatch() {
    const link = live();
    if (!link || !g.config || !link.watch) return;
    const page = document.querySelector('[data-tables]');
    const tables = page ? page.dataset.tables.split(',').filter((name) => name !== 'none') : ['worker', 'order', 'feed'];
    const wish = { region: onWall() ? region() : g.config.root, period: wanted(), lang: g.config.lang, tables };
    const parts = g.scenes.parts();
    if (parts.length) wish.parts = parts;
    const text = JSON.stringify(wish);
    if (text === watched) return;
    watched = text;
    shell.jumping = true;
    link.watch(wish);
    if (link.connect && !link.socket && window.io) link.connect();
  }

  // ---- moving about
  function moved() {
    layout();
    shell.jumping = true;
    rewatch();
    crumbs();
    g.scenes.arrange();
    g.panels.draw();
    if (g.map && g.map.setRegion && onWall()) g.map.setRegion(region());
  }
  window.addEventListener('popstate', () => setTimeout(moved, 0));

  function crumbs() {
    const holder = document.querySelector('[data-crumbs]');
    const scene = document.querySelector('[data-scene-name]');
    if (!holder || !g.config) return;
    const steps = path(region());
    const { h } = g.kit;
    holder.textContent = '';
    holder.hidden = steps.length < 2;
    if (scene) scene.hidden = steps.length > 1;
    if (steps.length > 1) {
      steps.forEach((code, i) => {
        if (i === steps.length - 1) holder.append(h('b', { 'aria-current': 'page' }, regionName(code)));
        else holder.append(h('a', { href: g.links.wall({ region: i ? code : null }), 'data-region': code }, shortName(code, regionName(code))), h('i', {}, '›'));
      });
    }
    for (const label of document.querySelectorAll('[data-period-label]')) g.kit.text(label, windowText());
  }

  // Tells Dash what is selected; its callbacks answer with the dossier.
  function select(selection) {
    if (window.dash_clientside && window.dash_clientside.set_props) window.dash_clientside.set_props('selection', { data: selection });
    if (g.map && g.map.select) g.map.select(selection ? selection.kind : null, selection ? selection.id : null);
  }
  // The map's side: regions picked on it change the address, the region of the address is shown on it.
  let mapTied = false;
  function tieMap() {
    if (mapTied || !g.map || !g.map.on) return;
    mapTied = true;
    g.map.on('pick', (picked) => {
      if (picked.kind === 'region') { if (onWall()) go(g.links.wall({ region: picked.id })); return; }
      if (picked.map === 'map') g.map.select(picked.kind, picked.id);
    });
    const arrive = (view) => {
      if (view.id !== 'map' || !onWall()) return;
      view.setRegion(region());
      g.scenes.mapShown();
      const feed = query().get('feed'); // a feed that was searched for
      if (feed) g.live.on('change', () => showFeed(view, feed));
    };
    g.map.on('ready', arrive);
    if (g.map.of('map')) arrive(g.map.of('map'));
  }
  let feedShown = '';
  function showFeed(view, feed) {
    const row = feed !== feedShown && g.live.tables.get('feed').row(feed);
    if (!row) return;
    feedShown = feed;
    view.center(row.lon * 1e-7, row.lat * 1e-7);
    select({ kind: 'feed', id: feed });
  }
  // ---- new parts of the page: signs are filled in, panels drawn
  let pending = false;
  function refresh() {
    pending = false;
    g.kit.fillSigns(document);
    if (!g.config) return;
    g.kit.fillFormats(document);
    tieMap();
    root.lang = g.config.lang === 'en' ? 'en' : 'zh-CN';
    layout();
    g.scenes.refreshed();
    for (const element of document.querySelectorAll('[data-panel]:not([data-drawn])')) g.panels.drawOne(element, g.panels.figures);
    const holder = document.querySelector('[data-crumbs]:not([data-drawn])');
    if (holder) { holder.dataset.drawn = '1'; crumbs(); }
    rewatch();
  }
  function observe() {
    new MutationObserver((records) => {
      if (pending || !records.some((record) => record.addedNodes.length || record.attributeName)) return;
      pending = true;
      requestAnimationFrame(g.faults.guarded('refresh', refresh));
    }).observe(document.body, { childList: true, subtree: true, attributes: true, attributeFilter: ['data-sign', 'data-value'] });
  }

  const shell = (g.shell = {
    jumping: true, // figures are set without motion: first sight, change of region, after a reconnect
    now: () => { const link = live(); return link && link.now ? link.now() : Date.now(); },
    region, misread, path, regionName, shortName, childLevelName, period, windowText, rateKeys, named, go, select, address, query, onWall, refresh, layout, watchAgain: rewatch,
  });

  function start() {
    layout();
    observe();
    refresh();
    const link = live();
    if (link && link.on) {
      link.on('figures', (figures) => { g.panels.draw(figures); g.scenes.draw(figures); shell.jumping = false; });
      let lost = false;
      link.on('link', (state) => { if (!state.connected) lost = true; else if (lost) { lost = false; shell.jumping = true; } });
    }
    g.faults.attempt('tick', tick);
    g.faults.every(() => 1000 - (Date.now() % 1000) + 5, 'tick', tick);
  }
  if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', start); else start();
})();
