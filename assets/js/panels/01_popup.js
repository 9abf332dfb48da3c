// A small sheet under the button that opened it: menus and lists. One at a time; Esc and a click elsewhere close it.
(function () {
  'use strict';
  const g = window.gridhall;
  const { h } = g.kit;
  let open = null; // {sheet, button}

  function close(focus = true) {
    if (!open) return false;
    const { sheet, button } = open;
    open = null;
    sheet.remove();
    button.setAttribute('aria-expanded', 'false');
    if (focus && button.isConnected) button.focus();
    return true;
  }

  function place(sheet, button, above) {
    const box = button.getBoundingClientRect();
    const own = sheet.getBoundingClientRect();
    sheet.style.left = `${Math.max(8, Math.min(box.left, window.innerWidth - own.width - 8))}px`;
    if (above) sheet.style.bottom = `${window.innerHeight - box.top + 6}px`;
    else sheet.style.top = `${box.bottom + 6}px`;
    sheet.style.maxHeight = `${Math.max(160, Math.min(window.innerHeight * 0.66, above ? box.top - 60 : window.innerHeight - box.bottom - 46))}px`;
  }

  const items = () => [...open.sheet.querySelectorAll('button:not(:disabled), a[href], input')];

  function step(by) {
    const all = items();
    const at = all.indexOf(document.activeElement);
    (all[(at + by + all.length) % all.length] || all[0])?.focus();
  }

  // Opens a sheet with what `build(sheet)` puts into it; pressed again, the button closes it.
  function show(button, build, { above = false, role = 'menu', label = '' } = {}) {
    const again = open && open.button === button;
    close(false);
    if (again) { button.focus(); return null; }
    const sheet = h('div', { class: 'popup', role, 'aria-label': label || button.textContent.trim() });
    build(sheet);
    document.body.append(sheet);
    open = { sheet, button };
    button.setAttribute('aria-expanded', 'true');
    place(sheet, button, above);
    (sheet.querySelector('[autofocus]') || items()[0])?.focus();
    return sheet;
  }

  document.addEventListener('keydown', (event) => {
    if (!open) return;
    const typing = event.target instanceof Element && event.target.closest('input[type=text], input[type=search]');
    if (event.key === 'Escape') close();
    else if (event.key === 'ArrowDown') step(1);
    else if (event.key === 'ArrowUp') step(-1);
    else if (event.key === 'Tab') { close(false); return; }
    else if (typing || !open.sheet.contains(document.activeElement) || ['Enter', ' '].includes(event.key) || event.ctrlKey || event.metaKey || event.altKey) return;
    else { event.stopImmediatePropagation(); return; }
    event.preventDefault();
    event.stopImmediatePropagation();
  }, true);
  document.addEventListener('pointerdown', (event) => {
    if (open && !open.sheet.contains(event.target) && !open.button.contains(event.target)) close(false);
  }, true);

  g.popup = { show, close, get open() { return Boolean(open); } };
})();
