"""Selects what is pushed: the metrics that are still true when their process is gone.

A Pushgateway keeps them for ever. Whether the database answers, how many inputs wait and which
imports run are true for a moment only. These are not pushed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry
from prometheus_client.registry import Collector

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prometheus_client.core import Metric

_OF_THE_MOMENT = {"snapshots_database_up", "snapshots_queued_inputs"}
_STATES_OF_THE_MOMENT = {"queued", "running"}


def lasting(registry: CollectorRegistry) -> CollectorRegistry:
    """Returns the same metrics without those of the moment, and without those of the process."""
    kept = CollectorRegistry()
    kept.register(_Lasting(registry))
    return kept


class _Lasting(Collector):
    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry

    def describe(self) -> list[Metric]:
        """Returns nothing: registering must not ask the database."""
        return []

    def collect(self) -> Iterator[Metric]:
        for family in self._registry.collect():
            if family.name in _OF_THE_MOMENT or not family.name.startswith("snapshots_"):
                continue
            family.samples = [
                sample
                for sample in family.samples
                if sample.labels.get("state") not in _STATES_OF_THE_MOMENT
            ]
            yield family
