"""The options of `snapshots send` that say where and how rows are sent."""

from __future__ import annotations

import click

from snapshots.cli.options import MOST, again, contract, null_value, option, together, types


class Header(click.ParamType[tuple[str, str]]):
    """`NAME: VALUE`."""

    name = "header"
    envvar_list_splitter = "\n"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, str]:
        """Name and value."""
        if isinstance(value, tuple):
            return value
        name, colon, rest = str(value).partition(":")
        if not colon or not name.strip():
            # It is not repeated: it may be a secret.
            self.fail("a header is written NAME: VALUE", param, ctx)
        return name.strip(), rest.strip()


sending = together(
    option("--to", metavar="URL", required=True, help="Where to: http:// or https://."),
    option(
        "--method",
        type=click.Choice(["POST", "PUT", "PATCH"]),
        default="POST",
        show_default=True,
        help="Of the requests.",
    ),
    option(
        "--batch",
        type=click.IntRange(1, MOST),
        default=1,
        show_default=True,
        metavar="N",
        help="Records of one request; with more than one they are a JSON array.",
    ),
    option(
        "--header",
        type=Header(),
        multiple=True,
        metavar="NAME:VALUE",
        help="May be repeated. A secret is written ${VARIABLE}, or @FILE.",
    ),
    option("--bearer-variable", metavar="NAME", help="The variable that holds a bearer token."),
    option("--api-key-variable", metavar="NAME", help="The variable that holds an API key."),
    option(
        "--api-key-header",
        metavar="NAME",
        default="x-api-key",
        show_default=True,
        help="The header of the API key.",
    ),
    option(
        "--key-header",
        metavar="NAME",
        default="Idempotency-Key",
        show_default=True,
        help="The header of the idempotency key; none: it is not sent.",
    ),
    option(
        "--nulls",
        type=click.Choice(["null", "omit"]),
        default="null",
        show_default=True,
        help="A missing value is null, or its member is left out.",
    ),
    option(
        "--results",
        type=click.Choice(["none", "combocurve"]),
        default="none",
        show_default=True,
        help="How a 207 answer says what became of each record.",
    ),
    option(
        "--concurrency",
        type=click.IntRange(1, 1024),
        default=8,
        show_default=True,
        metavar="N",
        help="Requests at once, at most; fewer while the API asks for less.",
    ),
    option("--rate", type=float, metavar="N", help="Requests per second, at most."),
    option("--ordered", is_flag=True, help="In the order of the input: one request at a time."),
    option(
        "--timeout",
        type=float,
        default=30.0,
        show_default=True,
        metavar="SECONDS",
        help="Of one request.",
    ),
    option(
        "--retry-seconds",
        type=float,
        default=300.0,
        show_default=True,
        metavar="SECONDS",
        help="How long a record is tried again before it is left pending.",
    ),
    contract,
    null_value,
    types,
    option(
        "--columns-changed",
        type=click.Choice(["fail", "ignore"]),
        default="fail",
        show_default=True,
        help="When the input's columns are not the contract's: stop, or send those both have.",
    ),
    option("--dry-run", is_flag=True, help="Check and count everything, send nothing."),
    again,
)
