// What all panels are made with: elements, keyed rows that are moved and not rebuilt, rolling digits, signs, tips,
// and the list of panels. A panel is gridhall.panels.define(name, {draw(body, figures, panel)}); the shell calls draw.
(function () {
  'use strict';
  const g = (window.gridhall = window.gridhall || {});
  const SVG = 'http://www.w3.org/2000/svg';

  const motion = () => document.documentElement.dataset.motion !== '0'
    && !window.matchMedia('(prefers-reduced-motion: reduce)').matches;

  function apply(element, attributes, children) {
    for (const [name, value] of Object.entries(attributes || {})) {
      if (value === null || value === undefined || value === false) continue;
      if (name === 'class') element.setAttribute('class', value);
      else if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
      else element.setAttribute(name, value === true ? '' : value);
    }
    for (const child of children.flat()) if (child !== null && child !== undefined) element.append(child);
    return element;
  }
  const h = (tag, attributes, ...children) => apply(document.createElement(tag), attributes, children);
  const s = (tag, attributes, ...children) => apply(document.createElementNS(SVG, tag), attributes, children);

  function text(element, value) {
    const wanted = String(value);
    if (element.textContent !== wanted) element.textContent = wanted;
  }
  function attribute(element, name, value) {
    if (value === null || value === undefined) { if (element.hasAttribute(name)) element.removeAttribute(name); return; }
    if (element.getAttribute(name) !== String(value)) element.setAttribute(name, value);
  }
  function toggle(element, name, on) { if (element.classList.contains(name) !== Boolean(on)) element.classList.toggle(name, Boolean(on)); }

  // Digits that changed roll once, in place; `jump` sets them without motion (after a reconnect, on first sight).
  function digits(element, value, jump) {
    const wanted = String(value);
    const before = element.dataset.value;
    if (before === wanted) return;
    element.dataset.value = wanted;
    element.setAttribute('aria-label', wanted);
    if (before === undefined || jump || !motion() || before.length !== wanted.length) { element.textContent = wanted; return; }
    element.textContent = '';
    const holder = h('span', { class: 'digits', 'aria-hidden': 'true' });
    for (let i = 0; i < wanted.length; i += 1) {
      if (before[i] === wanted[i]) { holder.append(h('span', {}, wanted[i])); continue; }
      holder.append(h('span', { class: 'digit roll' }, h('span', {}, before[i]), h('span', {}, wanted[i])));
    }
    element.append(holder);
    clearTimeout(element.rolling);
    element.rolling = setTimeout(() => { element.textContent = element.dataset.value; }, 260);
  }

  // Rows by key: known ones are updated in place, new ones made, gone ones removed; a changed rank moves for 300 ms.
  function keyed(container, items, keyOf, create, update, still) {
    const held = container.rowsByKey || (container.rowsByKey = new Map());
    const animate = !still && motion() && held.size > 0;
    const tops = new Map();
    if (animate) for (const [key, row] of held) tops.set(key, row.offsetTop);
    const wanted = new Set();
    let cursor = container.firstChild;
    for (const [index, item] of items.entries()) {
      const key = String(keyOf(item));
      wanted.add(key);
      let row = held.get(key);
      if (!row) { row = create(item); row.fresh = held.size > 0; held.set(key, row); }
      update(row, item, index);
      if (row === cursor) cursor = cursor.nextSibling; else container.insertBefore(row, cursor);
    }
    for (const [key, row] of held) if (!wanted.has(key)) { row.remove(); held.delete(key); }
    if (!animate) return;
    for (const [key, top] of tops) {
      const row = held.get(key);
      const shift = row ? top - row.offsetTop : 0;
      if (row && shift && row.animate) row.animate([{ transform: `translateY(${shift}px)` }, { transform: 'none' }], { duration: 300, easing: 'ease-out' });
    }
  }

  // A row whose facts changed, or that is new among others, gets a fade; `facts` must not hold what only time changes.
  function changed(row, facts) {
    const told = JSON.stringify(facts);
    const news = row.facts === undefined ? row.fresh : row.facts !== told;
    row.facts = told;
    if (!news || !motion() || g.shell.jumping) return;
    row.classList.add('row-changed');
  }
  // One listener for all rows. A row that is put out of sight fades no more: it must not begin when its scene comes back.
  for (const over of ['animationend', 'animationcancel']) document.addEventListener(over, (event) => event.target.classList?.remove('row-changed'));

  // How many rows of a height in u fit into a container; never fewer than one.
  function rowsThatFit(container, rowHeightU, reservedU) {
    const u = unit();
    const height = container.clientHeight - (reservedU || 0) * u;
    return Math.max(1, Math.floor(height / (rowHeightU * u) + 0.02));
  }
  function unit() {
    if (document.documentElement.dataset.step === 's0') return 0.8; // as tokens.css
    const style = getComputedStyle(document.documentElement);
    const rows = parseFloat(style.getPropertyValue('--rows')) || 1080;
    const near = parseFloat(style.getPropertyValue('--near')) || 1;
    const step = parseFloat(style.getPropertyValue('--step')) || 1;
    return (window.innerHeight / rows) * near * step;
  }

  // ---- signs: shape is the role, fill, dash and ring the state; colour only repeats it (drawn in a 24-unit box)
  const ROLE_PATHS = {
    lead: 'M5,0A5,5 0 1 1 -5,0A5,5 0 1 1 5,0Z', full: 'M5,0A5,5 0 1 1 -5,0A5,5 0 1 1 5,0Z',
    part: 'M3.7,0A3.7,3.7 0 1 1 -3.7,0A3.7,3.7 0 1 1 3.7,0Z', other: 'M3.7,0A3.7,3.7 0 1 1 -3.7,0A3.7,3.7 0 1 1 3.7,0Z',
    inspector: 'M-3.1,-4.6H3.1A1.5,1.5 0 0 1 4.6,-3.1V3.1A1.5,1.5 0 0 1 3.1,4.6H-3.1A1.5,1.5 0 0 1 -4.6,3.1V-3.1A1.5,1.5 0 0 1 -3.1,-4.6Z',
    police: 'M-5,-5H5V1C5,4 2,6 0,7C-2,6 -5,4 -5,1Z', fire: 'M0,-7.5C2,-4 5,-1 5,2A5,5 0 1 1 -5,2C-5,-1 -2,-4 0,-7.5Z',
    volunteer: 'M-1.9,-5.5H1.9V-1.9H5.5V1.9H1.9V5.5H-1.9V1.9H-5.5V-1.9H-1.9Z',
  };
  const WEDGE = 'M0,-11.5L3.6,-6.24A7.2,7.2 0 0 0 -3.6,-6.24Z';
  const PRESENCE = ['moving', 'still', 'out_of_grid', 'silent', 'frozen', 'offline', 'unseen'];

  function svg(box, ...children) { return s('svg', { class: 'sign', viewBox: box, 'aria-hidden': 'true', focusable: 'false' }, ...children); }

  function workerSign(role, state, headingDeg) {
    const d = ROLE_PATHS[role] || ROLE_PATHS.full;
    const hollow = { silent: ['s-mute', '3 2', 2], frozen: ['s-warn', null, 2], offline: ['s-off', null, 1.8], unseen: ['s-off', '1 2', 1.4] }[state];
    const parts = [];
    if (hollow) parts.push(s('path', { d, class: 'none ' + hollow[0], 'stroke-width': hollow[2], 'stroke-dasharray': hollow[1] }));
    else parts.push(s('path', { d, class: { moving: 'f-moving', out_of_grid: 'f-bad' }[state] || 'f-still' }));
    if (role === 'lead') {
      const stroke = hollow ? hollow[0] : { moving: 's-moving', out_of_grid: 's-bad' }[state] || 's-ok';
      parts.push(s('circle', { r: 8, class: 'none ' + stroke, 'stroke-width': 1.6, 'stroke-dasharray': hollow && hollow[1] }));
    }
    if (state === 'moving') parts.push(s('path', { d: WEDGE, class: 'f-moving', transform: `rotate(${headingDeg === undefined ? 45 : headingDeg})` }));
    if (state === 'out_of_grid') {
      const r = role === 'lead' ? 12.5 : 10;
      parts.push(s('circle', { r, class: 'none s-bad', 'stroke-width': 2.2, 'stroke-dasharray': '9 6.7' }));
    }
    if (state === 'frozen') parts.push(s('path', { d: 'M-1.5,-2V2M1.5,-2V2', class: 's-warn none', 'stroke-width': 1.5 }));
    if (state === 'offline') parts.push(s('path', { d: 'M-4.5,4.5L4.5,-4.5', class: 's-off none', 'stroke-width': 1.8 }));
    return svg('-12 -12 24 24', ...parts);
  }

  const SOS = 4; // of a worker's flags in the live table
  const calls = (row) => Boolean(row.flags & SOS);

  // The hexagon of an alarm with its "!", on a ground of the alarm's own colour.
  const alarmSign = (name) => s('svg', { class: name, viewBox: '-12 -12 24 24', 'aria-hidden': 'true' },
    s('path', { d: 'M0,-11L9.5,-5.5V5.5L0,11L-9.5,5.5V-5.5Z', class: 'alarm-hexagon' }), s('path', { d: 'M-1.4,-6H1.4V1.5H-1.4ZM-1.4,3.6H1.4V6.2H-1.4Z', class: 'alarm-bang' }));

  function lightSign(light) {
    if (light === 'red') return svg('-10 -10 20 20', s('rect', { x: -8.5, y: -8.5, width: 17, height: 17, class: 'f-bad' }));
    if (light === 'yellow') return svg('-10 -10 20 20', s('path', { d: 'M0,-8.5L9.4,8H-9.4Z', class: 'f-warn' }));
    if (light === 'none') return svg('-10 -10 20 20', s('circle', { r: 7, class: 'none s-t3', 'stroke-width': 2 }));
    return svg('-10 -10 20 20', s('circle', { r: 8, class: 'f-ok' }));
  }

  function orderSign(light) {
    const diamond = 'M0,-9L9,0L0,9L-9,0Z';
    if (light === 'red') return svg('-11 -11 22 22', s('path', { d: diamond, class: 'f-bad', transform: 'scale(1.15)' }), s('path', { d: 'M-1.2,-5.5H1.2V1.2H-1.2ZM-1.2,3H1.2V5.4H-1.2Z', class: 'f-dark' }));
    if (light === 'yellow') return svg('-11 -11 22 22', s('path', { d: diamond, class: 'none s-warn', 'stroke-width': 2.2 }), s('path', { d: 'M-9,0H9L0,9Z', class: 'f-warn' }));
    return svg('-11 -11 22 22', s('path', { d: diamond, class: 'none s-ok', 'stroke-width': 2.2, transform: 'scale(.8)' }));
  }

  function stageSign(state, number) {
    if (state === 'done') return svg('-12 -12 24 24', s('circle', { r: 10, class: 'f-ok' }), s('path', { d: 'M-4.5,0L-1.2,3.4L4.8,-3', class: 'none s-dark', 'stroke-width': 2.4 }));
    if (state === 'overdue') return svg('-12 -12 24 24', s('rect', { x: -10, y: -10, width: 20, height: 20, class: 'f-bad' }), s('path', { d: 'M-1.4,-6H1.4V1.5H-1.4ZM-1.4,3.4H1.4V6H-1.4Z', class: 'f-dark' }));
    if (state === 'current') return svg('-12 -12 24 24', s('circle', { r: 9, class: 'none s-sel', 'stroke-width': 2.2 }), s('circle', { r: 4, class: 'f-sel' }));
    const label = s('text', { class: 'f-t2', 'text-anchor': 'middle', y: 4, 'font-size': 11 }, String(number || ''));
    return svg('-12 -12 24 24', s('circle', { r: 9.5, class: 'none s-t3', 'stroke-width': 1.6 }), label);
  }

  function feedSign(status) {
    const fill = { online: 'f-t2', frozen: 'f-warn' }[status] || 'f-off';
    return svg('-12 -12 24 24', s('path', { d: 'M-5.5,-8.5H5.5L2.6,-1.5H-2.6Z', class: fill }), s('rect', { x: -4.4, y: -1, width: 8.8, height: 8, class: fill }));
  }

  function cardSign(colour) {
    return svg('-12 -12 24 24', s('rect', { x: -7, y: -10, width: 14, height: 20, rx: 2, class: colour === 'red' ? 'f-bad' : 'f-warn' }));
  }

  // "card-red", "light-red", "order-yellow", "worker-full-moving", "stage-done", "feed-online"
  function sign(name) {
    const [kind, a, ...rest] = name.split('-');
    if (kind === 'alarm') return alarmSign('sign');
    if (kind === 'light') return lightSign(a);
    if (kind === 'order') return orderSign(a);
    if (kind === 'card') return cardSign(a);
    if (kind === 'worker') return workerSign(a, rest[0] || 'still', rest[1] === undefined ? undefined : Number(rest[1]));
    if (kind === 'stage') return stageSign(a, rest[0]);
    if (kind === 'feed') return feedSign(a);
    return lightSign('none');
  }
  function setSign(holder, name) {
    if (holder.dataset.signDone === name) return;
    holder.dataset.signDone = name;
    const drawn = sign(name);
    const old = holder.querySelector(':scope > svg.sign');
    if (old) old.replaceWith(drawn); else holder.prepend(drawn);
  }
  function fillSigns(root) {
    for (const holder of root.querySelectorAll('[data-sign]')) setSign(holder, holder.dataset.sign);
  }
  // Values that the server left to be written here: data-fmt is a name of gridhall.format, data-value its argument.
  function fillFormats(root) {
    for (const holder of root.querySelectorAll('[data-fmt]')) {
      const { fmt, value, provisional } = holder.dataset;
      if (fmt === 'left') text(holder, g.format.left(+value, g.shell.now(), provisional));
      else if (fmt === 'agoAt') text(holder, g.format.ago((g.shell.now() - +value) / 1000));
      else text(holder, g.format[fmt](+value));
    }
  }

  // ---- small charts
  // Points of a line in a box 0..width × 0..height (y down), zero-based unless `floor` is given.
  function linePath(values, width, height, floor, top) {
    const known = values.filter((v) => v !== null && v !== undefined);
    if (!known.length) return { d: '', end: null };
    const high = top === undefined ? Math.max(...known, 1) : top;
    const low = floor === undefined ? 0 : floor;
    const scale = high > low ? height / (high - low) : 0;
    let d = '';
    let pen = 'M';
    let end = null;
    values.forEach((value, i) => {
      if (value === null || value === undefined) { pen = 'M'; return; }
      const x = values.length > 1 ? (i / (values.length - 1)) * width : width;
      const y = height - (value - low) * scale;
      d += `${pen}${x.toFixed(1)},${y.toFixed(1)}`;
      pen = 'L';
      end = [x, y];
    });
    return { d, end };
  }
  function setLine(holder, values, width, height, floor, top) {
    const { d, end } = linePath(values, width, height, floor, top);
    const line = holder.querySelector('.line');
    const dot = holder.querySelector('.end-dot');
    attribute(line, 'd', d);
    attribute(dot, 'd', end ? `M${end[0].toFixed(1)},${end[1].toFixed(1)}h0` : '');
  }
  function lineSvg(className, width, height) {
    return s('svg', { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: 'none', class: className, 'aria-hidden': 'true' },
      s('path', { class: 'line' }), s('path', { class: 'end-dot' }));
  }
  // One stacked bar: parts [{class, n, title?, proof?}], full length `total`.
  function setBar(bar, parts, total) {
    keyed(bar, parts, (part) => part.class, (part) => h('i', { class: part.class }), (cell, part) => {
      attribute(cell, 'data-n', part.n);
      const width = total ? `${((part.n / total) * 100).toFixed(3)}%` : '0';
      if (cell.style.width !== width) cell.style.width = width;
      if (part.proof) g.proof.mark(cell, part.proof); else cell.title = part.title || '';
    });
  }

  // ---- a number inside of a link that opens its own orders; links must not stand in links
  function jump(element, href, label) {
    attribute(element, 'data-href', href);
    attribute(element, 'role', href ? 'link' : null);
    attribute(element, 'tabindex', href ? 0 : null);
    attribute(element, 'aria-label', href ? label : null);
  }
  function follow(event) {
    const target = event.target instanceof Element ? event.target.closest('[data-href]') : null;
    if (!target || (event.type === 'keydown' ? event.key !== 'Enter' : event.button)) return;
    event.preventDefault();
    event.stopPropagation();
    if (event.ctrlKey || event.metaKey) window.open(target.dataset.href); else window.location.assign(target.dataset.href);
  }
  document.addEventListener('click', follow, true);
  document.addEventListener('keydown', follow, true);

  // ---- definitions on hover and focus, in our own looks instead of the browser's: data-figure or data-def, data-num …
  let tip = null;
  const hushed = [];
  // While our tip is there the browser's own, of the element and of those around it, is not.
  function hush(anchor) {
    for (let element = anchor; element; element = element.parentElement) {
      if (!element.hasAttribute('title')) continue;
      element.hushed = element.getAttribute('title');
      element.removeAttribute('title');
      hushed.push(element);
    }
  }
  function unhush() {
    for (const element of hushed.splice(0)) { element.setAttribute('title', element.hushed); element.hushed = undefined; }
  }
  function showTip(anchor) {
    const w = g.words;
    const data = anchor.dataset;
    const key = data.figure || data.def;
    const list = h('dl', {});
    const line = (key, value) => list.append(h('dt', {}, w(key)), h('dd', {}, value));
    if (data.num !== undefined) line(data.den === undefined ? 'tip.count' : 'tip.num', g.format.int(+data.num));
    if (data.den !== undefined) line('tip.den', g.format.int(+data.den));
    if (data.open !== undefined) line('tip.open', g.format.int(+data.open));
    if (data.window) line('tip.window', data.window);
    if (data.basis) line('tip.basis', w('basis.' + data.basis));
    line('tip.key', key);
    if (data.asOf) line('tip.as_of', g.format.full(+data.asOf));
    hideTip();
    hush(anchor);
    tip = h('div', { class: 'tip', role: 'tooltip' }, h('b', {}, w('figure.' + key)), h('div', {}, w(`figure.${key}.what`)), list);
    document.body.append(tip);
    const box = anchor.getBoundingClientRect();
    const own = tip.getBoundingClientRect();
    const below = box.bottom + 8 + own.height < window.innerHeight;
    tip.style.left = `${Math.max(8, Math.min(box.left, window.innerWidth - own.width - 8))}px`;
    tip.style.top = `${below ? box.bottom + 8 : Math.max(8, box.top - own.height - 8)}px`;
  }
  function hideTip() { if (tip) { tip.remove(); tip = null; } unhush(); }
  let tipTimer = 0;
  function overAnchor(event) {
    clearTimeout(tipTimer);
    const anchor = event.target instanceof Element ? event.target.closest('[data-figure], [data-def]') : null;
    if (!anchor) { hideTip(); return; }
    tipTimer = setTimeout(() => anchor.isConnected && showTip(anchor), event.type === 'focusin' ? 0 : 450);
  }
  document.addEventListener('pointerover', overAnchor);
  document.addEventListener('focusin', overAnchor);
  document.addEventListener('pointerdown', () => { clearTimeout(tipTimer); hideTip(); });
  function define(element, key, values) {
    g.proof.explain(element, key, values);
    attribute(element, 'tabindex', 0); // the keyboard, too, asks what a number means
  }

  // ---- the list of panels
  const kinds = new Map();
  const panels = (g.panels = g.panels || {});
  panels.define = (name, panel) => kinds.set(name, panel);
  panels.figures = null;
  panels.drawOne = function drawOne(element, figures) {
    const kind = kinds.get(element.dataset.panel);
    if (!kind || (!figures && !kind.still) || !g.scenes.shown(element)) return;
    const name = element.dataset.panel;
    const waits = Boolean(figures) && g.scenes.waits(name, figures);
    toggle(element, 'waiting', waits);
    if (waits) return;
    const body = element.querySelector(':scope > .panel-body') || element;
    const fault = figures ? g.scenes.faultOf(name, figures) : null;
    showFault(element, fault);
    if (fault && fault.good_ms === null) { say(body, element === body ? faultWords(fault) : '—'); return; }
    try {
      kind.draw(body, fault ? { ...figures, as_of_ms: fault.good_ms } : figures, element);
      element.dataset.drawn = '1';
      delete element.dataset.fault;
    } catch (error) {
      // One broken panel must not take the wall with it; it says so itself, and the server is told.
      element.dataset.fault = String(error);
      g.faults.tell(`panel ${name}`, error);
      say(body, `▲ ${g.words('panel.fault')}`);
    }
  };
  // A text in place of all that a panel has made; its next drawing begins anew.
  function say(body, words) {
    text(body, words);
    body.rowsByKey = undefined;
    body.made = undefined;
  }
  // A part of the figures cannot be counted: since when, what is shown instead, and under which reference it stands in the log.
  function faultWords(fault) {
    const told = { ref: fault.reference, since: g.format.hms(fault.since_ms), t: fault.good_ms === null ? '' : g.format.hms(fault.good_ms) };
    return `▲ ${g.words(fault.good_ms === null ? 'panel.part_never' : 'panel.part_stands', told)}`;
  }
  function showFault(element, fault) {
    toggle(element, 'faulty', fault);
    const head = element.querySelector(':scope > .panel-head');
    let line = element.querySelector(':scope > .panel-fault');
    if (!fault) { if (line) line.remove(); if (!head && element.faulted) { element.removeAttribute('title'); element.faulted = false; } return; }
    const words = faultWords(fault);
    if (!head) { attribute(element, 'title', words); element.faulted = true; return; }
    if (!line) { line = h('p', { class: 'panel-fault', role: 'status' }); head.after(line); }
    text(line, words);
    attribute(line, 'title', words);
  }
  panels.draw = function draw(figures) {
    if (figures) panels.figures = figures;
    if (!panels.figures) return;
    // Who takes what he needs goes first: the others fill what is left of their column.
    for (const element of document.querySelectorAll('[data-panel].fit')) panels.drawOne(element, panels.figures);
    for (const element of document.querySelectorAll('[data-panel]:not(.fit)')) panels.drawOne(element, panels.figures);
  };
  // Makes the fixed part of a panel once; afterwards returns the same handles.
  panels.once = function once(body, make) {
    if (!body.made) { body.textContent = ''; body.made = make(body); }
    return body.made;
  };

  g.kit = { h, s, text, attribute, alarmSign, calls, toggle, digits, keyed, changed, rowsThatFit, unit, sign, setSign, fillSigns, fillFormats, lineSvg, setLine, linePath,
    setBar, define, jump, motion, PRESENCE, SVG };
})();
