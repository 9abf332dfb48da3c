// 附近视频: the cameras around the emergency, those first that look at it; a plan of each with the place in place of a picture.
(function () {
  'use strict';
  const g = window.gridhall;
  const { h, text, attribute, toggle, keyed, setSign, define } = g.kit;
  const TILE_U = 200;
  const TILE_HIGH_U = 158;

  function room(body) {
    const u = g.kit.unit();
    const across = Math.max(1, Math.floor(body.clientWidth / (TILE_U * u)));
    return [Math.max(across, 1), Math.max(1, Math.floor(body.clientHeight / (TILE_HIGH_U * u)))];
  }
  const LOOKS = { true: 'alarm.looks', false: 'alarm.looks_away', null: 'cameras.unknown_way' };
  const tile = (feed) => g.lists.picker('feed', feed.feed, h('span', { class: 'tile-plan' }, g.views.plan(), h('b', { class: 'tile-number' })), h('b', { class: 'name' }),
    h('span', { class: 'second' }), h('span', { class: 'tile-state' }, h('span', {})));

  // Their tiles' numbers stand on the map as long as they are shown.
  let numbered = '';
  function number(ids) {
    const view = g.map && g.map.of && g.map.of('map');
    if (!view || !view.setNumbers || ids.join() === numbered) return;
    numbered = ids.join();
    view.setNumbers(ids);
  }
  if (g.live && g.live.on) g.live.on('figures', () => { if (numbered && !g.scenes.order()) number([]); });

  g.panels.define('nearfeeds', {
    draw(body, figures, panel) {
      const w = g.words;
      const told = figures.alarm;
      const feeds = told ? told.feeds : [];
      const made = g.panels.once(body, () => { const rows = h('div', { class: 'tile-grid' }); const more = h('div', { class: 'more empty' }); body.append(rows, more); return { rows, more }; });
      const [across, down] = room(body);
      made.rows.style.setProperty('--across', across);
      made.rows.style.setProperty('--down', Math.min(down, Math.max(1, Math.ceil(feeds.length / across))));
      const base = panel.querySelector('.panel-base');
      text(base, told ? w('alarm.feeds_within', { m: told.near_m, n: told.feeds_near.online, all: told.feeds_near.all }) : '');
      define(base, 'near_feeds', { num: told ? told.feeds_near.online : 0, den: told ? told.feeds_near.all : 0, asOf: figures.as_of_ms });
      const shown = feeds.slice(0, across * down);
      keyed(made.rows, shown, (feed) => feed.feed, tile, (line, feed, at) => {
        const [plan, name, where, state] = line.children;
        g.views.draw(plan.firstChild, feed);
        text(plan.lastChild, at + 1);
        text(name, feed.name);
        attribute(name, 'title', feed.name);
        setSign(state.firstChild, g.views.stateOf(feed).light);
        text(where, `${g.format.metres(feed.distance_m)} · ${feed.status === 'online' ? w(LOOKS[String(feed.looking)]) : w('feed.' + feed.status)}`);
        toggle(where, 'looks', feed.looking === true && feed.status === 'online');
        g.proof.explain(line, 'near_view', { asOf: figures.as_of_ms });
      }, true);
      if (g.scenes.order()) number(shown.map((feed) => feed.feed));
      text(made.more, shown.length || !told ? '' : w(told.facts.lon === null ? 'empty.place' : 'alarm.no_feed_near'));
      made.more.hidden = shown.length > 0;
    },
  });
})();
