// What a person does on a screen: links, the period menu, the search box, layer buttons, keys. Everything else is the shell's.
(function () {
  'use strict';
  const g = window.gridhall;
  const { shell } = g;
  const ASK_AFTER_MS = 200;

  // Links within the same page change the address in place; all others load their page.
  document.addEventListener('click', (event) => {
    if (event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey) return;
    const link = event.target instanceof Element ? event.target.closest('a[href]') : null;
    if (!link || link.target || link.origin !== window.location.origin) return;
    const here = shell.onWall() ? ['/', '/wall'] : [window.location.pathname];
    const asked = new URLSearchParams(link.search);
    const sameLanguage = (asked.get('lang') || g.config.lang) === g.config.lang;
    if (!here.includes(link.pathname) || !sameLanguage || asked.has('feed')) return;
    event.preventDefault();
    shell.go(link.pathname + link.search);
  });

  // ---- menus: the period, the search
  let menu = null;
  function closeMenu() {
    if (!menu) return;
    const { button } = menu;
    menu.remove();
    menu = null;
    button.setAttribute('aria-expanded', 'false');
    button.focus();
  }
  function choose(changes) {
    closeMenu();
    shell.go(shell.address(window.location.pathname, { ...Object.fromEntries(shell.query()), ...changes }));
  }
  function openPeriods(button) {
    const { h } = g.kit;
    const now = shell.period();
    menu = h('div', { class: 'menu', role: 'menu' });
    menu.button = button;
    for (const key of g.config.periods) {
      menu.append(h('button', { role: 'menuitemradio', 'aria-checked': String(now.key === key), onclick: () => choose({ period: key, from: null, to: null }) }, g.words('period.' + key)));
    }
    const from = h('input', { class: 'field', type: 'date', 'aria-label': g.words('period.from'), value: now.first });
    const to = h('input', { class: 'field', type: 'date', 'aria-label': g.words('period.to'), value: now.last });
    for (const field of [from, to]) field.max = '9999-12-31';
    const said = h('p', { class: 'menu-said bad', role: 'alert' });
    const apply = h('button', { onclick: () => {
      g.kit.text(said, '');
      if (!from.value || !to.value || from.value > to.value) { g.kit.text(said, g.words('period.unread')); return; }
      choose({ period: null, from: from.value, to: to.value });
    } }, g.words('period.apply'));
    menu.append(h('hr', {}), h('label', {}, g.words('period.from'), from), h('label', {}, g.words('period.to'), to), apply, said);
    document.body.append(menu);
    const box = button.getBoundingClientRect();
    const own = menu.getBoundingClientRect();
    menu.style.left = `${Math.max(8, Math.min(box.left, window.innerWidth - own.width - 8))}px`;
    menu.style.top = `${box.bottom + 6}px`;
    button.setAttribute('aria-expanded', 'true');
    menu.querySelector('[aria-checked="true"]')?.focus();
  }
  const searchBox = () => document.getElementById('search');
  // The field is our own, and nothing ever writes into it but who types; what is typed is asked for when he rests.
  function makeSearchField(holder) {
    const { searchField: store, hint } = holder.dataset;
    let timer = 0;
    const field = g.kit.h('input', { class: 'field', id: 'search-text', type: 'search', autocomplete: 'off', placeholder: hint, 'aria-label': hint,
      oninput: () => {
        clearTimeout(timer);
        timer = setTimeout(() => window.dash_clientside.set_props(store, { data: field.value }), ASK_AFTER_MS);
      } });
    holder.append(field);
  }
  // Dash puts the page together after the scripts have run.
  const waiting = new MutationObserver(() => {
    const holder = document.querySelector('[data-search-field]');
    if (!holder) return;
    waiting.disconnect();
    makeSearchField(holder);
  });
  waiting.observe(document.documentElement, { childList: true, subtree: true });
  function toggleSearch(open) {
    const box = searchBox();
    if (!box) return;
    box.hidden = !open;
    const field = box.querySelector('input');
    if (open) { field.focus(); field.select(); } else field.blur(); // a hidden field must not go on swallowing keys
  }
  function pickResult(step) {
    const found = [...document.querySelectorAll('#search-results a')];
    if (!found.length) return;
    const at = found.findIndex((link) => link.getAttribute('aria-selected') === 'true');
    if (step === 0) { (found[at] || found[0]).click(); toggleSearch(false); return; }
    const next = (at + step + found.length) % found.length;
    found.forEach((link, i) => link.setAttribute('aria-selected', String(i === next)));
    found[next].scrollIntoView({ block: 'nearest' });
  }

  document.addEventListener('click', (event) => {
    const target = event.target instanceof Element ? event.target : null;
    if (!target) return;
    const button = target.closest('[data-open]');
    if (button) {
      if (button.dataset.open === 'periods') { if (menu) closeMenu(); else openPeriods(button); }
      if (button.dataset.open === 'search') toggleSearch(true);
      return;
    }
    if (menu && !menu.contains(target)) closeMenu();
    const box = searchBox();
    if (box && !box.hidden && (!box.contains(target) || target.closest('a'))) toggleSearch(false);
    if (target.closest('[data-close]')) closeDrawer();
    const layer = target.closest('[data-layer]');
    if (layer) {
      const on = layer.getAttribute('aria-pressed') !== 'true';
      if (shell.onWall()) g.scenes.hide(layer.dataset.layer, !on);
      else {
        layer.setAttribute('aria-pressed', String(on));
        if (g.map && g.map.setLayer) g.map.setLayer(layer.dataset.layer, on);
      }
    }
  });
  function closeDrawer() { shell.select(null); }
  function goUp() {
    const above = shell.path(shell.region()).at(-2);
    if (above !== undefined) shell.go(g.links.wall({ region: above === g.config.root ? null : above }));
  }
  document.addEventListener('keydown', (event) => {
    const typing = event.target instanceof Element && event.target.closest('input, textarea, select, [contenteditable]');
    const box = searchBox();
    const searching = box && !box.hidden && box.contains(event.target);
    if (searching && event.key === 'ArrowDown') { event.preventDefault(); pickResult(1); }
    if (searching && event.key === 'ArrowUp') { event.preventDefault(); pickResult(-1); }
    if (searching && event.key === 'Enter') { event.preventDefault(); pickResult(0); }
    if (event.key === '/' && !typing && !event.ctrlKey && !event.metaKey) { event.preventDefault(); toggleSearch(true); }
    if (event.key === 'Escape') {
      if (menu) closeMenu();
      else if (box && !box.hidden) toggleSearch(false);
      else if (document.querySelector('.drawer:not([hidden])')) closeDrawer();
      else if (shell.onWall() && !typing) goUp();
    }
  });
})();
