// Who is on duty and where: the workers of the street by state, found by name; a click shows one on the map.
(function () {
  'use strict';
  const g = window.gridhall;
  const { h, text, keyed, toggle, attribute, setSign, calls } = g.kit;
  const { desk } = g;
  const w = (key, values) => g.words(key, values);
  const FIRST = ['out_of_grid', 'frozen', 'silent', 'moving', 'still', 'offline']; // who must be looked after comes first, and before them whoever calls for help
  const SHOWN = 60;
  const LOW_BATTERY = 20;
  const [UNKNOWN_HEADING, UNKNOWN_BATTERY] = [65535, 255]; // dashboard/live/columns.py
  const duty = (g.deskDuty = {});
  let made = null;
  let show = '';
  let chosen = '';

  function rows() {
    const table = g.live.tables.get('worker');
    const found = [];
    for (const slot of table.slotOf.values()) {
      const row = table.at(slot);
      const presence = row && g.config.presences[row.presence];
      if (row && (presence !== 'unseen' || calls(row))) found.push({ ...row, presence });
    }
    return found;
  }

  // 东二 04网格: the last two steps of the way to where he is.
  const regionOf = (row) => (row.region ? g.shell.path(row.region).slice(1).slice(-2).map((code) => g.shell.shortName(code, g.shell.regionName(code))).join(' ') : '');

  function counted(all) {
    const counts = Object.fromEntries(FIRST.map((name) => [name, 0]));
    for (const { presence } of all) if (presence in counts) counts[presence] += 1;
    return counts;
  }

  duty.note = () => {
    const counts = counted(rows());
    return w('desk.duty.note', { n: g.format.int(counts.moving + counts.still + counts.out_of_grid), all: g.format.int(Object.values(counts).reduce((sum, n) => sum + n, 0)) });
  };

  function make() {
    const search = h('input', { class: 'field', type: 'search', placeholder: w('desk.duty.search'), 'aria-label': w('desk.duty.search'), autocomplete: 'off', oninput: () => duty.draw() });
    made = { search, pills: h('div', { class: 'pills small', role: 'group', 'aria-label': w('desk.duty') }),
      list: h('div', { class: 'duty-list', role: 'list', 'aria-label': w('desk.duty') }), more: h('p', { class: 'empty' }) };
    made.sheet = h('div', { class: 'duty-sheet' }, h('div', { class: 'duty-head' }, search, made.pills), made.list, made.more);
    return made;
  }

  duty.sheet = () => (made || make()).sheet;

  duty.choose = (id) => {
    chosen = id;
    const row = g.live.tables.get('worker').row(id);
    if (row && made) { show = ''; made.search.value = row.name; }
    duty.draw();
  };

  function drawPills(counts) {
    const press = (name) => { show = show === name ? '' : name; duty.draw(); };
    const create = (name) => h('button', { type: 'button', class: 'pill', onclick: () => press(name) }, h('span', {}, w('state.' + name)), h('b', {}));
    keyed(made.pills, FIRST, (name) => name, create, (pill, name) => {
      text(pill.lastChild, g.format.int(counts[name]));
      g.proof.explain(pill, name, { num: counts[name], asOf: g.ages.seenMs() });
      attribute(pill, 'aria-pressed', String(show === name));
      toggle(pill, 'none', !counts[name]);
    }, true);
  }

  function wanted(all) {
    const said = made.search.value.trim().toLowerCase();
    const rank = (row) => (calls(row) ? -1 : FIRST.indexOf(row.presence));
    const fits = (row) => (!show || row.presence === show) && (!said || `${row.name}\n${row.id}\n${regionOf(row)}`.toLowerCase().includes(said));
    return all.filter(fits).sort((a, b) => rank(a) - rank(b) || (a.name < b.name ? -1 : 1));
  }

  function line(row) {
    const cells = ['', null, 'near-role', 'duty-state', 'duty-where', 'num', 'num t3'].map((kind) => h(kind === null ? 'b' : 'span', { class: kind || null }));
    return h('div', { class: 'duty-line', role: 'listitem' }, h('button', { type: 'button', class: 'duty-who', onclick: () => g.deskAround.showWorker(row.id) }, cells),
      h('a', { class: 'link', href: g.links.worker(row.id) }, w('desk.dossier')));
  }

  function fill(element, row) {
    const [mark, name, role, state, where, battery, age] = element.firstChild.children;
    const kind = g.config.roles[row.role];
    const calling = calls(row);
    setSign(mark, calling ? 'alarm' : `worker-${kind}-${row.presence}-${row.heading === UNKNOWN_HEADING ? 45 : row.heading}`);
    text(name, row.name);
    text(role, w('role.' + kind));
    text(state, w(calling ? 'flag.sos' : 'state.' + row.presence));
    state.className = `duty-state state-${calling ? 'sos' : row.presence}`;
    text(where, regionOf(row));
    text(battery, row.battery === UNKNOWN_BATTERY ? '—' : `${row.battery}%`);
    toggle(battery, 'warn', row.battery < LOW_BATTERY);
    text(age, row.fixed_s ? g.format.ago(g.shell.now() / 1000 - row.fixed_s) : '—');
    toggle(element, 'chosen', row.id === chosen);
  }

  duty.draw = function draw() {
    if (!made) make();
    const all = rows();
    drawPills(counted(all));
    const found = wanted(all);
    keyed(made.list, found.slice(0, SHOWN), (row) => row.id, line, fill, true);
    const rest = found.length - Math.min(found.length, SHOWN);
    text(made.more, !found.length ? w('desk.duty.none') : rest ? w('more_n', { n: g.format.int(rest) }) : '');
  };

  desk.on('change', (names) => { if (names.has('side') && desk.state.side !== 'duty') chosen = ''; });
})();
