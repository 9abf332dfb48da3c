// The order's limit as one bar of time: used (yellow from 80 %, red beyond), left hollow, moments of the trail above; and the map.
(function () {
  'use strict';
  const g = window.gridhall;
  const { s } = g.kit;
  const WARN_FROM = 0.8;
  const [LEFT, RIGHT] = [20, 190];

  function dataOf(element) {
    const script = document.getElementById('order-data');
    if (!script) return null;
    if (element.orderText !== script.textContent) { element.orderText = script.textContent; element.order = JSON.parse(script.textContent); }
    return element.order;
  }

  // [instant, whether it is provisional] of the limit of the whole case; where there is none, of the stage that runs.
  function limitOf(order) {
    if (order.deadline_at_ms) return [order.deadline_at_ms, order.deadline_provisional];
    return order.open ? [order.red_at_ms, order.provisional] : [null, false];
  }

  function draw(element, data) {
    const w = g.words;
    const { order } = data;
    const width = Math.max(700, element.clientWidth);
    const now = g.shell.now();
    const start = order.registered_at_ms || order.accepted_at_ms || order.reported_at_ms;
    const [due, unsure] = limitOf(order);
    const end = order.closed_at_ms || (order.open ? now : order.status_at_ms);
    const instants = data.trail.filter((step) => step.at_ms !== null).map((step) => step.at_ms);
    const low = Math.min(order.reported_at_ms || start, ...instants);
    const high = Math.max(end, due || 0, ...instants) + 1;
    const room = Math.max(high - low, 60000);
    const x = (at) => LEFT + ((at - low) / room) * (width - LEFT - RIGHT) * 0.98;
    element.textContent = '';
    const svg = s('svg', { viewBox: `0 0 ${width} 150` });
    const put = (tag, attributes, ...children) => svg.append(s(tag, attributes, ...children));
    const rect = (a, b, kind) => { if (b > a) put('rect', { x: x(a), y: 84, width: Math.max(2, x(b) - x(a)), height: 12, class: kind }); };
    const steps = Array.from({ length: 7 }, (_, i) => low + (room * i) / 6);
    for (const at of steps) {
      put('line', { x1: x(at), x2: x(at), y1: 72, y2: 108, class: 'lane-rule' });
      put('text', { x: x(at), y: 128, class: 'lane-axis', 'text-anchor': 'middle' }, room > 36 * 3600000 ? g.format.moment(at) : g.format.hm(at));
    }
    put('rect', { x: x(low), y: 72, width: x(high) - x(low), height: 36, class: 'clock-room' });
    if (due) {
      const warn = order.deadline_at_ms ? start + (due - start) * WARN_FROM : order.yellow_at_ms;
      rect(start, Math.min(end, warn), 'clock-ok');
      rect(warn, Math.min(end, due), 'clock-warn');
      rect(due, end, 'clock-bad');
      if (end < due && order.open) put('rect', { x: x(end), y: 84.5, width: Math.max(0, x(due) - x(end)), height: 11, class: 'clock-left' });
      put('line', { x1: x(due), x2: x(due), y1: 74, y2: 106, class: 'clock-limit' });
      const beside = due < now && x(now) - x(due) < 70 ? { x: x(due) - 6, 'text-anchor': 'end' } : { x: x(due) + 6 };
      put('text', { ...beside, y: 70, class: 'lane-text' }, w('clock.deadline'));
    } else {
      rect(start, end, 'clock-series');
    }
    let edge = -Infinity;
    for (const step of data.trail) {
      if (step.at_ms === null) continue;
      const label = w('status.' + step.status);
      const at = x(step.at_ms);
      put('circle', { cx: at, cy: 52, r: 4.5, class: 'clock-step' });
      put('line', { x1: at, x2: at, y1: 58, y2: 72, class: 'lane-rule' });
      const textWidth = label.length * (g.format.english() ? 7 : 14) + 12;
      if (at - edge < textWidth) continue;
      put('text', { x: Math.max(at, textWidth / 2), y: 38, class: 'lane-text', 'text-anchor': 'middle' }, label);
      edge = at;
    }
    if (order.open) {
      put('line', { x1: x(now), x2: x(now), y1: 22, y2: 110, class: 'lane-handle' });
      put('text', { x: x(now), y: 16, class: 'lane-time', 'text-anchor': 'middle' }, w('clock.now', { t: g.format.hm(now) }));
    }
    const last = !due ? w('clock.none') : order.open ? g.format.left(due, now, unsure)
      : order.on_time === null ? '—' : w('order_fact.on_time') + ' ' + w(order.on_time ? 'answer.yes' : 'answer.no');
    put('text', { x: width - 20, y: 96, class: `lane-sum ${order.light === 'red' || order.on_time === false ? 'clock-late' : ''}` }, last);
    element.append(svg);
  }

  function showMap(data) {
    const { order } = data;
    if (order.lon === null || !g.map || !g.map.when) return;
    g.map.when('order-map', (view) => {
      view.setChosen(data.workers.slice(0, 6));
      view.center(order.lon, order.lat, 16.5);
      view.select('order', order.order);
      if (!order.open) window.L.circleMarker([order.lat, order.lon], { radius: 12, className: 'order-spot', fill: false }).addTo(view.map);
    });
  }
  g.panels.define('orderclock', {
    still: true,
    draw(body, figures, element) {
      const data = dataOf(element);
      if (!data) return;
      const key = `${data.order.order} ${data.order.status_at_ms} ${limitOf(data.order)} ${element.clientWidth} ${Math.floor(g.shell.now() / 60000)}`;
      if (element.dataset.key === key) return;
      const first = !element.dataset.key;
      element.dataset.key = key;
      draw(element, data);
      if (first) showMap(data);
    },
  });
})();
