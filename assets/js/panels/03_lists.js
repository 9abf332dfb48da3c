// What the panels of people and cameras share: a row that picks what it speaks of, columns as wide as their numbers, two-line rows.
(function () {
  'use strict';
  const g = (window.gridhall = window.gridhall || {});

  // A row that opens somebody or something in short, and shows it on the map.
  function picker(kind, id, ...children) {
    const pick = () => g.shell.select({ kind, id });
    const row = g.kit.h('div', { class: 'row pick', role: 'button', tabindex: 0, onclick: pick }, ...children);
    row.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter' && event.key !== ' ') return;
      event.preventDefault();
      pick();
    });
    return row;
  }

  // How many digits wide a text is, about.
  const digitsWide = (words) => [...words].reduce((sum, sign) => sum + (sign > '\u2e80' ? 1.75 : ' ,./·il'.includes(sign) ? 0.5 : 'mwMW%'.includes(sign) ? 1.55 : 1), 0);
  // Numbers stand under each other: a column takes the width of its longest text. columns: {name: texts}.
  function columns(body, wanted) {
    for (const [name, texts] of Object.entries(wanted)) {
      const width = `${(texts.reduce((most, one) => Math.max(most, digitsWide(one)), 2) + 0.2).toFixed(2)}ch`;
      if (body.style.getPropertyValue(`--${name}`) !== width) body.style.setProperty(`--${name}`, width);
    }
  }

  // The frame of most lists: heads, rows, and a line for what does not fit or for there being nothing.
  function listOf(body, ...heads) {
    const { h } = g.kit;
    const top = heads.length ? h('div', { class: 'col-heads' }, ...heads) : null;
    const rows = h('div', { class: 'rows' });
    const more = h('div', { class: 'more' });
    body.append(...(top ? [top] : []), rows, more);
    return { heads: top, rows, more };
  }

  // "另有 n" where rows were dropped, the words of the empty list where there are none, else nothing.
  function foot(more, all, shown, empty) {
    const words = !all ? empty : all > shown ? g.words('more_n', { n: g.format.int(all - shown) }) : '';
    g.kit.text(more, words);
    g.kit.toggle(more, 'empty', !all);
    more.hidden = !words;
  }

  // As many rows as fit; when not all do, a line less for saying so.
  function fitting(rows, all, rowU) {
    const { rowsThatFit } = g.kit;
    const body = rows.parentElement;
    const above = (rows.previousElementSibling ? rows.previousElementSibling.offsetHeight : 0) / g.kit.unit();
    const room = rowsThatFit(body, rowU, above);
    return room >= all ? all : rowsThatFit(body, rowU, above + 30);
  }

  const nameOf = (code, name) => (code === '' ? g.words('outside') : code === g.shell.region() ? g.words('unassigned') : g.shell.shortName(code, name));
  // A grid with its community, both short: 平东 04网格.
  function placeName(code, name) {
    const found = g.config.regions[code];
    const parent = found && found.parent;
    if (!parent || parent === g.config.root) return g.shell.shortName(code, name);
    const [above, own] = [g.shell.shortName(parent, g.shell.regionName(parent)), g.shell.shortName(code, name)];
    return own.startsWith(above) ? own : `${above} ${own}`;
  }
  const narrow = () => document.documentElement.dataset.step === 's1';
  const share = (num, den) => `${g.format.percent(num, den)}${den ? '%' : ''}`;
  const sinceText = (sinceMs) => (sinceMs ? g.format.duration((g.shell.now() - sinceMs) / 1000) : '—');

  // Whether a limit is provisional, as `format.left` takes it: on a narrow canvas there is no room for the word.
  const unsure = (item) => (item.provisional && narrow() ? 'brief' : item.provisional);
  g.lists = { picker, columns, listOf, foot, fitting, nameOf, placeName, narrow, share, sinceText, unsure };
})();
