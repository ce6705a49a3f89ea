"""Shows the account of a database as Prometheus metrics.

Several processes that load into one database show the same account: take the maximum by `database`,
not the sum.
"""

from __future__ import annotations

import platform
from importlib.metadata import version
from typing import TYPE_CHECKING, get_args

from prometheus_client import CollectorRegistry, Histogram, disable_created_metrics
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from snapshots.engine.events import Committed
from snapshots.model import State
from snapshots.telemetry.event_totals import EventTotals
from snapshots.telemetry.ledger_probe import LedgerProbe

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from prometheus_client.core import Metric

    from snapshots.ledger.totals import StateCounts
    from snapshots.locations import TargetSearch
    from snapshots.telemetry.event_totals import EventSums

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


class Metrics(Collector):
    """A listener, and a collector for Prometheus, for one database. Thread-safe.

    >>> from snapshots.locations import TargetSearch
    >>> metrics = Metrics(TargetSearch("sqlite:///a.db"))
    >>> metrics.database
    'sqlite:///a.db'
    """

    def __init__(self, database: TargetSearch) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = CollectorRegistry()
        self._database = database
        self._account = EventTotals(database)
        self._probe = LedgerProbe(database)
        self._seconds = Histogram(
            "snapshots_chunk_duration_seconds",
            "From the claim of a chunk to the answer to its COMMIT, by this process.",
            ["database"],
            buckets=SECONDS,
            registry=self.registry,
        )
        self.registry.register(self)

    @property
    def database(self) -> str:
        """The label of all metrics that are about the database."""
        return self._database.display()

    def __call__(self, event: object) -> None:
        """Counts one event."""
        self._account(event)
        if isinstance(event, Committed) and self._account.runs(event.import_id):
            self._seconds.labels(self.database).observe(event.seconds)

    def describe(self) -> list[Metric]:
        """Returns nothing: registering must not ask the database."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Yields the metrics as they are now."""
        states = self._probe.ask()
        if states is not None:
            self._account.agree(sum(states.imports.get(one, 0) for one in ("finished", "undone")))
        sums = self._account.sums()
        if sums.known:
            yield from self._counted(sums)
        yield from self._of_this_process(sums)
        yield from self._asked(states)
        yield _family(
            GaugeMetricFamily,
            "snapshots_build_info",
            "Always 1.",
            {"version": version("snapshots"), "python": platform.python_version()},
            1,
        )

    def _counted(self, sums: EventSums) -> Iterator[Metric]:
        """Yields the sums. They are left out before the ledger was read: they would seem to grow by
        all that it holds."""
        counts = sums.counts
        yield self._counters(
            "snapshots_records",
            "Records of inputs, each in one bucket.",
            "bucket",
            {"loaded": counts.loaded, "rejected": counts.rejected, "skipped": counts.skipped},
        )
        yield self._counters(
            "snapshots_rejects", "Rejected records by reason.", "code", sums.rejects_by_code
        )
        yield self._counter("snapshots_input_bytes", "Bytes of inputs, decompressed.", sums.bytes)
        yield self._gauge(
            "snapshots_unaccounted_records",
            "Records in no bucket, or counted as rejected and not kept. Always 0.",
            counts.records - counts.loaded - sum(sums.rejects_by_code.values()) - counts.skipped,
        )

    def _of_this_process(self, sums: EventSums) -> Iterator[Metric]:
        yield self._counters(
            "snapshots_import_ends",
            "Imports that this process has ended.",
            "outcome",
            sums.ends_by_outcome,
        )
        yield self._counter(
            "snapshots_accounting_mismatches",
            "Imports that this process has refused because an account did not balance. Always 0.",
            sums.mismatches,
        )
        yield self._counters(
            "snapshots_thread_failures",
            "Unexpected errors of a thread, which goes on. Always 0.",
            "thread",
            sums.broken_by_thread,
        )
        yield self._gauge(
            "snapshots_queued_inputs", "Inputs found and not done, those in work too.", sums.waiting
        )

    def _asked(self, states: StateCounts | None) -> Iterator[Metric]:
        """Yields what other processes may have changed as well."""
        yield self._gauge("snapshots_database_up", "The database answers.", states is not None)
        if states is None:
            return
        imports = GaugeMetricFamily(
            "snapshots_imports", "Imports in the ledger.", labels=["database", "state"]
        )
        for state in get_args(State):
            imports.add_metric([self.database, state], states.imports.get(state, 0))
        yield imports
        sent = states.delivered
        yield self._counters(
            "snapshots_delivered_records",
            "Records of inputs sent to an API, each in one bucket once it is decided.",
            "bucket",
            {"delivered": sent.loaded, "rejected": sent.rejected, "skipped": sent.skipped},
        )
        yield self._gauge(
            "snapshots_pending_records", "Records sent to an API and not decided.", states.pending
        )
        if states.last_success is not None:
            yield self._gauge(
                "snapshots_last_success_timestamp_seconds",
                "When the last import finished.",
                states.last_success,
            )

    def _counter(self, name: str, text: str, value: float) -> Metric:
        return _family(CounterMetricFamily, name, text, {"database": self.database}, value)

    def _gauge(self, name: str, text: str, value: float) -> Metric:
        return _family(GaugeMetricFamily, name, text, {"database": self.database}, value)

    def _counters(self, name: str, text: str, label: str, values: Mapping[str, int]) -> Metric:
        family = CounterMetricFamily(name, text, labels=["database", label])
        for key, value in values.items():
            family.add_metric([self.database, key], value)
        return family


def _family(
    kind: type[CounterMetricFamily | GaugeMetricFamily],
    name: str,
    text: str,
    labels: Mapping[str, str],
    value: float,
) -> Metric:
    family = kind(name, text, labels=list(labels))
    family.add_metric(list(labels.values()), value)
    return family
