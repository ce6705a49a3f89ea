"""The options of `snapshots send` that say where and how rows are sent."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import click

from snapshots.cli.limit_options import again
from snapshots.cli.option import declared, grouped, option, together
from snapshots.cli.option_groups import COLUMNS, DESTINATION, LIMITS, REQUESTS
from snapshots.cli.option_types import Header
from snapshots.cli.table_options import contract, null_value, types
from snapshots.defaults import API_KEY_HEADER
from snapshots.engine.plan.endpoint import Endpoint
from snapshots.engine.plan.options import Options

_ACCESS = (
    option(
        "--header",
        type=Header(),
        multiple=True,
        metavar="NAME:VALUE",
        help="Send this header. Write a secret as ${VARIABLE} or @FILE. May be repeated.",
    ),
    option(
        "--bearer-variable",
        metavar="NAME",
        help="The environment variable that holds a bearer token.",
    ),
    option(
        "--api-key-variable", metavar="NAME", help="The environment variable that holds an API key."
    ),
    option(
        "--api-key-header",
        metavar="NAME",
        default=API_KEY_HEADER,
        show_default=True,
        help="The name of the header that carries the API key.",
    ),
)
"""What proves who we are."""
_KEY_HEADER = declared(
    Endpoint,
    "key_header",
    "--key-header",
    metavar="NAME",
    help="The name of the header that carries the idempotency key. none: do not send it.",
)
_CONCURRENCY = declared(Endpoint, "concurrency", "--concurrency", metavar="N")
_RATE = declared(Endpoint, "rate", "--rate", type=float, metavar="N")
_PATIENCE = (
    declared(Endpoint, "timeout", "--timeout", type=float, metavar="SECONDS"),
    declared(Endpoint, "retry_seconds", "--retry-seconds", type=float, metavar="SECONDS"),
)
_requests = grouped(
    REQUESTS,
    declared(Endpoint, "method", "--method"),
    declared(Endpoint, "batch", "--batch", metavar="N"),
    *_ACCESS,
    _KEY_HEADER,
    declared(Endpoint, "nulls", "--nulls"),
    declared(Endpoint, "results", "--results"),
    _CONCURRENCY,
    _RATE,
    declared(Endpoint, "ordered", "--ordered"),
    *_PATIENCE,
)
requests_again = grouped(REQUESTS, *_ACCESS, _CONCURRENCY, _RATE, *_PATIENCE)
"""What a delivery that is known needs to be told again, or may be told anew."""
sending = together(
    option(
        "--to",
        "url",
        group=DESTINATION,
        metavar="URL",
        required=True,
        help="The address of the API: http:// or https://.",
    ),
    _requests,
    contract,
    null_value,
    types,
    declared(
        Options,
        "columns_changed",
        "--columns-changed",
        group=COLUMNS,
        type=click.Choice(["fail", "ignore"]),
        help="What to do if the input's columns differ from the contract's. fail: stop. ignore:"
        " send the columns that both have.",
    ),
    declared(
        Options,
        "dry_run",
        "--dry-run",
        group=LIMITS,
        help="Check and count all records, but send nothing.",
    ),
    again,
)


def to_endpoint(given: dict[str, Any]) -> Endpoint:
    """Where and how rows are sent, from the parameters of `snapshots send`."""
    headers = list(given["header"])
    if variable := given["bearer_variable"]:
        headers.append(("Authorization", f"Bearer ${{{variable}}}"))
    if variable := given["api_key_variable"]:
        headers.append((given["api_key_header"], f"${{{variable}}}"))
    known = {one.name: given[one.name] for one in fields(Endpoint) if one.name in given}
    if known.get("key_header") == "none":
        known["key_header"] = ""
    return Endpoint(**{**known, "headers": tuple(headers)})
