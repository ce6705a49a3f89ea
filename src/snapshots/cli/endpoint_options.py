"""The options of `snapshots send` that say where and how rows are sent."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import click

from snapshots.cli.limit_options import again
from snapshots.cli.option import declared, grouped, option, together
from snapshots.cli.option_groups import COLUMNS, DESTINATION, LIMITS, REQUESTS
from snapshots.cli.option_types import MOST_IN_MEMORY, Header, Number, Size
from snapshots.cli.results_name import ResultsName
from snapshots.cli.table_options import contract, null_value, types
from snapshots.defaults import API_KEY_HEADER
from snapshots.engine.plan.access import Access
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
    declared(Access, "basic", "--basic", metavar="NAME:${VARIABLE}"),
    declared(Access, "token_file", "--token-file", metavar="FILE"),
    declared(Access, "auth_command", "--auth-command", metavar="COMMAND"),
    declared(Access, "token_url", "--token-url", metavar="URL"),
    declared(Access, "client_id", "--client-id", metavar="ID"),
    declared(Access, "client_secret", "--client-secret", metavar="${VARIABLE}|@FILE"),
    declared(Access, "scope", "--scope", metavar="TEXT"),
    declared(Access, "audience", "--audience", metavar="TEXT"),
    declared(Access, "client_auth", "--client-auth"),
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
_RATE = together(
    declared(Endpoint, "rate", "--rate", type=Number(), metavar="N"),
    declared(Endpoint, "per_minute", "--per-minute", metavar="N"),
    declared(Endpoint, "per_day", "--per-day", metavar="N"),
)
_PATIENCE = (
    declared(Endpoint, "timeout", "--timeout", type=Number(), metavar="SECONDS"),
    declared(Endpoint, "retry_seconds", "--retry-seconds", type=Number(), metavar="SECONDS"),
)
ROUTE = (
    declared(Endpoint, "proxy", "--proxy", metavar="URL"),
    declared(Endpoint, "ca", "--ca", metavar="FILE"),
    declared(Endpoint, "cert", "--cert", metavar="FILE"),
    declared(Endpoint, "cert_key", "--cert-key", metavar="FILE"),
)
"""How the server is reached."""
_HTTP2 = declared(Endpoint, "http2", "--http2")
_requests = grouped(
    REQUESTS,
    declared(Endpoint, "method", "--method"),
    declared(Endpoint, "method_column", "--method-column", metavar="COLUMN"),
    declared(Endpoint, "changed_method", "--changed-method"),
    declared(Endpoint, "batch", "--batch", metavar="N"),
    declared(Endpoint, "batch_bytes", "--batch-bytes", type=Size(MOST_IN_MEMORY), metavar="SIZE"),
    declared(Endpoint, "body", "--body"),
    declared(Endpoint, "envelope", "--envelope", metavar="NAME"),
    declared(Endpoint, "action_line", "--action-line", metavar="JSON"),
    declared(Endpoint, "nested", "--nested"),
    *_ACCESS,
    _KEY_HEADER,
    declared(Endpoint, "nulls", "--nulls"),
    declared(Endpoint, "results", "--results", type=ResultsName(), metavar="NAME|FILE"),
    declared(Endpoint, "success_path", "--success-path", metavar="POINTER"),
    declared(Endpoint, "success_value", "--success-value", metavar="JSON"),
    declared(Endpoint, "keep", "--keep", metavar="POINTER"),
    _CONCURRENCY,
    _RATE,
    declared(Endpoint, "ordered", "--ordered"),
    *_PATIENCE,
    *ROUTE,
    _HTTP2,
)
_changes = grouped(
    REQUESTS,
    declared(Endpoint, "key", "--key", metavar="COLUMNS"),
    declared(Endpoint, "changed_since", "--changed-since", metavar="COLUMN"),
    declared(Endpoint, "deletes", "--deletes"),
    declared(
        Options,
        "allow_empty",
        "--allow-empty",
        help="With --deletes: accept an input without rows, which deletes all of them.",
    ),
    declared(
        Options,
        "max_deletes",
        "--max-deletes",
        metavar="N|P%",
        help="With --deletes: delete nothing if the input lacks more rows than this number, or this"
        " share of those sent before.",
    ),
)
"""Which rows are sent, if not all."""
requests_again = grouped(REQUESTS, *_ACCESS, _CONCURRENCY, _RATE, *_PATIENCE, *ROUTE, _HTTP2)
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
    _changes,
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
    declared(Options, "show", "--show", group=LIMITS, metavar="N"),
    declared(Options, "first", "--first", group=LIMITS, metavar="N"),
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
    if "key" in known:
        parts = (known["key"] or "").split(",")
        known["key"] = tuple(part.strip() for part in parts if part.strip())
    access = Access(**{one.name: given[one.name] for one in fields(Access)})
    return Endpoint(**{**known, "headers": tuple(headers), "access": access})
