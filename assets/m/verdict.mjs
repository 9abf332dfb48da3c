/**
 * What an answer of the server means for something that waits to be sent. Kinds:
 *
 * done     it has happened; `answer` is what the server said
 * refused  it will never happen as it is: kept, with the server's reason, until a person decides
 * pending  the server has it and is still at it: ask again, this one only
 * trouble  the server failed on this one: later, this one only
 * later    no link, or a server that takes nothing now: everything waits (`after_ms`: as long as the server says)
 * login    nobody is logged in: everything waits for that
 */

const BUSY = new Set([408, 425, 429, 503]);
const TOO_MUCH = new Set([413, 415]); // a proxy's own page says so too

/** `body`: the JSON object of the answer; null: it was none, as of a hotel's log-in page in between. */
export function verdictOf({ status, body, retryAfterS = 0 }) {
  if (status === 401) return { kind: "login" };
  if (BUSY.has(status)) return { kind: "later", said: saidOf(body), after_ms: retryAfterS * 1000 };
  if (status >= 500) return { kind: "trouble", said: saidOf(body), status };
  if (TOO_MUCH.has(status)) return refusal(status, body ?? {});
  if (body === null) return { kind: "later", said: "" };
  if (status === 202 || body.state === "pending") return { kind: "pending" };
  if (status === 200 || status === 201) return body.state === "refused" ? refusal(status, body) : { kind: "done", answer: body };
  return status >= 400 ? refusal(status, body) : { kind: "later", said: "" };
}

const saidOf = (body) => String(body?.said ?? body?.error ?? "");

function refusal(status, body) {
  const { reason = "", did = "", by_name: byName = "", by = "", at = null } = body;
  return { kind: "refused", status, reason, said: saidOf(body), did, by: byName || by, at };
}

/** How long to wait after so many failures in a row: doubling from 2 s to a minute, the last half of it by chance. */
export function pauseMs(failures, random, first = 2000, longest = 60_000) {
  const full = Math.min(first * 2 ** Math.max(failures - 1, 0), longest);
  return full * (0.5 + 0.5 * random());
}
