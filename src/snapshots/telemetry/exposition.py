"""Gives metrics to others: serves them to Prometheus, or pushes them to a Pushgateway."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    ProcessCollector,
    generate_latest,
    push_to_gateway,
    start_http_server,
)
from prometheus_client.exposition import basic_auth_handler, default_handler

from snapshots.errors import UsageError
from snapshots.hosts import no_name
from snapshots.redaction import shown
from snapshots.telemetry.lasting_metrics import lasting
from snapshots.time_limits import PUSH_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from urllib.parse import SplitResult

    from snapshots.telemetry.metrics import Metrics

JOB = "snapshots"


def exposition(metrics: Metrics) -> Callable[[], tuple[bytes, str]]:
    """Returns a function for a server that answers by itself. It gives the metrics as text, and the
    type of that text."""
    ProcessCollector(registry=metrics.registry)
    return lambda: (generate_latest(metrics.registry), CONTENT_TYPE_LATEST)


@contextmanager
def served(metrics: Metrics, address: str, port: int) -> Iterator[str]:
    """Serves the metrics within the block, and gives their URL; port 0 takes a free port. Raises
    UsageError if it cannot.
    """
    ProcessCollector(registry=metrics.registry)
    try:
        server, thread = start_http_server(port, address, metrics.registry)
    except (OSError, UnicodeError) as error:
        why = no_name(address) or getattr(error, "strerror", None) or error
        raise UsageError(
            f"cannot serve metrics at {address}:{port}: {why}",
            hint="choose another --metrics-port or --metrics-address; port 0 takes a free one",
        ) from error
    try:
        host = f"[{address}]" if ":" in address else address
        yield f"http://{host}:{server.server_port}/metrics"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def pushed(metrics: Metrics, gateway: str, complain: Callable[[str], None]) -> Iterator[None]:
    """Pushes the lasting metrics at the end of the block, however it ends: one group for each
    database.

    A Pushgateway that is away causes a complaint. It is no reason for an import to fail.
    """
    try:
        place = urlsplit(gateway if "://" in gateway else f"http://{gateway}")
        good = place.scheme in {"http", "https"} and place.hostname and place.port != 0
    except ValueError:
        good = False
    if not good or no_name(place.hostname or ""):
        raise UsageError(
            "--pushgateway needs a URL", hint="for example --pushgateway http://localhost:9091"
        )
    asked = place._replace(netloc=place.netloc.rpartition("@")[2]).geturl()
    try:
        yield
    finally:
        try:
            push_to_gateway(
                asked,
                JOB,
                lasting(metrics.registry),
                {"database": metrics.database},
                timeout=PUSH_SECONDS,
                handler=_handler(place),
            )
        except OSError as error:
            complain(f"cannot push the metrics to {shown(asked)}: {error}")


def _handler(place: SplitResult) -> Callable[..., Callable[[], None]]:
    if place.username is None:
        return default_handler
    user, password = unquote(place.username), unquote(place.password or "")

    def handler(
        url: str, method: str, timeout: float | None, headers: list[tuple[str, str]], data: bytes
    ) -> Callable[[], None]:
        return basic_auth_handler(url, method, timeout, headers, data, user, password)

    return handler
