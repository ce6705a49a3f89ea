"""Sets up the telemetry that was asked for, as one listener beside the one that shows progress."""

from __future__ import annotations

import os
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, TypeAlias

from msgspec import Struct

from snapshots.engine.events import Notice
from snapshots.errors import UsageError
from snapshots.telemetry.log_lines import line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from snapshots.locations import TargetSearch
    from snapshots.telemetry.log_lines import Lines

    EventListener: TypeAlias = Callable[[Any], None]
    """A listener for the engine's events and a caller's own events."""

LOOPBACK = "127.0.0.1"
_ENDPOINTS = (
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT",
)
_INSTALL = "install it with: pip install 'snapshots[otel]'"


class TelemetryOptions(Struct, frozen=True):
    """The telemetry that a user asks for."""

    log_format: str | None = None
    """`text` or `json`; None for no log."""
    metrics_port: int | None = None
    metrics_address: str = LOOPBACK
    pushgateway: str | None = None
    otlp: str | None = None
    """The URL that receives OpenTelemetry data. None: OpenTelemetry's own variables decide; without
    them nothing is sent."""


@contextmanager
def watched(
    database: TargetSearch,
    wanted: TelemetryOptions,
    shown: EventListener,
    complain: Callable[[str], None],
    lines: Lines = line,
) -> Iterator[EventListener]:
    """A listener for a block of imports into one database. Raises UsageError.

    Telemetry never ends an import: what goes wrong with it causes one complaint, in a sentence.
    """
    with ExitStack() as stack:
        listeners: list[EventListener] = []
        if wanted.log_format:
            from snapshots.telemetry.logs import log

            listeners.append(log(wanted.log_format, lines))
        if _otlp_wanted(wanted, complain):
            from snapshots.telemetry.traces import traced

            listeners.append(stack.enter_context(traced(wanted.otlp, lines, complain)))
        address = None
        if wanted.metrics_port is not None or wanted.pushgateway:
            from snapshots.telemetry.exposition import pushed, served
            from snapshots.telemetry.metrics import Metrics

            metrics = Metrics(database)
            listeners.append(metrics)
            if wanted.pushgateway:
                stack.enter_context(pushed(metrics, wanted.pushgateway, complain))
            if wanted.metrics_port is not None:
                address = stack.enter_context(
                    served(metrics, wanted.metrics_address, wanted.metrics_port)
                )
        listener = _all([*(_harmless(one, complain) for one in listeners), shown])
        if address:
            listener(Notice(f"metrics are served at {address}"))
        yield listener


def _otlp_wanted(wanted: TelemetryOptions, complain: Callable[[str], None]) -> bool:
    by_variable = next((name for name in _ENDPOINTS if os.environ.get(name)), None)
    if wanted.otlp is None and by_variable is None:
        return False
    there = find_spec("opentelemetry") and find_spec("opentelemetry.exporter")
    if wanted.otlp is not None and not there:
        raise UsageError("--otlp needs OpenTelemetry, which is not installed", hint=_INSTALL)
    if not there:
        complain(f"{by_variable} is set, but OpenTelemetry is not installed; {_INSTALL}")
    return bool(there)


def _all(listeners: list[EventListener]) -> EventListener:
    def listener(event: object) -> None:
        for one in listeners:
            one(event)

    return listener


def _harmless(listener: EventListener, complain: Callable[[str], None]) -> EventListener:
    broken = False

    def heard(event: object) -> None:
        nonlocal broken
        try:
            listener(event)
        except Exception as error:
            if not broken:
                broken = True
                complain(f"telemetry failed: {type(error).__name__}: {error}")

    return heard
