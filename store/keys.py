"""The key schema. One function per key; nobody else spells a key. ARCHITECTURE.md's table is made from the docstrings.

Each docstring is six lines: pattern, type, fields, writer, reader, lifetime. `{p3}` is the hash tag of partition 3: all
keys of a partition lie in one slot, so that one transaction can write them; `{meta}` is the slot of what has no partition.
"""

import inspect
import sys
import zlib


def partition_of(entity_id: str, partitions: int) -> int:
    """The partition of a worker, order, feed or tally: CRC-32 of the UTF-8 id, modulo their number."""
    return zlib.crc32(entity_id.encode()) % partitions


def facts(partition: int) -> str:
    """
    pattern: {p3}:facts
    type: stream
    fields: f = MessagePack array of facts, in the order of arrival
    writer: gateway
    reader: projector
    lifetime: until folded (trimmed in the commit that folds)
    """
    return f"{{p{partition}}}:facts"


def at(partition: int) -> str:
    """
    pattern: {p3}:at
    type: hash
    fields: read = id of the last folded entry of facts; version = number of the last commit; unsure = 1: {p3}:unsure is kept
    writer: projector, in every commit
    reader: projector at start, web at a snapshot
    lifetime: for ever
    """
    return f"{{p{partition}}}:at"


def fence(partition: int) -> str:
    """
    pattern: {p3}:fence
    type: integer
    fields: rises by one with each new owner; a commit under an older number is refused
    writer: projector that takes the lease
    reader: projector, in every commit
    lifetime: for ever
    """
    return f"{{p{partition}}}:fence"


def lease(partition: int) -> str:
    """
    pattern: {p3}:lease
    type: string
    fields: name of the owner
    writer: projector
    reader: projector
    lifetime: five seconds after the owner's last word
    """
    return f"{{p{partition}}}:lease"


def table(partition: int, name: str) -> str:
    """
    pattern: {p3}:worker, {p3}:order, {p3}:feed, {p3}:tally
    type: hash
    fields: id = MessagePack row of domain.states (Worker, Order, Feed, Tally)
    writer: projector
    reader: projector at start, web at a snapshot
    lifetime: for ever
    """
    return f"{{p{partition}}}:{name}"


def changes(partition: int) -> str:
    """
    pattern: {p3}:changes
    type: stream
    fields: c = MessagePack [version, [[table, row] …]] of one commit; o = MessagePack array of its outcomes, if any
    writer: projector
    reader: web
    lifetime: the newest GRIDHALL_CHANGES_KEEP commits, at most 200,000 rows; who needs older ones takes a snapshot
    """
    return f"{{p{partition}}}:changes"


def trail(partition: int) -> str:
    """
    pattern: {p3}:trail
    type: hash
    fields: order = MessagePack array of domain.states.Step, every step ever told or done, in order of time
    writer: projector
    reader: projector, web (order page)
    lifetime: for ever
    """
    return f"{{p{partition}}}:trail"


def due(partition: int) -> str:
    """
    pattern: {p3}:due
    type: sorted set
    fields: order, scored by the instant (ms) at which the next of its clocks passes a mark that nobody has been told of
    writer: projector, in the commit that changes the order
    reader: projector, for what is due by now
    lifetime: while a clock of the order runs
    """
    return f"{{p{partition}}}:due"


def unsure(partition: int) -> str:
    """
    pattern: {p3}:unsure
    type: hash
    fields: order whose limits hang on days not known yet = version of the calendar (domain.workcalendar) it was judged by
    writer: projector, in the commit that changes the order
    reader: projector at start: those of another version than its calendar's are judged anew
    lifetime: until the calendar knows those days
    """
    return f"{{p{partition}}}:unsure"


def outcomes(partition: int) -> str:
    """
    pattern: {p3}:outcomes
    type: hash
    fields: ORDER|ACTION ID = MessagePack of domain.states.Outcome: done, or refused and why
    writer: projector, in the commit that folded the action
    reader: projector at start, web (the answer to who acted)
    lifetime: the newest store.commit.OUTCOMES_KEEP of the partition; what was done stands in the trail for ever
    """
    return f"{{p{partition}}}:outcomes"


def outcome_field(order: str, action_id: str) -> str:
    """The field of `outcomes` that answers an action on an order."""
    return f"{order}|{action_id}"


def track(partition: int, worker: str, day: str) -> str:
    """
    pattern: {p3}:track:WORKER:YYYY-MM-DD
    type: string
    fields: fixed-width records (store.track.RECORD) of that local day, in the order of arrival, set-aside ones included
    writer: projector
    reader: projector (late fixes), web (dossier)
    lifetime: for ever
    """
    return f"{{p{partition}}}:track:{worker}:{day}"


def days(partition: int) -> str:
    """
    pattern: {p3}:days
    type: hash
    fields: worker = local days that have a track, comma-separated, rising
    writer: projector
    reader: web (tracks over several days)
    lifetime: for ever
    """
    return f"{{p{partition}}}:days"


def counts(partition: int) -> str:
    """
    pattern: {p3}:counts
    type: hash
    fields: SOURCE|KIND|OUTCOME = how many facts; KIND is a name of domain.facts.KINDS (position, order …); OUTCOME kept …
    writer: projector, in the commit that folded them
    reader: web (metrics), tests
    lifetime: for ever
    """
    return f"{{p{partition}}}:counts"


def unfoldable(partition: int) -> str:
    """
    pattern: {p3}:unfoldable
    type: hash
    fields: ID = MessagePack of store.unfoldable.Unfoldable: the fact (row, mark of a clock) as it is, and its error
    writer: projector, in the commit that goes on without it; app.py facts retry
    reader: web (/status, the source line, metrics), app.py facts unfoldable
    lifetime: until it is tried again (app.py facts retry)
    """
    return f"{{p{partition}}}:unfoldable"


def attempts(partition: int) -> str:
    """
    pattern: {p3}:attempts
    type: hash
    fields: owner, read, takes = how many owners have taken it at that entry; folding = ENTRY-INDEX; ENTRY-INDEX = died there
    writer: projector that takes the lease; before each fact, where owners have died
    reader: projector that takes the lease
    lifetime: until an owner ends in order, or has got well beyond
    """
    return f"{{p{partition}}}:attempts"


def seen(partition: int) -> str:
    """
    pattern: {p3}:seen
    type: hash
    fields: SOURCE|data, |beat = when its newest fact, heartbeat came; |clock_wrong_ms, |clock_wrong_at = newest misdated one
    writer: projector; app.py source remove
    reader: web (sources and their two clocks)
    lifetime: until the source is removed
    """
    return f"{{p{partition}}}:seen"


def notices(partition: int) -> str:
    """
    pattern: {p3}:notices
    type: stream
    fields: n = MessagePack of domain.notices.Notice, of those that somebody is told of in the product
    writer: projector, in the commit that folded the step
    reader: web
    lifetime: the newest store.notices.NOTICES_KEEP of the partition
    """
    return f"{{p{partition}}}:notices"


def told(partition: int, order: str) -> str:
    """
    pattern: {p3}:told:ORDER
    type: hash
    fields: DELIVERY = MessagePack of domain.notices.Delivery: to which webhook of what, how often tried, what came of it
    writer: projector, in the commit that folded the step; courier, after each try; app.py notices again
    reader: courier, web (order page), app.py notices
    lifetime: for ever
    """
    return f"{{p{partition}}}:told:{order}"


def outbox(partition: int) -> str:
    """
    pattern: {p3}:outbox
    type: hash
    fields: DELIVERY = MessagePack of domain.notices.Notice, which is yet to be posted or could not be
    writer: projector, in the commit that folded the step; courier
    reader: courier, app.py notices
    lifetime: until it is delivered, or store.notices.FAILED_KEEP_MS after it was given up
    """
    return f"{{p{partition}}}:outbox"


def outbox_queue(partition: int, webhook: str) -> str:
    """
    pattern: {p3}:outbox:queue:WEBHOOK
    type: sorted set
    fields: delivery, scored by when it is to be tried next (ms); a queue for each webhook, so that none waits for another
    writer: projector, in the commit that folded the step; courier; app.py notices again
    reader: courier, web (metrics)
    lifetime: until it is delivered or given up
    """
    return f"{{p{partition}}}:outbox:queue:{webhook}"


def outbox_failed(partition: int) -> str:
    """
    pattern: {p3}:outbox:failed
    type: sorted set
    fields: delivery, scored by when it was given up (ms)
    writer: courier; app.py notices again
    reader: courier, app.py notices
    lifetime: store.notices.FAILED_KEEP_MS, or until it is sent again
    """
    return f"{{p{partition}}}:outbox:failed"


def outbox_names(partition: int) -> str:
    """
    pattern: {p3}:outbox:names
    type: set
    fields: every webhook that something was ever to go to
    writer: projector
    reader: courier (what waits for one that the city no longer has), web (metrics)
    lifetime: for ever
    """
    return f"{{p{partition}}}:outbox:names"


def outbox_counts(partition: int) -> str:
    """
    pattern: {p3}:outbox:counts
    type: hash
    fields: WEBHOOK|OUTCOME = how many; OUTCOME delivered, failed (given up), retried
    writer: courier
    reader: web (metrics)
    lifetime: for ever
    """
    return f"{{p{partition}}}:outbox:counts"


def courier(partition: int) -> str:
    """
    pattern: {p3}:courier
    type: string
    fields: name of the courier that sends what waits in this partition
    writer: courier
    reader: courier
    lifetime: store.notices.LEASE_MS after the owner's last word
    """
    return f"{{p{partition}}}:courier"


def notices_read(name: str) -> str:
    """
    pattern: {meta}:notices:read:NAME
    type: hash
    fields: pN = id of the entry of partition N up to which that person has read all; NOTICE = 1 for one read after it
    writer: web
    reader: web
    lifetime: store.notices.READ_KEEP_S after the last mark
    """
    return f"{{meta}}:notices:read:{name}"


def meta() -> str:
    """
    pattern: {meta}:store
    type: hash
    fields: partitions, schema
    writer: whoever opens an empty store first
    reader: everybody, at start
    lifetime: for ever
    """
    return "{meta}:store"


def sources() -> str:
    """
    pattern: {meta}:sources
    type: hash
    fields: SOURCE = JSON of its key's SHA-256, when it was made, the datum and the unit of speed of what names none
    writer: app.py source add | remove
    reader: gateway
    lifetime: for ever
    """
    return "{meta}:sources"


def terminal_secret() -> str:
    """
    pattern: {meta}:terminal-secret
    type: string
    fields: 32 random bytes, from which each JT/T 808 terminal's authentication code is derived
    writer: gateway, at its first start
    reader: gateway
    lifetime: for ever; deleting it makes every terminal register anew
    """
    return "{meta}:terminal-secret"


def rejected() -> str:
    """
    pattern: {meta}:rejected
    type: hash
    fields: SOURCE|REASON = how many inputs were refused for it
    writer: gateway
    reader: web (metrics)
    lifetime: for ever
    """
    return "{meta}:rejected"


def dropped() -> str:
    """
    pattern: {meta}:dropped
    type: hash
    fields: SOURCE|REASON = from how many facts a value was left out for it; the fact was taken without
    writer: gateway, web (handset)
    reader: web (status, metrics), app.py source list
    lifetime: for ever
    """
    return "{meta}:dropped"


def rejects(source: str) -> str:
    """
    pattern: {meta}:rejects:SOURCE
    type: stream
    fields: reason, raw = the bytes as they came (at most 4096), size = their true number
    writer: gateway
    reader: operators (app.py source rejects)
    lifetime: the newest GRIDHALL_REJECT_KEEP of a source
    """
    return f"{{meta}}:rejects:{source}"


def people() -> str:
    """
    pattern: {meta}:people
    type: hash
    fields: NAME = JSON of store.people.Account: roles, scope, Argon2 hash of the password …
    writer: app.py user; web (own password, first administrator)
    reader: web, at every request
    lifetime: for ever; a disabled account stays, so that its name in the audit log means one person
    """
    return "{meta}:people"


def tokens() -> str:
    """
    pattern: {meta}:tokens
    type: hash
    fields: SHA-256 of a program's token = JSON of store.people.Token: name, roles, scope …
    writer: app.py token; web (GRIDHALL_ADMIN_TOKEN)
    reader: web, at every request that brings one
    lifetime: until revoked
    """
    return "{meta}:tokens"


def session(digest: str) -> str:
    """
    pattern: {meta}:session:SHA256
    type: string
    fields: JSON of store.logins.LogIn, by the SHA-256 of its secret: whose, since when, from where, until when
    writer: web
    reader: web, at every request
    lifetime: until it is ended or expires; at most store.logins.UNUSED_MS after its last use
    """
    return f"{{meta}}:session:{digest}"


def sessions(name: str) -> str:
    """
    pattern: {meta}:sessions:NAME
    type: hash
    fields: id of a log-in of that name = SHA-256 of its secret; some of them may have expired
    writer: web, app.py user
    reader: web (the own account), app.py user
    lifetime: store.logins.UNUSED_MS after the last use of one of them
    """
    return f"{{meta}}:sessions:{name}"


def tries(kind: str, of: str) -> str:
    """
    pattern: {meta}:tries:address:ADDRESS, {meta}:tries:name:SHA256
    type: integer, hash
    fields: failed log-ins from an address; of a name: ADDRESS = those from there, * = those from addresses new to it
    writer: web
    reader: web
    lifetime: store.logins.TRIES_WINDOW_S after the first one
    """
    return f"{{meta}}:tries:{kind}:{of}"


def came(name: str, address: str) -> str:
    """
    pattern: {meta}:came:SHA256:ADDRESS
    type: string
    fields: there if that name has logged in from that address
    writer: web
    reader: web (whom a flood of failed log-ins does not keep out)
    lifetime: store.logins.CAME_S after the last time
    """
    return f"{{meta}}:came:{name}:{address}"


def web_secret() -> str:
    """
    pattern: {meta}:web-secret
    type: string
    fields: 32 random bytes that sign the cookies of the web processes
    writer: web, at its first start
    reader: web
    lifetime: for ever; deleting it logs everybody out
    """
    return "{meta}:web-secret"


def audit() -> str:
    """
    pattern: {meta}:audit
    type: stream
    fields: e = MessagePack of store.audit.Entry, h = SHA-1 of the h before and e, so that a changed or missing line shows
    writer: web (log-ins, refusals, views), app.py
    reader: web (the auditor's search), app.py audit verify
    lifetime: until archived (app.py audit archive)
    """
    return "{meta}:audit"


def actions_audit(partition: int) -> str:
    """
    pattern: {p3}:audit
    type: stream
    fields: as {meta}:audit, of every action asked of an order of this partition, done or refused
    writer: projector, in the commit that folded the action
    reader: web (the auditor's search), app.py audit verify
    lifetime: until archived (app.py audit archive)
    """
    return f"{{p{partition}}}:audit"


def audit_anchor(stream: str) -> str:
    """
    pattern: {meta}:audit:anchor, {p3}:audit:anchor
    type: string
    fields: h of the newest line of that stream that has gone into a file: the chain goes on from it
    writer: app.py audit archive
    reader: app.py audit verify
    lifetime: for ever
    """
    return f"{stream}:anchor"


def numbers(day: str) -> str:
    """
    pattern: {meta}:numbers:YYYYMMDD
    type: integer
    fields: how many order numbers have been given out on that local day
    writer: web
    reader: web
    lifetime: three days
    """
    return f"{{meta}}:numbers:{day}"


def births(action_id: str) -> str:
    """
    pattern: {meta}:birth:ACTION ID
    type: string
    fields: number of the order that this report became, so that a report sent twice is one order
    writer: web
    reader: web
    lifetime: 90 days
    """
    return f"{{meta}}:birth:{action_id}"


def files() -> str:
    """
    pattern: {meta}:files
    type: hash
    fields: FILE = JSON of store.files.FileRecord: name, type, size, SHA-256, whose, of which order; the bytes lie elsewhere
    writer: web
    reader: web
    lifetime: for ever once it belongs to an order; else seven days
    """
    return "{meta}:files"


def files_unbound() -> str:
    """
    pattern: {meta}:files:unbound
    type: sorted set
    fields: files that belong to no order yet, by when they were sent (ms)
    writer: web
    reader: web (the sweep)
    lifetime: until they belong to one, or seven days
    """
    return "{meta}:files:unbound"


def files_waiting() -> str:
    """
    pattern: {meta}:files:waiting
    type: hash
    fields: PERSON|files, PERSON|bytes = how many, and how large in sum, that person's files are that belong to no order yet
    writer: web
    reader: web
    lifetime: a field goes when nothing waits
    """
    return "{meta}:files:waiting"


def bulletins() -> str:
    """
    pattern: {meta}:bulletins
    type: hash
    fields: VERSION = JSON of store.bulletins.Bulletin: which period of which region, why, by whom, SHA-256 of its files
    writer: web (the process that holds the lease); added once, never changed
    reader: web
    lifetime: for ever
    """
    return "{meta}:bulletins"


def bulletin_jobs() -> str:
    """
    pattern: {meta}:bulletins:jobs
    type: hash
    fields: VERSION = JSON of store.bulletins.Job: who asked for that version, how far its making is
    writer: web
    reader: web (the progress bar), the process that makes it
    lifetime: the newest store.bulletins.JOBS_KEPT that are over
    """
    return "{meta}:bulletins:jobs"


def bulletin_lease() -> str:
    """
    pattern: {meta}:bulletins:lease
    type: string
    fields: name of the one web process that makes bulletins now
    writer: web
    reader: web
    lifetime: store.bulletins.LEASE_MS after the owner's last word
    """
    return "{meta}:bulletins:lease"


def key_table() -> str:
    """Markdown table of all keys, as it stands in ARCHITECTURE.md."""
    lines = ["| pattern | type | fields | writer | reader | lifetime |", "|---|---|---|---|---|---|"]
    for _, function in inspect.getmembers(sys.modules[__name__], inspect.isfunction):
        doc = inspect.getdoc(function) or ""
        if doc.startswith("pattern:"):
            cells = [line.split(": ", 1)[1].replace("|", "\\|") for line in doc.splitlines()]
            lines.append("| " + " | ".join([f"`{cells[0]}`", *cells[1:]]) + " |")
    return "\n".join(lines)
