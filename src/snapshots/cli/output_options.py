"""The options that say what is shown, and whom else to tell."""

from __future__ import annotations

import click

from snapshots.cli.option import grouped, option
from snapshots.cli.option_groups import OUTPUT, TELEMETRY
from snapshots.cli.option_types import Integer

as_json = option(
    "--json",
    "as_json",
    group=OUTPUT,
    is_flag=True,
    help="Print results as JSON on stdout, one object per line.",
)
progress = option(
    "--progress",
    type=click.Choice(["auto", "plain", "json", "none"]),
    default="auto",
    show_default=True,
    group=OUTPUT,
    help="How to show progress on stderr. auto: a line that is redrawn on a terminal, plain lines"
    " elsewhere.",
)

log_format = option(
    "--log-format",
    type=click.Choice(["text", "json"]),
    group=TELEMETRY,
    help="Write a log on stderr, one line per event.",
)
otlp = option(
    "--otlp",
    metavar="URL",
    group=TELEMETRY,
    help="Send OpenTelemetry traces and logs to this URL. Default: as the OTEL_ variables say.",
)
telemetry = grouped(
    TELEMETRY,
    log_format,
    option(
        "--metrics-port",
        type=Integer(0, 65535),
        metavar="PORT",
        help="Serve Prometheus metrics on this port. 0: any free port, which is shown.",
    ),
    option(
        "--metrics-address",
        metavar="ADDRESS",
        default="127.0.0.1",
        show_default=True,
        help="Serve the metrics on this address. 0.0.0.0: on all of them.",
    ),
    option("--pushgateway", metavar="URL", help="Push the metrics to this Pushgateway at the end."),
    otlp,
)
