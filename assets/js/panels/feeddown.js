// 视频异常: the feeds that are not online, the longest first.
(function () {
  'use strict';
  const g = window.gridhall;
  const { h, text, toggle, keyed, setSign, define, changed } = g.kit;
  const { picker, listOf, foot, fitting, sinceText } = g.lists;
  const ROW_U = 62;

  g.panels.define('feeddown', {
    draw(body, figures, panel) {
      const w = g.words;
      const { down, down_total: total, counts } = figures.feeds;
      const made = g.panels.once(body, () => listOf(body));
      const base = panel.querySelector('.panel-base');
      text(base, total ? w('cameras.down_n', { n: g.format.int(total) }) : '');
      define(base, 'feeds_down', { num: total, den: counts.all, asOf: figures.as_of_ms });
      const shown = down.slice(0, fitting(made.rows, total, ROW_U));
      keyed(made.rows, shown, (feed) => feed.feed, (feed) => picker('feed', feed.feed, h('span', {}), h('span', { class: 'name' }), h('span', { class: 'left' }),
        h('span', { class: 'second' }), h('span', { class: 'second state-word' })), (line, feed) => {
        const [mark, name, since, place, state] = line.children;
        setSign(mark, `feed-${feed.status}`);
        text(name, feed.name);
        text(since, sinceText(feed.since_ms));
        text(place, [feed.region_name && g.lists.placeName(feed.region, feed.region_name), g.lists.narrow() ? '' : feed.owner].filter(Boolean).join(' · ') || w('outside'));
        text(state, w('feed.' + feed.status));
        toggle(state, 'warn', feed.status === 'frozen');
        g.proof.explain(line, 'feed_since', { asOf: figures.as_of_ms });
        changed(line, feed.status);
      });
      foot(made.more, total, shown.length, w('cameras.all_online'));
    },
  });
})();
