"""Sends OpenTelemetry data: a span for each import, one for each of its chunks, and log records.

`--otlp` says where to, or else the variables that every OpenTelemetry program knows, which the SDK
reads itself. The protocol is HTTP with protobuf.
"""

from __future__ import annotations

import logging
import os
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from opentelemetry._logs import SeverityNumber
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Status, StatusCode, set_span_in_context

from snapshots.engine.events import Committed, Failed, ImportResult, Started
from snapshots.plain import plain
from snapshots.telemetry.log_lines import line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from opentelemetry._logs import Logger
    from opentelemetry.context import Context
    from opentelemetry.trace import Span, Tracer

    from snapshots.telemetry.log_lines import Field, Lines, LogLine

_SEVERITY = {
    "info": SeverityNumber.INFO,
    "warning": SeverityNumber.WARN,
    "error": SeverityNumber.ERROR,
}


@contextmanager
def traced(
    endpoint: str | None, lines: Lines, complain: Callable[[str], None]
) -> Iterator[Callable[[object], None]]:
    """Gives a listener; at the end of the block it sends what is not sent yet. None as `otlp`: the
    variables decide."""
    _complain_of_errors(complain)
    # A name that is set in OTEL_SERVICE_NAME or OTEL_RESOURCE_ATTRIBUTES wins.
    named = "OTEL_SERVICE_NAME" in os.environ or "service.name=" in os.environ.get(
        "OTEL_RESOURCE_ATTRIBUTES", ""
    )
    resource = Resource.create({} if named else {SERVICE_NAME: "snapshots"})
    base = None if endpoint is None else endpoint.rstrip("/")
    tracers = TracerProvider(resource=resource)
    loggers = LoggerProvider(resource=resource)
    if os.environ.get("OTEL_TRACES_EXPORTER") != "none":
        spans = OTLPSpanExporter(endpoint=base and f"{base}/v1/traces")
        tracers.add_span_processor(BatchSpanProcessor(spans))
    if os.environ.get("OTEL_LOGS_EXPORTER") != "none":
        records = OTLPLogExporter(endpoint=base and f"{base}/v1/logs")
        loggers.add_log_record_processor(BatchLogRecordProcessor(records))
    try:
        yield _Traces(tracers.get_tracer("snapshots"), loggers.get_logger("snapshots"), lines)
    finally:
        tracers.shutdown()
        loggers.shutdown()


class _Traces:
    """A listener that makes the spans. Each import has its own, so threads do not meet."""

    def __init__(self, tracer: Tracer, logger: Logger, lines: Lines) -> None:
        self._tracer = tracer
        self._logger = logger
        self._line = lines
        self._imports: dict[int, Span] = {}

    def __call__(self, event: object) -> None:
        match event:
            case Started():
                attributes = {
                    f"snapshots.{k}": _encodable(v)
                    for k, v in plain(event).items()
                    if v is not None
                }
                self._imports[event.import_id] = self._tracer.start_span(
                    "import", attributes=attributes
                )
                self._log(event, event.import_id)
            case Committed():
                self._chunk(event)
            case ImportResult(record=record) if record:
                self._log(event, record.import_id)
                self._end(record.import_id, event)
            case Failed():
                self._log(event, event.import_id)
                self._end(event.import_id, event)
            case _:
                self._log(event, None)

    def _chunk(self, event: Committed) -> None:
        began = event.at - event.seconds
        span = self._tracer.start_span(
            "chunk",
            context=self._within(event.import_id),
            start_time=_nanoseconds(began),
            attributes={
                "snapshots.import_id": event.import_id,
                "snapshots.start": event.start,
                "snapshots.end": event.end,
                **{f"snapshots.{k}": v for k, v in plain(event.counts).items()},
            },
        )
        span.end(_nanoseconds(event.at))

    def _end(self, import_id: int | None, event: ImportResult | Failed) -> None:
        """Ends the span of an import; one that was never begun gets a span of no length."""
        span = self._imports.pop(import_id, None) if import_id is not None else None
        span = span or self._tracer.start_span("import")
        log_line = line(event)
        for name, value in (log_line.fields if log_line else {}).items():
            if value is not None:
                span.set_attribute(f"snapshots.{name}", _encodable(value))
        if log_line and log_line.level == "error":
            span.set_status(Status(StatusCode.ERROR, str(log_line.fields.get("message", ""))))
        span.end()

    def _within(self, import_id: int | None) -> Context | None:
        span = self._imports.get(import_id) if import_id is not None else None
        return None if span is None else set_span_in_context(span)

    def _log(self, event: object, import_id: int | None) -> None:
        if log_line := self._line(event):
            self._emit(log_line, self._within(import_id))

    def _emit(self, log_line: LogLine, context: Context | None) -> None:
        now = _nanoseconds(time.time())
        self._logger.emit(
            timestamp=now,
            observed_timestamp=now,
            context=context,
            severity_number=_SEVERITY[log_line.level],
            severity_text=log_line.level.upper(),
            event_name=log_line.event,
            body=str(log_line.fields.get("message") or log_line.event),
            attributes={
                f"snapshots.{k}": _encodable(v) for k, v in log_line.fields.items() if v is not None
            },
        )


def _complain_of_errors(complain: Callable[[str], None]) -> None:
    """Reports the errors that the SDK logs: its retries are of no interest, its defeats are."""

    class Complaints(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            complain(f"OpenTelemetry: {record.getMessage()}")

    logger = logging.getLogger("opentelemetry")
    logger.handlers = [Complaints(logging.ERROR)]
    logger.propagate = False


def _nanoseconds(seconds: float) -> int:
    return int(seconds * 1e9)


def _encodable(value: Field) -> Field:
    """Returns a value as this protocol can have it. The name of a file may be any bytes; a text
    must be UTF-8."""
    return value.encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else value
