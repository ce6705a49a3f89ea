"""The options that say what is shown, and whom else to tell."""

from __future__ import annotations

import click

from snapshots.cli.option import option, together

as_json = option("--json", "as_json", is_flag=True, help="JSON, one object a line, on stdout.")
progress = option(
    "--progress",
    type=click.Choice(["auto", "plain", "json", "none"]),
    default="auto",
    show_default=True,
    help="How to show progress on stderr.",
)

log_format = option(
    "--log-format",
    type=click.Choice(["text", "json"]),
    help="Log on stderr: a line for each event that matters.",
)
otlp = option(
    "--otlp",
    metavar="URL",
    help="Send OpenTelemetry traces and logs there. Default: by the OTEL_ variables.",
)
telemetry = together(
    log_format,
    option(
        "--metrics-port",
        type=click.IntRange(0, 65535),
        metavar="PORT",
        help="Serve Prometheus metrics; 0 takes a free port and says which.",
    ),
    option(
        "--metrics-address",
        metavar="ADDRESS",
        default="127.0.0.1",
        show_default=True,
        help="Where to serve them; 0.0.0.0 is everywhere.",
    ),
    option("--pushgateway", metavar="URL", help="Push the metrics to a Pushgateway at the end."),
    otlp,
)
