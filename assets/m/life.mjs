/**
 * What a worker may do next, by the city's own table of actions: for the time without a link, in which the server cannot be
 * asked. It only offers; what is sent is judged by the server.
 *
 * life: {state: {action: [{to, choice, needs: [name]}]}}; `to` "=": the state stays.
 */

const OPTIONAL = ["photos", "note"];

/** The state that an order will be in once `entries` (filed, in their order) are done. */
export function stateAfter(life, state, entries) {
  for (const { action, fields } of entries) {
    const rows = life[state]?.[action] ?? [];
    const row = rows.find(({ choice }) => choice === "" || choice === fields.result);
    if (row && row.to !== "=") state = row.to;
  }
  return state;
}

/** What may be done then, as the API tells it: [{action, rows: [{choice, needs, optional}]}]; null: the state stays, ask the server. */
export function rowsAfter(life, state, entries) {
  const then = stateAfter(life ?? {}, state, entries);
  if (then === state) return null;
  return Object.entries(life[then] ?? {}).map(([action, rows]) => ({
    action,
    rows: rows.map(({ choice, needs }) => ({ choice, needs, optional: OPTIONAL.filter((name) => !needs.includes(name)) })),
  }));
}
