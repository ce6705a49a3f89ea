"""The options, each declared once; every one can also be given as `SNAPSHOTS_...`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from snapshots.errors import UsageError

if TYPE_CHECKING:
    from snapshots.engine.plan.plan import Options

F = TypeVar("F", bound=Callable[..., Any])

_UNITS = {"": 1, "b": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}


MOST = (1 << 63) - 1
"""Of anything that is counted: ledgers keep numbers in 64 bits."""
IMPORT_ID = click.IntRange(max=MOST)
MOST_IN_MEMORY = 1 << 40
"""Of what is held at a time: a plan with a larger chunk could never be carried out."""


class Size(click.ParamType[int]):
    """A number of bytes such as 16777216, 16MB or 16MiB; units are powers of 1024."""

    name = "size"

    def __init__(self, most: int = MOST) -> None:
        self._most = most

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Bytes."""
        if isinstance(value, int):
            return value
        text = str(value).strip().lower().removesuffix("b").removesuffix("i")
        number = text.rstrip("kmgt")
        unit = text[len(number) :]
        digits = number.isascii() and number.isdigit()
        if not digits or unit not in _UNITS or int(number) == 0:
            self.fail(f"{value!r} is not a size such as 16MB", param, ctx)
        size = int(number) * _UNITS[unit]
        if size > self._most:
            self.fail(f"{value!r} is more than may be: {self._most} bytes", param, ctx)
        return size


class SkipRows(click.ParamType[tuple[int, int | None]]):
    """`N` lines before the header; `N,M`: and M records after it, else as many as are found."""

    name = "n[,m]"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, int | None]:
        """Lines before, records after."""
        if isinstance(value, tuple):
            return value
        before, _, after = str(value).partition(",")
        numbers = (before.strip(), (after or "0").strip())
        digits = all(number.isascii() and number.isdigit() for number in numbers)
        if not digits or max(map(int, numbers)) > MOST:
            self.fail(
                f"{value!r} is neither N (lines before the header) nor N,M (and M records"
                " after it)",
                param,
                ctx,
            )
        return int(before), int(after) if after else None


class Option(click.Option):
    """Takes text only: other bytes could be written neither to a ledger nor to a server."""

    def type_cast_value(self, ctx: click.Context, value: Any) -> Any:
        """See click."""
        for given in value if isinstance(value, list | tuple) else (value,):
            if isinstance(given, str) and not is_text(given):
                raise click.BadParameter("it is not UTF-8", ctx, self)
        return super().type_cast_value(ctx, value)


def is_text(given: str) -> bool:
    """Whether what the system handed over was UTF-8: Python keeps other bytes as surrogates."""
    try:
        given.encode()
    except UnicodeEncodeError:
        return False
    return True


def option(*names: str, **settings: Any) -> Callable[[F], F]:
    """A click option that can also be given as an environment variable."""
    long = next(name for name in names if name.startswith("--")).split("/")[0]
    settings.setdefault("envvar", "SNAPSHOTS_" + long[2:].upper().replace("-", "_"))
    return click.option(*names, cls=Option, **settings)


def _read_env_file(_ctx: click.Context, _param: click.Parameter, value: str | None) -> None:
    if value is None:
        return
    try:
        there = Path(value).is_file()
    except OSError as error:
        raise UsageError(f"--env-file {value} cannot be read: {error.strerror}") from error
    if not there:
        raise UsageError(f"--env-file {value}: there is no such file")
    from dotenv import load_dotenv

    try:
        load_dotenv(value, override=False, encoding="utf-8-sig")
    except ValueError as error:  # also what is no UTF-8, and NUL within a value
        raise UsageError(
            f"--env-file {value}: this is no text",
            hint="It has a line NAME=value for each variable.",
        ) from error
    except OSError as error:
        raise UsageError(f"--env-file {value}: it cannot be read: {error.strerror}") from error


def together(*decorators: Callable[[F], F]) -> Callable[[F], F]:
    """Several options as one decorator."""

    def decorate(function: F) -> F:
        for decorator in reversed(decorators):
            function = decorator(function)
        return function

    return decorate


database = option(
    "--database",
    metavar="URL",
    help="postgresql://, mysql://, mariadb:// or sqlite:/// URL, or HOST:PORT, whose server's"
    " greeting decides. Default: sqlite:///snapshots.db.",
)
home = option(
    "--database",
    metavar="URL",
    help="Where the account is kept. Default: sqlite:///snapshots.db.",
)
asked_database = option(
    "--database",
    metavar="URL",
    help="Where to look. Default: every database that was imported into.",
)
as_json = option("--json", "as_json", is_flag=True, help="JSON, one object a line, on stdout.")
env_file = option(
    "--env-file",
    metavar="FILE",
    is_eager=True,
    expose_value=False,
    callback=_read_env_file,
    help="Read variables from a file; those that are set already win.",
)
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

dialect = together(
    option(
        "--delimiter",
        "-d",
        metavar="TEXT",
        help="Between fields; tab, space, ^A; none: a record is one field.",
    ),
    option("--quotechar", "-q", metavar="CHAR", help="Around fields; none: no quoting."),
    option("--escapechar", metavar="CHAR", help="Before a quote or delimiter that is data."),
    option("--encoding", "-e", metavar="NAME", help="Of the input, for instance latin-1."),
    option("--no-headers", is_flag=True, help="The first record is data."),
    option("--headers", is_flag=True, help="The first record is the header."),
    option(
        "--skip-rows",
        type=SkipRows(),
        metavar="N[,M]",
        help="Skip N lines before the header, and M records after it.",
    ),
    option("--comment", metavar="CHAR", help="Lines that begin with it are skipped."),
    option(
        "--skip-initial-space/--no-skip-initial-space",
        default=None,
        help="Ignore spaces after a delimiter, or take them as data.",
    ),
    option(
        "--ragged",
        type=click.Choice(["reject", "pad"]),
        help="Records that are not as wide as the header: reject them; or fill short ones with"
        " NULL and drop empty fields beyond it. Default: reject, but for an empty field at the"
        " end of all.",
    ),
    option(
        "--line-ending",
        type=click.Choice(["lf", "crlf", "cr"]),
        help="What ends a line; lf also takes CR LF.",
    ),
    option(
        "--max-record-size",
        type=Size(MOST_IN_MEMORY),
        default="8MB",
        show_default=True,
        metavar="SIZE",
        help="A longer record is rejected.",
    ),
)

budget = together(
    option(
        "--max-rejects",
        metavar="N|P%",
        default="10%",
        show_default=True,
        help="Stop past so many rejects, or past such a share of the records (from 1,000 on).",
    ),
    option(
        "--stop-on-error",
        is_flag=True,
        help="Stop at the first reject; imports load with one worker then.",
    ),
)
limits = together(
    budget,
    option("--limit", type=click.IntRange(1, MOST), metavar="N", help="Take only N records."),
)
workers = option(
    "--workers",
    type=click.IntRange(1, 64),
    metavar="N",
    help="Connections that load at once. Default: one more than cores, at most 4.",
)
loading = together(
    limits,
    workers,
    option(
        "--connections",
        type=click.IntRange(1, 32),
        default=4,
        show_default=True,
        metavar="N",
        help="Of a URL, parts that are read at once, where its server gives parts.",
    ),
)

contract = option("--contract", metavar="FILE", help="A Frictionless Table Schema, as JSON.")
null_value = option(
    "--null-value",
    multiple=True,
    metavar="TEXT",
    help="Means NULL, as an empty field does; may be repeated.",
)
types = together(
    option(
        "--decimals",
        type=click.Choice(["float", "exact"]),
        default="float",
        show_default=True,
        help="Of a new table: numbers with a fraction as binary floats, or as they are written.",
    ),
    option("--all-text", is_flag=True, help="Every column of a new table is text."),
)
again = option("--again", is_flag=True, help="Take inputs that are already done once more.")
columns = together(
    option("--table", metavar="NAME", help="Default: the file's name without date or number."),
    option(
        "--mode",
        type=click.Choice(["append", "replace", "upsert"]),
        default="append",
        show_default=True,
        help="Only append can be done yet.",
    ),
    option("--primary-key", metavar="COLUMNS", help="Of a new table; comma between columns."),
    contract,
    null_value,
    types,
    option("--no-lineage", is_flag=True, help="No columns _import_id and _line."),
    option(
        "--columns-changed",
        type=click.Choice(["fail", "add", "ignore"]),
        default="fail",
        show_default=True,
        help="When the input's columns are not the table's: stop; add the new ones to the table;"
        " or load those that both have.",
    ),
    option(
        "--chunk-size",
        type=Size(MOST_IN_MEMORY),
        default="8MB",
        show_default=True,
        metavar="SIZE",
        help="Of input that is committed at a time.",
    ),
)
shape = together(
    columns,
    option("--dry-run", is_flag=True, help="Check and count everything, write nothing."),
    again,
)


folder = together(
    option(
        "--data-dir",
        metavar="DIR",
        default="data",
        show_default=True,
        help="The folder to watch.",
    ),
    option(
        "--pattern",
        multiple=True,
        metavar="GLOB",
        help="Names of files to import, compressed ones too; may be repeated. Default: *.csv.",
    ),
    option("--recursive", is_flag=True, help="Also in its subfolders."),
    option(
        "--settle",
        type=click.FloatRange(0),
        default=2.0,
        show_default=True,
        metavar="SECONDS",
        help="Where nothing tells that a file is whole: how long its size and time must be still.",
    ),
    option(
        "--poll",
        type=click.FloatRange(0.05),
        metavar="SECONDS",
        help="Look at the folder so often instead of waiting for events: for network folders.",
    ),
    option(
        "--rescan",
        type=click.FloatRange(0.05),
        default=60.0,
        show_default=True,
        metavar="SECONDS",
        help="Look at all of the folder so often, for what events have missed.",
    ),
    option(
        "--after-import",
        default="keep",
        show_default=True,
        metavar="keep|'move DIR'|delete",
        help="What becomes of a file that is imported.",
    ),
    option("--once", is_flag=True, help="Import what is there, and end."),
)


def to_options(given: dict[str, Any]) -> Options:
    """The engine's options from the command line's. Raises UsageError."""
    from snapshots.cli.dialect_options import to_dialect
    from snapshots.engine.limits import RejectLimit
    from snapshots.engine.plan.plan import Options
    from snapshots.sources.remote.access import RemoteAccess

    mode = given.get("mode", "append")
    if mode != "append":
        raise UsageError(
            f"--mode {mode} cannot be done yet", hint="rows can be appended: --mode append"
        )
    key = given.get("primary_key") or ""
    contract = given.get("contract")
    return Options(
        table=given.get("table"),
        dialect=to_dialect(given),
        contract=Path(contract) if contract else None,
        null_values=tuple(given.get("null_value") or ()),
        budget=RejectLimit.parse(given["max_rejects"]),
        stop_on_error=given["stop_on_error"],
        dry_run=given.get("dry_run", False),
        limit=given.get("limit"),
        workers=given.get("workers"),
        chunk_size=given.get("chunk_size", 8 << 20),
        lineage=not given.get("no_lineage", False),
        again=given.get("again", False),
        columns_changed=given.get("columns_changed", "fail"),
        primary_key=tuple(part.strip() for part in key.split(",") if part.strip()),
        decimals=given.get("decimals", "float"),
        all_text=given.get("all_text", False),
        access=RemoteAccess(connections=given.get("connections", 4)),
    )
