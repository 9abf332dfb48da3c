// A dot plot on a cut axis with both ends labelled and the mean as a line: rates near 100 % (look §6).
(function () {
  'use strict';
  const g = (window.gridhall = window.gridhall || {});
  const { h, text, toggle } = g.kit;

  // A cut axis that holds all values: [low, high] in per cent, whole numbers, high 100 where near.
  function axisOf(values) {
    if (!values.length) return [0, 100];
    const low = Math.floor(Math.min(...values));
    const high = Math.ceil(Math.max(...values));
    const wide = Math.max(2, high - low);
    return [Math.max(0, low - Math.ceil(wide * 0.1)), Math.min(100, high < 100 ? high + 1 : high)];
  }
  const share = (value, [low, high]) => `${Math.max(0, Math.min(100, ((value - low) / (high - low)) * 100)).toFixed(2)}%`;
  const exact = (row) => (row.den ? (row.num / row.den) * 100 : null);
  // Worst first; a zero base sorts last.
  const worstFirst = (rows) => rows.slice().sort((a, b) => (exact(a) ?? 1e9) - (exact(b) ?? 1e9) || (b.open || 0) - (a.open || 0) || (a.name < b.name ? -1 : 1));

  // The ends are labelled where the label of the mean leaves room for them.
  const END_SHARE = 0.36;
  const ENDS_U = 200;
  function axisHead(axis, head, mean, label) {
    const at = head.querySelector('.at');
    const wide = mean === null || at.parentElement.clientWidth > ENDS_U * g.kit.unit();
    const place = mean === null ? null : (mean - axis[0]) / (axis[1] - axis[0]);
    text(head.querySelector('.lo'), place === null || (wide && place > END_SHARE) ? axis[0] : '');
    text(head.querySelector('.hi'), place === null || (wide && place < 1 - END_SHARE) ? axis[1] : '');
    text(at, mean === null ? '' : label);
    if (mean !== null) at.style.left = `clamp(3em, ${share(mean, axis)}, calc(100% - 3em))`;
  }
  function dotRow(row, item, axis, mean) {
    const line = row.querySelector('.dotline');
    const dot = line.querySelector('.dot');
    const value = exact(item);
    toggle(dot, 'none', value === null);
    if (value !== null) dot.style.left = share(value, axis);
    const bar = line.querySelector('.mean');
    bar.hidden = mean === null;
    if (mean !== null) bar.style.left = share(mean, axis);
  }
  const axisCell = () => h('span', { class: 'axis' }, h('span', { class: 'lo' }), h('span', { class: 'at' }), h('span', { class: 'hi' }));
  const dotline = () => h('span', { class: 'dotline' }, h('span', { class: 'mean' }), h('span', { class: 'dot' }));

  g.dotplot = { axisOf, axisHead, axisCell, dotline, dotRow, exact, worstFirst };
})();
