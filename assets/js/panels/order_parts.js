// The parts that an order is shown with, on the desk and on its own page: stages, clocks, facts, photos, trail.
// Each takes what `GET orders/<id>?ms=1` says and returns elements; `part` puts them in only when they differ.
(function () {
  'use strict';
  const g = (window.gridhall = window.gridhall || {});
  const { h, sign, text } = g.kit;
  const WARN_FROM = 0.8;
  const w = (key, values) => g.words(key, values);
  const has = (key) => w(key) !== key;

  // Fills a holder anew when what it shows has changed; whoever had the focus in it keeps it, if he is still there.
  function part(holder, facts, build) {
    const told = JSON.stringify(facts);
    if (holder.told === told) return;
    holder.told = told;
    const held = holder.contains(document.activeElement) ? document.activeElement.dataset.keep : undefined;
    holder.replaceChildren(...[build()].flat(Infinity).filter((child) => child !== null && child !== undefined));
    if (held) holder.querySelector(`[data-keep="${CSS.escape(held)}"]`)?.focus({ preventScroll: true });
  }

  const named = (kind, key) => (g.config[kind] && g.config[kind][key]) || key;
  const departmentName = (key) => named('departments', key);
  const matterName = (key) => named('matters', key);
  function workerName(id) {
    const row = g.live.tables.get('worker').row(id);
    return (row && row.name) || id;
  }
  const channelName = (name) => (has('channel.' + name) ? w('channel.' + name) : name);
  const actionName = (step) => (step.action ? w('action.' + step.action) : w('status.' + step.status));
  // 李思敏 · 值班长 · 市政服务中心: who a step is from.
  function whoOf(step) {
    const rule = step.role === 'rule';
    const name = rule ? '' : step.actor_name || step.actor || (step.handler ? workerName(step.handler) : '');
    const role = step.role && has('seat.' + step.role) ? w('seat.' + step.role) : '';
    return [name, role, step.unit_name || (step.action ? '' : step.department_name), step.action ? '' : step.source].filter(Boolean).join(' · ');
  }

  // ---- time left
  function lightOf(order, nowMs) {
    if (!order.open) return null;
    if (order.red_at_ms && order.red_at_ms < nowMs) return 'red';
    return order.yellow_at_ms && order.yellow_at_ms <= nowMs ? 'yellow' : 'green';
  }
  const clockStart = (order) => order.registered_at_ms || order.accepted_at_ms || order.reported_at_ms;
  const tone = (light) => ({ red: 'bad', yellow: 'warn' }[light] || '');

  // urgent comes first, supervised has its card, routed is for counting, provisional stands beside the limit
  const UNTOLD = ['urgent', 'supervised', 'routed', 'yellow_card', 'red_card', 'provisional'];
  function tagsOf(order) {
    const tags = order.flags.filter((flag) => !UNTOLD.includes(flag)).map((flag) => h('span', { class: 'tag' }, w('order_flag.' + flag)));
    if (order.flags.includes('urgent')) tags.unshift(h('span', { class: 'tag bad-line' }, w('order_flag.urgent')));
    return tags.length ? h('span', { class: 'head-tags' }, tags) : null;
  }

  // 督办: how often urged, or the colour of the card and how many there are.
  function cardOf(detail) {
    const { order, life } = detail;
    const cards = ((life && life.cards) || []).filter((card) => card.state !== 'withdrawn');
    if (cards.length) {
      const last = cards[cards.length - 1];
      return h('span', { class: `card-tag ${last.colour === 'red' ? 'red' : ''}`, title: `${w('card.' + last.colour)} · ${w('card_state.' + last.state)}` }, cards.length);
    }
    return order.flags.includes('supervised') ? h('span', { class: 'card-tag', title: w('order_flag.supervised') }, (life && life.urged) || w('desk.tag.supervised')) : null;
  }

  // ---- six stages
  function stages(detail, nowMs) {
    const { order } = detail;
    const late = lightOf(order, nowMs) === 'red';
    return detail.stages.map((stage) => {
      const current = stage.state === 'current';
      const kind = current && late ? 'late' : stage.state;
      const seconds = stage.seconds + (current ? Math.max(0, (nowMs - detail.asked_at_ms) / 1000) : 0);
      const spent = stage.visits ? g.format.duration(seconds) : '—';
      const said = current && late ? g.format.left(order.red_at_ms, nowMs, order.provisional) : spent;
      return h('li', { class: `step step-${kind}`, 'aria-current': current ? 'step' : null }, h('b', {}, w('stage.' + stage.stage)), h('span', {}, said));
    });
  }

  // ---- two clocks
  function bar(share, light) {
    return h('div', { class: 'limit wide' }, h('i', { class: `limit-${light}`, style: `width:${(Math.min(1, Math.max(0, share)) * 100).toFixed(1)}%` }));
  }

  const provisionalTag = () => h('span', { class: 'tag limit-provisional', title: w('limit.provisional.what') }, w('limit.provisional'));

  // A clock with a limit: what is left of it is in the time that the limit counts, as of when it was asked for.
  function timed(clock, detail, nowMs) {
    const passed = clock.working ? 0 : nowMs - detail.asked_at_ms; // working time is asked for anew with each change and minute
    const left = clock.left_ms - (clock.due_at_ms ? passed : 0);
    const light = clock.due_at_ms === null ? 'green' : clock.due_at_ms < nowMs ? 'red' : clock.yellow_at_ms <= nowMs ? 'yellow' : 'green';
    const over = clock.due_at_ms !== null && clock.due_at_ms < nowMs;
    const what = clock.due_at_ms === null ? 'stands' : over ? 'over' : 'left';
    const hours = Math.abs(left) / 3_600_000;
    const said = clock.working ? w('timed.working_' + what, { t: hours.toFixed(hours < 10 ? 1 : 0) }) // in hours: a working day is not 24 of them
      : w({ stands: 'timed.stands', over: 'overrun', left: 'left' }[what], { t: g.format.duration(Math.abs(left) / 1000) });
    const head = clock.due_at_ms === null ? `${clock.name} ${clock.limit}` : w('desk.clock.timed', { name: clock.name, limit: clock.limit, at: g.format.moment(clock.due_at_ms) });
    return h('div', { class: 'clock-of' }, h('span', { class: 't3' }, head, clock.provisional ? provisionalTag() : null), bar(clock.length_ms ? 1 - left / clock.length_ms : 1, light),
      h('b', { class: `clock-say ${tone(light)}` }, said));
  }

  function clocks(detail, nowMs) {
    const { order } = detail;
    if (!order.open) return [];
    const limited = (detail.timed || []).filter((clock) => clock.due_at_ms !== null || order.status === 'hanging');
    if (limited.length) return limited.slice(0, 2).map((clock) => timed(clock, detail, nowMs));
    const light = lightOf(order, nowMs);
    const made = [];
    if (order.deadline_at_ms) {
      const [from, due] = [clockStart(order), order.deadline_at_ms];
      const used = (nowMs - from) / (due - from);
      made.push(h('div', { class: 'clock-of' }, h('span', { class: 't3' }, w('desk.clock.total', { t: g.format.duration((due - from) / 1000), at: g.format.moment(due) })),
        bar(used, light), h('b', { class: `clock-say ${tone(light)}` }, g.format.left(due, nowMs, order.provisional)),
        used >= WARN_FROM && used < 1 ? h('span', { class: 't3' }, w('desk.clock.used', { p: Math.round(used * 100) })) : null));
    } else {
      made.push(h('div', { class: 'clock-of' }, h('span', { class: 't3' }, w('order_clock')), bar(0, 'green'), h('b', { class: 'clock-say' }, w('clock.none'))));
    }
    const stage = detail.stages.find((each) => each.state === 'current');
    if (stage) {
      const seconds = stage.seconds + Math.max(0, (nowMs - detail.asked_at_ms) / 1000);
      made.unshift(h('div', { class: 'clock-of' }, h('span', { class: 't3' },
        w('desk.clock.stage', { s: w('stage.' + stage.stage), at: g.format.moment(stage.entered_at_ms || order.status_at_ms) })),
        h('div', { class: 'limit wide none' }), h('b', { class: 'clock-say' }, w('desk.clock.spent', { t: g.format.duration(seconds) }))));
    }
    return made;
  }

  // ---- facts
  const link = (href, name) => h('a', { class: 'link', href }, name);
  // Staff by name, with their file where the screen shows people; anybody else as the source has written him.
  const person = (id, name) => {
    if (!id) return '';
    const shown = g.live.tables.get('worker').row(id);
    return shown ? link(g.links.worker(id), shown.name || name || id) : name || id;
  };
  const joined = (parts) => parts.filter((each) => each && (each.nodeType || String(each).trim())).flatMap((each, i) => (i ? [' · ', each] : [each]));

  // A rule by its name in routing.csv; those that the list of matters makes are named by their matter.
  const ruleName = (rule) => (rule.startsWith('matter ') ? w('desk.rule.matter', { m: matterName(rule.slice(7)) }) : rule);

  // Who told of it, as far as it may be shown: from the report's own step.
  const toldBy = (detail) => (detail.trail.find((step) => step.action === 'report') || {}).fields || {};

  function pairs(detail, revealed) {
    const { order, life } = detail;
    const told = { ...toldBy(detail), ...revealed };
    const citizen = [told.person, told.phone, told.home].filter(Boolean);
    const co = life ? life.co_handlers.map((each) => h('span', { class: 'co' }, each.name || departmentName(each.department), ' ',
      h('span', { class: { feedback: 'ok', returned: 'warn' }[each.status] || 't3' }, w('desk.co.' + each.status)))) : [];
    const lead = life ? life.lead_name || '' : order.department_name;
    return [
      ['source', joined([channelName(order.channel || order.source), person(order.reporter, order.reporter_name)])],
      ['lead', lead || order.handler ? joined([lead, person(order.handler, order.handler_name)]) : life && life.route_department_name ? h('span', { class: 'sel' },
        w('desk.proposed', { d: life.route_department_name })) : ''],
      ['category', order.category_name || ''],
      ['co', co.length ? joined(co) : ''],
      ['region', order.region_name || ''],
      ['rule', life ? (life.route ? joined([ruleName(life.route), life.lead && life.lead !== life.route_department ? w('desk.proposed',
        { d: life.route_department_name }) : '']) : w('desk.rule.none')) : w('desk.outside.what')],
      ['address', (revealed && revealed.address) || order.address || ''],
      ['holder', life ? life.holder_name : ''],
      citizen.length || order.channel ? ['citizen', citizen.length ? citizen.join(' · ') : ''] : null,
      life && life.merged_into ? ['merged_into', link(g.links.order(life.merged_into), life.merged_into)] : null,
      life && life.quality ? ['quality', life.quality] : null,
      life && life.satisfaction ? ['satisfaction', w('ask.satisfaction.' + life.satisfaction)] : null,
      ...(life ? ['contacted', 'solved'].filter((key) => life[key]).map((key) => [key, w(`ask.${key}.${life[key]}`)]) : []),
      ...(life ? counted(life) : []),
    ].filter(Boolean);
  }

  // What happened more often than it should have.
  function counted(life) {
    const told = ['returned', 'reworked', 'redispatched', 'deferred', 'hung', 'reopened', 'urged'].filter((key) => life[key] > 0)
      .map((key) => w('desk.times.' + key, { n: life[key] }));
    return told.length ? [['times', told.join(' · ')]] : [];
  }

  // `reveal`: what is called by the button that shows personal data; null where nobody may.
  function facts(detail, { revealed = null, reveal = null } = {}) {
    const { order, life } = detail;
    const rows = pairs(detail, revealed).map(([key, value]) => h('div', {}, h('dt', {}, w('desk.fact.' + key)), h('dd', {}, ...[value === '' ? '—' : value].flat(),
      key === 'citizen' && reveal && !revealed ? h('button', { class: 'desk-tool', type: 'button', 'data-keep': 'reveal', title: w('desk.reveal.note'),
        onclick: reveal }, w('desk.reveal')) : null)));
    const said = (revealed && revealed.text) || order.text;
    const asked = life && life.asked ? h('p', { class: 'asked' }, h('span', { 'data-sign': 'light-yellow' }),
      w('desk.asked.' + life.asked, { at: life.asked_deadline_at_ms ? g.format.moment(life.asked_deadline_at_ms) : '' })) : null;
    return [asked, h('dl', { class: 'desk-pairs' }, rows), said ? h('p', { class: 'desk-said' }, said) : null, revealed ? h('p', { class: 't3' }, w('desk.reveal.told')) : null,
      g.orderTold(detail)];
  }

  // ---- trail
  const list = (value) => String(value).split(';').filter(Boolean);
  const SAID = [ // field → its words, in the order in which they are read
    ['clock', (value) => w('timed.' + value)],
    ['result', (value) => w('ask.result.' + value)],
    ['note', (value) => value], ['reason', (value) => value], ['text', (value) => value],
    ['department', (value) => w('desk.said.department', { d: departmentName(value) })],
    ['handler', (value) => w('desk.said.handler', { d: workerName(value) })],
    ['co_handlers', (value) => w('desk.said.co', { d: list(value).map(departmentName).join(w('desk.comma')) })],
    ['co_handler', (value) => w('desk.said.co', { d: departmentName(value) })],
    ['category', (value) => matterName(value)],
    ['deadline_at_ms', (value) => w('desk.said.deadline', { at: g.format.moment(value) })],
    ['deadline_was_ms', (value) => w('desk.said.deadline_was', { at: g.format.moment(value) })],
    ['calendar', (value) => w('desk.said.calendar', { day: value })],
    ['merged_into', (value) => w('desk.said.merged', { d: value })],
    ['quality', (value) => value],
    ['satisfaction', (value) => w('ask.satisfaction.' + value)],
    ['contacted', (value) => w('ask.contacted.' + value)], ['solved', (value) => w('ask.solved.' + value)],
    ['urgent', (value) => value && w('order_flag.urgent')], ['mass', (value) => value && w('order_flag.mass')],
    ['photos', (value) => w('desk.said.photos', { n: list(value).length })],
  ];

  // Everything that a step says, as sentences; what only the machine needs (region, rule) is left to the facts.
  function saidIn(step) {
    const fields = { ...step.fields };
    if (step.note && !fields.note) fields.note = step.note;
    if (fields.reason && fields.reason === fields.note) delete fields.note;
    if (step.action !== 'register') delete fields.category; // of a report it stands in the title and in the facts
    return SAID.filter(([name]) => fields[name] !== undefined && fields[name] !== null && fields[name] !== '').map(([name, speak]) => speak(fields[name])).filter(Boolean);
  }

  function knot(step) {
    if (step.action === 'urge') return 'knot knot-urge';
    return `knot knot-${step.status === 'reported' ? 'first' : step.stage === 5 ? 'done' : step.stage < 0 ? 'out' : 'step'}`;
  }

  function trail(detail, { wide = false } = {}) {
    return [...detail.trail].reverse().map((step) => {
      const at = step.at_unknown || step.at_ms === null ? [h('b', {}, '—'), h('span', { class: 't3' }, w('time_unknown'))]
        : [h('b', { class: 'at' }, g.format.hm(step.at_ms)), h('span', { class: 't3' }, g.format.monthDay(step.at_ms))];
      const said = [...saidIn(step), step.clock_wrong].filter(Boolean);
      return h('li', {}, h('span', { class: 'when' }, at), h('i', { class: knot(step) }),
        h('div', {}, h('div', { class: 'what' }, h('b', {}, actionName(step)), h('span', {}, whoOf(step))), said.length ? h('p', {}, said.join(wide ? ' · ' : ' · ')) : null));
    });
  }

  // ---- one line of who did what
  function didLine(step) {
    const name = step.role === 'rule' ? w('seat.rule') : step.actor_name || step.actor || step.source;
    return w('desk.did', { who: name, at: g.format.hm(step.at_ms), what: actionName(step) });
  }

  g.orderParts = { part, cardOf, stages, clocks, facts, trail, lightOf, tone, tagsOf, didLine, saidIn, departmentName, matterName, workerName, channelName, sign, text };
})();
