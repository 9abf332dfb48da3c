// 视频轮巡: feeds as tiles, all of them in turn; what is known of each, and a plan of where it looks in place of a picture.
(function () {
  'use strict';
  const g = window.gridhall;
  const { h, text, attribute, toggle, keyed, setSign, define } = g.kit;
  const TILE_U = 262;
  const HIGH = 0.92; // of a tile's width

  // As many tiles as fit at their smallest size; larger ones as long as there is room for all that the tour brings.
  function gridOf(body, most) {
    const u = g.kit.unit();
    const [wide, high] = [body.clientWidth / u, body.clientHeight / u];
    const across = (size) => [Math.max(1, Math.floor(wide / size)), Math.max(1, Math.floor(high / (size * HIGH)))];
    const room = (size) => across(size)[0] * across(size)[1];
    let size = TILE_U;
    while (size < wide && room(size + 6) >= most) size += 6;
    return across(size);
  }
  // Which lot of the feeds that the tour has brought is due: they share its time.
  function dueOf(tour, room, now) {
    const lots = Math.max(1, Math.ceil(tour.feeds.length / room));
    const share = (now - tour.from_ms) / Math.max(1, tour.to_ms - tour.from_ms);
    const lot = Math.max(0, Math.min(lots - 1, Math.floor(share * lots)));
    const first = Math.max(0, Math.min(lot * room, tour.feeds.length - room)); // the last lot is full too
    return { first, feeds: tour.feeds.slice(first, first + room) };
  }

  const tile = (feed) => g.lists.picker('feed', feed.feed, h('span', { class: 'tile-plan' }, g.views.plan(), h('span', { class: 'tile-way' })), h('b', { class: 'name' }),
    h('span', { class: 'second' }), h('span', { class: 'tile-state' }, h('span', {}), h('span', {})));
  function fill(line, feed) {
    const [plan, name, place, state] = line.children;
    g.views.draw(plan.firstChild, feed);
    text(plan.lastChild, g.views.facing(feed));
    text(name, feed.name);
    attribute(name, 'title', feed.name);
    const { light, words } = g.views.stateOf(feed);
    setSign(state.firstChild, light);
    text(state.lastChild, feed.unheard ? `▲ ${feed.unheard}` : words);
    toggle(state, 'warn', feed.status === 'frozen' || Boolean(feed.unheard));
    toggle(state, 'off', ['offline', 'fault'].includes(feed.status));
    text(place, feed.region_name ? g.lists.placeName(feed.region, feed.region_name) : feed.owner || g.words('outside'));
  }

  g.panels.define('tiles', {
    draw(body, figures, panel) {
      const w = g.words;
      const { tour, counts } = figures.feeds;
      const made = g.panels.once(body, () => { const rows = h('div', { class: 'tile-grid' }); const more = h('div', { class: 'more empty' }); body.append(rows, more); return { rows, more }; });
      const [across, down] = gridOf(body, tour.feeds.length || 1);
      made.rows.style.setProperty('--across', across);
      made.rows.style.setProperty('--down', down);
      const { first, feeds } = dueOf(tour, across * down, g.shell.now());
      const from = tour.first + first;
      const base = panel.querySelector('.panel-base');
      text(base, feeds.length ? w('cameras.tour', { from: g.format.int(from + 1), to: g.format.int(from + feeds.length), all: g.format.int(counts.all) }) : '');
      define(base, 'feeds_online', { num: counts.online, den: counts.all, asOf: figures.as_of_ms });
      keyed(made.rows, feeds, (feed) => feed.feed, tile, (line, feed) => {
        fill(line, feed);
        g.proof.explain(line, 'feed_state', { asOf: feed.at_ms || undefined });
      }, true);
      text(made.more, feeds.length ? '' : w('cameras.none'));
      made.more.hidden = feeds.length > 0;
    },
  });
})();
