"""Who hears of an import: the progress on stderr, and telemetry."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from snapshots.cli import verbosity
from snapshots.cli.progress import reporter
from snapshots.cli.say import say_error
from snapshots.redaction import without_secrets
from snapshots.telemetry.setup import LOOPBACK, TelemetryOptions, watched

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from snapshots.engine.events import Listener
    from snapshots.locations import TargetSearch


@contextmanager
def watching(
    database: TargetSearch, given: Mapping[str, Any], progress: str, *, quiet: bool = False
) -> Iterator[Listener]:
    """Gives the listener for imports into one database, as the options ask for it.

    `given` has the values of `output_options.telemetry`; `quiet` leaves notices out.
    """
    wanted = wanted_of(given)
    # A log says what plain lines would say; a bar among its lines would be torn.
    if wanted.log_format and progress == "auto":
        progress = "none"
    with (
        reporter(progress, quiet=quiet) as shown,
        watched(database, wanted, shown, complain) as listener,
    ):
        yield listener


def wanted_of(given: Mapping[str, Any]) -> TelemetryOptions:
    """The settings of telemetry, from the values of `output_options.telemetry`."""
    return TelemetryOptions(
        log_format=given.get("log_format"),
        metrics_port=given.get("metrics_port"),
        metrics_address=given.get("metrics_address", LOOPBACK),
        pushgateway=given.get("pushgateway"),
        otlp=given.get("otlp"),
    )


def complain(text: str) -> None:
    """Prints a warning about telemetry."""
    if not verbosity.is_quiet():
        say_error(without_secrets(text), word="warning")
