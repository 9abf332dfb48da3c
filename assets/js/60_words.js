// Texts and formats for the screens: gridhall.config (what the server put in the page), gridhall.words(key, values),
// gridhall.format.* (numbers, rates, durations, clocks of the city's zone).
(function () {
  'use strict';
  const g = (window.gridhall = window.gridhall || {});
  let configElement = null;
  let config = null;

  // The page's JSON; null before the first page is there.
  Object.defineProperty(g, 'config', {
    configurable: true,
    get() {
      const element = document.getElementById('gridhall-config');
      if (element && element !== configElement && element.textContent) {
        configElement = element;
        config = JSON.parse(element.textContent);
      }
      return config;
    },
  });

  // Text of a key with {name} replaced; the key itself where the catalogue lacks it, so that the fault is seen.
  g.words = function words(key, values) {
    const catalogue = (g.config && g.config.words) || {};
    let text = catalogue[key];
    if (text === undefined) return key;
    if (values) text = text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
    return text;
  };
  const w = g.words;
  const zoneName = () => (g.config && g.config.timezone) || 'Asia/Shanghai';
  const english = () => Boolean(g.config && g.config.lang === 'en');

  const LAST_MS = 8.64e15; // the last instant that a browser has a date for
  const formatters = new Map();
  // What lies beyond every calendar stands at its end.
  function parts(toldMs) {
    const atMs = Math.min(Math.max(toldMs, -LAST_MS), LAST_MS);
    const zone = zoneName();
    if (!formatters.has(zone)) {
      formatters.set(zone, new Intl.DateTimeFormat('en-GB', {
        timeZone: zone, hourCycle: 'h23', year: 'numeric', month: '2-digit', day: '2-digit',
        hour: '2-digit', minute: '2-digit', second: '2-digit', weekday: 'short',
      }));
    }
    const found = {};
    for (const part of formatters.get(zone).formatToParts(atMs)) found[part.type] = part.value;
    return found;
  }

  // Milliseconds that the city's civil time is ahead of UTC at an instant.
  function offsetMs(atMs) {
    const p = parts(atMs);
    const civil = Date.UTC(+p.year, +p.month - 1, +p.day, +p.hour, +p.minute, +p.second);
    return civil - Math.floor(atMs / 1000) * 1000;
  }
  // The instant of a local time of the city, as a field of type datetime-local tells it (2026-03-01T08:30); undefined for none.
  function instantOf(text) {
    const told = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d)/.exec(text || '');
    if (!told) return undefined;
    const [year, month, day, hour, minute] = told.slice(1).map(Number);
    const utc = Date.UTC(year, month - 1, day, hour, minute);
    return utc - offsetMs(utc - offsetMs(utc));
  }
  // The same time by the city's clocks so many local days later: not so many times 24 hours.
  function daysLater(atMs, days) {
    const p = parts(atMs);
    const [day] = new Date(Date.UTC(+p.year, +p.month - 1, +p.day + days)).toISOString().split('T');
    return instantOf(`${day}T${p.hour}:${p.minute}`) + (atMs % 60000);
  }

  const grouped = new Intl.NumberFormat('en-US'); // toLocaleString makes one each time
  const two = (n) => String(n).padStart(2, '0');
  const format = {
    parts,
    offsetMs,
    instantOf,
    daysLater,
    day(atMs) { const p = parts(atMs); return `${p.year}-${p.month}-${p.day}`; },
    hms(atMs) { const p = parts(atMs); return `${p.hour}:${p.minute}:${p.second}`; },
    hm(atMs) { const p = parts(atMs); return `${p.hour}:${p.minute}`; },
    monthDay(atMs) { const p = parts(atMs); return `${p.month}-${p.day}`; },
    moment(atMs) { const p = parts(atMs); return `${p.month}-${p.day} ${p.hour}:${p.minute}`; },
    full(atMs) { const p = parts(atMs); return `${p.year}-${p.month}-${p.day} ${p.hour}:${p.minute}:${p.second}`; },
    date(atMs) {
      const p = parts(atMs);
      const week = w('week.' + p.weekday.toLowerCase());
      return w('date.long', { month: +p.month, day: +p.day, week, month_name: w('month.' + +p.month) });
    },
    int(n) { return n === null || n === undefined ? '—' : grouped.format(Math.round(n)); },
    signed(n) { return (n > 0 ? '+' : n < 0 ? '−' : '±') + grouped.format(Math.abs(n)); },
    // Half up from the exact ratio; "100.00" only when nothing is missing; "—" for a zero base.
    percent(num, den) {
      if (!den) return '—';
      let hundredths = Math.floor((num * 20000 + den) / (2 * den));
      if (num < den && hundredths >= 10000) hundredths = 9999;
      return (hundredths / 100).toFixed(2);
    },
    // 38 分 · 5 时 40 分 · 1 天 02 时 · 6 天
    duration(seconds) {
      if (seconds === null || seconds === undefined) return '—';
      const minutes = Math.floor(Math.abs(seconds) / 60);
      if (minutes < 60) return w('dur.m', { m: minutes });
      const hours = Math.floor(minutes / 60);
      if (hours < 24) return minutes % 60 ? w('dur.hm', { h: hours, m: minutes % 60 }) : w('dur.h', { h: hours });
      const days = Math.floor(hours / 24);
      return days < 3 && hours % 24 ? w('dur.dh', { d: days, h: two(hours % 24) }) : w('dur.d', { d: days });
    },
    // Age in one unit: 2 秒前, 4 分前.
    ago(seconds) {
      const s = Math.max(0, Math.round(seconds));
      if (s < 60) return w('ago.s', { n: s });
      if (s < 3600) return w('ago.m', { n: Math.floor(s / 60) });
      if (s < 172800) return w('ago.h', { n: Math.floor(s / 3600) });
      return w('ago.d', { n: Math.floor(s / 86400) });
    },
    span(seconds) {
      const s = Math.max(0, Math.round(seconds));
      return s < 60 ? w('dur.s', { s }) : format.duration(s);
    },
    // What is left of a limit; `provisional`: a calendar still to come may move its end ("brief": a sign for it, where no words fit).
    left(deadlineMs, nowMs, provisional = false) {
      const text = format.duration((deadlineMs - nowMs) / 1000);
      return format.limit(deadlineMs >= nowMs ? w('left', { t: text }) : w('overrun', { t: text }), provisional);
    },
    limit(text, provisional) { return provisional ? w(provisional === 'brief' ? 'limit.brief' : 'limit.marked', { t: text }) : text; },
    metres(m) { return m === null || m === undefined ? '—' : m < 1000 ? `${Math.round(m)} m` : `${(m / 1000).toFixed(1)} km`; },
    english,
  };
  g.format = format;
})();
