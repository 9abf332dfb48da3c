// Rows of the live table as rows of the queue: light, rank, stage in words, place, whose turn it is. Rules only, no page.
(function () {
  'use strict';
  const g = (window.gridhall = window.gridhall || {});
  const FLAG = { urgent: 8, supervised: 16, rerouted: 64, deferred: 128, mass: 256, leader: 512, yellow_card: 2048, red_card: 4096 }; // domain.states.OrderFlag
  const PROVISIONAL = 32768; // likewise; it stands beside the limit
  const LIGHT_RANK = { red: 0, yellow: 1, green: 2 };
  const NO_DEADLINE_S = 9e10;
  const SHOWN_IN = {
    intake: ['reported', 'verifying', 'accepted', 'deliberating'],
    dispatch: ['registered', 'returned', 'escalated', 'rework', 'reopened'],
    handle: ['dispatched', 'handling', 'hanging'],
    check: ['feedback', 'checking', 'evaluated'],
  };
  const SHOWS = ['all', 'intake', 'dispatch', 'handle', 'check', 'red', 'yellow', 'supervised', 'mine'];

  // 桂澜路 · 灯湖: the address without the regions that it begins with, and the community.
  function placeOf(row) {
    const regions = (g.config && g.config.regions) || {};
    const finest = Math.max(0, ...Object.values(g.config.levels || []).map((_, index) => index));
    const path = g.shell.path(row.region);
    let address = row.address || '';
    for (const code of path) if (regions[code] && address.startsWith(regions[code].name)) address = address.slice(regions[code].name.length).trim();
    const own = regions[row.region];
    const code = own && own.level === finest && own.parent && own.parent !== g.config.root ? own.parent : row.region;
    const name = own ? g.shell.shortName(code, g.shell.regionName(code)) : row.region_name || '';
    return [address, name].filter(Boolean).join(' · ');
  }

  const lightOf = (row, nowMs) => g.marksView.lightOf(row.clock_s, row.deadline_s, nowMs / 1000);

  // What it is called; a title that is no more than a matter's name is said in the page's language.
  const titleOf = (row) => (g.desk.data.titles && g.desk.data.titles[row.title]) || row.title || row.category || row.id;

  // Whether the next step is of those that this person's roles may do.
  function isMine(row, status, me) {
    if (!me || !row.own) return false;
    const roles = (g.desk.data.turns && g.desk.data.turns[status]) || [];
    return me.roles.some((role) => {
      if (!roles.includes(role)) return false;
      if (role === 'department') return Boolean(me.department_name) && row.department === me.department_name;
      if (role === 'worker') return row.handler !== '' && row.handler === me.title;
      return true;
    });
  }

  // What an order waits for; what has become of one that waits for nothing any more.
  function turnOf(status) {
    const said = g.words('desk.at.' + status);
    return said.startsWith('desk.at.') ? g.words('status.' + status) : said;
  }

  // What the grid shows of one row of the table.
  function rowOf(row, nowMs, me) {
    const status = (g.config.statuses || [])[row.status] || '';
    const light = lightOf(row, nowMs);
    const tags = Object.keys(FLAG).filter((name) => row.flags & FLAG[name]);
    const [from, due] = [row.clock_s * 1000, row.deadline_s * 1000];
    const data = {
      id: row.id, own: Boolean(row.own), status, light, tags,
      rank: LIGHT_RANK[light] * 1e11 + (row.deadline_s || NO_DEADLINE_S),
      title: titleOf(row), category: row.category || '', place: placeOf(row),
      at: turnOf(status), department: row.department || '', proposal: row.proposal || '',
      source: row.channel ? g.words('channel.' + row.channel).replace(/^channel\./, '') : '', holder: row.holder || '', handler: row.handler || '',
      from_ms: from, due_ms: due || null, provisional: Boolean(row.flags & PROVISIONAL), age_ms: row.reported_s * 1000, used: due > from ? (nowMs - from) / (due - from) : null,
      mine: isMine(row, status, me), lon: row.lon, lat: row.lat, region: row.region,
    };
    data.unit = data.proposal ? '' : data.department;
    data.find = [row.id, data.title, data.category, data.place, row.address, row.region_name, data.department, data.proposal, data.source,
      data.holder, data.handler, data.at].join('\n').toLowerCase();
    return data;
  }

  function isShown(data, show) {
    if (show === 'red' || show === 'yellow') return data.light === show;
    if (show === 'supervised') return data.tags.includes('supervised');
    if (show === 'mine') return data.mine;
    return !SHOWN_IN[show] || SHOWN_IN[show].includes(data.status);
  }

  // Every word of the search must be found somewhere in the row.
  function matches(data, { show, text }) {
    return isShown(data, show) && text.toLowerCase().split(/\s+/).every((word) => !word || data.find.includes(word));
  }

  function counts(rows) {
    const found = Object.fromEntries(SHOWS.map((show) => [show, 0]));
    for (const data of rows) for (const show of SHOWS) if (isShown(data, show)) found[show] += 1;
    return found;
  }

  // What makes a change worth telling: what only time changes is not in it.
  const factsOf = (row) => [row.status, row.department, row.handler, row.holder, row.deadline_s, row.flags, row.since_s, row.title].join('\n');

  g.deskRows = { FLAG, SHOWS, rowOf, lightOf, matches, counts, factsOf, placeOf, titleOf };
})();
