// The proof of a number: what it counts, its numerator and denominator and its moment, in words on hover, and the way to exactly
// the orders that it counted. gridhall.proof.mark(element, proof), .explain(element, key, values), .title(key, values).
(function () {
  'use strict';
  const g = (window.gridhall = window.gridhall || {});
  const w = (key, values) => g.words(key, values);

  // UTC+08:00 Asia/Shanghai, at an instant.
  function zone(atMs) {
    const minutes = Math.round(g.format.offsetMs(atMs) / 60000);
    const two = (n) => String(n).padStart(2, '0');
    const offset = Math.abs(minutes);
    return `UTC${minutes < 0 ? '−' : '+'}${two(Math.floor(offset / 60))}:${two(offset % 60)} ${(g.config && g.config.timezone) || ''}`.trim();
  }

  // 12 × 1 + 3 × 0.9 = 14.7, of 16: a numerator that counts its orders in parts, [{weight, orders}].
  function weighed(weights, den) {
    const { int, percent } = g.format;
    const hundredths = weights.reduce((sum, { weight, orders }) => sum + Math.round(weight * 100) * orders, 0);
    const parts = weights.map(({ weight, orders }) => w('hotline.weights', { n: int(orders), weight })).join(' + ');
    return w('hotline.weighed', { parts, num: hundredths / 100, den: int(den), shown: den ? `${percent(hundredths, den * 100)} %` : '—' });
  }

  // The words of a figure, one thing a line. values: {num, den, weights, of, open, window, basis, asOf}, each may be missing.
  function title(key, { num, den, weights, of, open, window: span, basis, asOf } = {}) {
    const { int, percent, full } = g.format;
    const lines = [w('proof.what', { name: w('figure.' + key), what: w(`figure.${key}.what`) })];
    if (weights && weights.length) lines.push(weighed(weights, den));
    else if (num !== undefined && den !== undefined) lines.push(w('proof.rate', { num: int(num), den: int(den), shown: den ? `${percent(num, den)} %` : '—' }));
    else if (num !== undefined) lines.push(w('proof.count', { n: int(num) }));
    if (of) lines.push(w('proof.share', { p: percent(num, of), n: int(of) }));
    if (open !== undefined) lines.push(w('proof.open', { n: int(open) }));
    if (span) lines.push(w('proof.window', { t: [span, basis ? w('basis.' + basis) : ''].filter(Boolean).join(' · ') }));
    if (asOf) lines.push(w('proof.as_of', { t: full(asOf), zone: zone(asOf) }));
    return lines.join('\n');
  }

  // Parameters of the list of a figure; of a rate `part` says which of its two, unless told the denominator.
  function params({ figure, den, part, filters, asOf }) {
    const wanted = part || (den === undefined ? 'num' : 'den');
    return { figure, part: wanted === 'den' ? 'den' : null, ...filters, as_of: asOf };
  }

  const NAMES = { num: 'num', den: 'den', open: 'open', window: 'window', basis: 'basis', asOf: 'as-of' };
  function tell(element, key, values) {
    const { attribute } = g.kit;
    for (const [name, data] of Object.entries(NAMES)) attribute(element, 'data-' + data, values[name]);
    const words = title(key, values);
    if (element.hushed === undefined) attribute(element, 'title', words); else element.hushed = words;
  }

  // A number that is no count of orders: what it means and as of when, no list.
  function explain(element, key, values) {
    g.kit.attribute(element, 'data-def', key);
    tell(element, key, values || {});
  }

  // A number of orders. proof: {figure, num, den?, filters, asOf, part?, label?, of?, open?, window?, basis?}; an <a> becomes the link
  // itself, anything else may stand inside of one. `quiet`: not a stop of the Tab key. `shown`: the link is somebody else's.
  function mark(element, proof) {
    const { attribute, jump } = g.kit;
    attribute(element, 'data-figure', proof.figure);
    tell(element, proof.figure, proof);
    if (proof.shown) return;
    const href = g.links.orders(params(proof));
    if (element.localName === 'a') { attribute(element, 'href', href); return; }
    jump(element, href, proof.label || `${w('figure.' + proof.figure)} ${proof.den === undefined ? g.format.int(proof.num) : `${g.format.percent(proof.num, proof.den)}%`}`);
    if (proof.quiet) attribute(element, 'tabindex', null);
  }

  // What was a number of orders and is none now.
  function unmark(element) {
    const { attribute, jump } = g.kit;
    for (const name of ['data-figure', 'title', ...Object.values(NAMES).map((data) => 'data-' + data)]) attribute(element, name, null);
    if (element.localName === 'a') attribute(element, 'href', null); else jump(element, null);
  }

  g.proof = { title, params, zone, explain, mark, unmark };
})();
