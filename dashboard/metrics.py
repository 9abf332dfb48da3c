"""What a Prometheus server reads at /metrics: the store's counts and clocks, and the hall's size and age."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from store import notices, unfoldable
from store.errors import StoreError
from store.sources import count_dropped, count_rejects

if TYPE_CHECKING:
    from flask import Flask

    from dashboard.hall import Hall
    from store.store import Store


def render(hall: "Hall", app: "Flask") -> bytes:
    """All metrics in the text format. With the store gone, `gridhall_store_up` is 0 and its own metrics are missing."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collector(hall, app))  # type: ignore[arg-type]
    return generate_latest(registry)


class _Collector:
    def __init__(self, hall: "Hall", app: "Flask") -> None:
        self.hall, self.app = hall, app

    def collect(self) -> Iterator[Metric]:
        yield from _hall_metrics(self.hall, self.app)
        store_up = GaugeMetricFamily("gridhall_store_up", "1 while the store answers this process")
        try:
            told = [] if self.hall.store is None else list(_store_metrics(self.hall.store))
            store_up.add_metric([], 0 if self.hall.store is None else 1)
        except StoreError:
            told = []
            store_up.add_metric([], 0)
        yield store_up
        yield from told


def _hall_metrics(hall: "Hall", app: "Flask") -> Iterator[Metric]:
    with hall.lock:
        sizes = {"worker": len(hall.workers), "order": len(hall.orders), "feed": len(hall.feeds)}
        changed = dict(hall.last_change_at_ms)
        version, newest_ms, skipped = hall.version, hall.newest_received_at_ms, len(hall.skipped.rows)
    rows = GaugeMetricFamily("gridhall_hall_rows", "Rows held by this web process", labels=["table"])
    at = GaugeMetricFamily("gridhall_hall_changed_seconds", "When a table changed last (Unix time)", labels=["table"])
    for table, size in sizes.items():
        rows.add_metric([table], size)
        if changed.get(table):
            at.add_metric([table], changed[table] / 1000)
    yield rows
    yield at
    yield GaugeMetricFamily("gridhall_hall_version", "Batches of changes applied", value=version)
    lag_s = max(hall.now_ms() - newest_ms, 0) / 1000 if newest_ms else float("nan")
    yield GaugeMetricFamily("gridhall_position_age_seconds", "Age of the newest position received", value=lag_s)
    sessions: Any = app.extensions.get("gridhall")
    yield from _fault_metrics(hall)
    yield GaugeMetricFamily("gridhall_skipped_rows", "Rows that this web process cannot take", value=skipped)
    yield GaugeMetricFamily("gridhall_screens", "Live connections", value=len(sessions) if sessions is not None else 0)


def _fault_metrics(hall: "Hall") -> Iterator[Metric]:
    failed = CounterMetricFamily("gridhall_faults", "Faults of ours in this process, on its pages and screens", labels=["kind"])
    still = GaugeMetricFamily("gridhall_faults_open", "Of these, outages that are not over", labels=["kind"])
    not_over = hall.faults.open()
    for kind, number in hall.faults.counts.items():
        failed.add_metric([kind], number)
        still.add_metric([kind], not_over[kind])
    jobs = CounterMetricFamily("gridhall_job_faults", "Exceptions that a job of this process has survived", labels=["job"])
    for job, number in sorted(hall.faults.counted().items()):
        jobs.add_metric([job], number)
    yield from (failed, still, jobs)


def _store_metrics(store: "Store") -> Iterator[Metric]:
    yield GaugeMetricFamily("gridhall_projector_backlog_entries", "Entries not folded yet", value=store.backlog())
    folded = CounterMetricFamily("gridhall_facts", "Facts folded, by outcome", labels=["source", "kind", "outcome"])
    for (source, kind, outcome), number in sorted(store.counts().items()):
        if outcome != "unfoldable":  # these come back when they are tried again, and no counter falls
            folded.add_metric([source, kind, outcome], number)
    yield folded
    yield GaugeMetricFamily("gridhall_unfoldable_facts", "Facts (rows, marks) set aside now", value=unfoldable.number(store))
    yield from _notice_metrics(store)
    rejects = CounterMetricFamily("gridhall_rejects", "Inputs refused by the gateway", labels=["source", "reason"])
    for (source, reason), number in sorted(count_rejects(store).items()):
        rejects.add_metric([source, reason], number)
    yield rejects
    dropped = CounterMetricFamily("gridhall_values_left_out", "Values left out of facts taken", labels=["source", "reason"])
    for (source, reason), number in sorted(count_dropped(store).items()):
        dropped.add_metric([source, reason], number)
    yield dropped
    wrong = GaugeMetricFamily("gridhall_source_clock_ahead_seconds", "Of its newest misdated fact", labels=["source"])
    for source, (wrong_by_ms, _) in sorted(store.wrong_clocks().items()):
        wrong.add_metric([source], wrong_by_ms / 1000)
    yield wrong
    seen = GaugeMetricFamily("gridhall_source_seen_seconds", "Last data or beat (Unix time)", labels=["source", "clock"])
    for (source, clock), at_ms in sorted(store.seen().items()):
        seen.add_metric([source, clock], at_ms / 1000)
    yield seen


def _notice_metrics(store: "Store") -> Iterator[Metric]:
    waiting = GaugeMetricFamily("gridhall_notices_waiting", "Notices that wait for a webhook", labels=["webhook"])
    sent = CounterMetricFamily("gridhall_notices", "Tries to post a notice, by outcome", labels=["webhook", "outcome"])
    for name, post in notices.posts(store).items():
        waiting.add_metric([name], post.waiting)
        for outcome in ("delivered", "failed", "retried"):
            sent.add_metric([name, outcome], getattr(post, outcome))
    yield waiting
    yield sent
