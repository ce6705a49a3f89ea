"""`snapshots share`."""

from __future__ import annotations

import re
from contextlib import closing
from datetime import timedelta
from typing import Any, Final

import click

from snapshots.cli import database_options as db
from snapshots.cli import output_options
from snapshots.cli.command import command as a_command
from snapshots.cli.option import option
from snapshots.cli.option_types import IMPORT_ID, Integer
from snapshots.cli.say import note, say, say_json
from snapshots.errors import UsageError

_SPAN: Final = re.compile(r"(\d{1,4})\s*([hdw])", re.IGNORECASE)
_UNITS: Final = {"h": "hours", "d": "days", "w": "weeks"}


class Span(click.ParamType[timedelta]):
    """For how long something is valid.

    >>> Span().convert("12h", None, None)
    datetime.timedelta(seconds=43200)
    """

    name = "span"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> timedelta:
        """Returns the time between now and its end."""
        if isinstance(value, timedelta):
            return value
        found = _SPAN.fullmatch(str(value).strip())
        if found is None:
            self.fail(f"{value!r} is no span such as 12h or 7d (h, d, w)", param, ctx)
        return timedelta(**{_UNITS[found[2].lower()]: int(found[1])})


@a_command(
    "share",
    help="Make a link with which somebody corrects the rejects of one import.",
    examples=[
        (
            "Make a link that works for 3 days",
            "snapshots share 1 --expires 3d --service https://snapshots.example.org",
        ),
        ("See the links of an import", "snapshots share 1 --list"),
        ("Revoke a link", "snapshots share 1 --revoke 2"),
    ],
)
@click.argument("import_id", type=IMPORT_ID, metavar="ID")
@db.asked_database
@option(
    "--expires",
    type=Span(),
    default="7d",
    show_default=True,
    metavar="SPAN",
    help="For how long the link works: 12h, 7d or 2w, at most 90 days.",
)
@option(
    "--service",
    metavar="URL",
    help="Where people reach the service. Without it, only the path of the link is printed.",
)
@option("--list", "listed", is_flag=True, help="Show the links of the import; make none.")
@option(
    "--revoke",
    type=Integer(1, 1 << 31),
    metavar="N",
    help="Revoke this link of the import; make none.",
)
@output_options.as_json
@db.env_file
def command(
    import_id: int,
    database: str | None,
    expires: timedelta,
    service: str | None,
    listed: bool,
    revoke: int | None,
    as_json: bool,
) -> None:
    """Prints the new link. Only its hash is kept, so it cannot be printed again."""
    from snapshots import locations
    from snapshots.engine.history.locate import database_of
    from snapshots.engine.lease.ledger_session import LedgerSession
    from snapshots.engine.repair import links
    from snapshots.engine.verify.verify import this_user
    from snapshots.ledger.links import of_import

    if listed and revoke is not None:
        raise UsageError("--list and --revoke exclude each other")
    target = locations.target(database_of(import_id, database))
    with closing(LedgerSession(target, create=False, migrate=note)) as session:
        ledger = session.ledger
        if revoke is not None:
            revoked = links.revoke(ledger, import_id, revoke)
        elif not listed:
            new = links.share(ledger, import_id, expires, this_user())
        there = of_import(ledger, import_id) if listed else []
    if listed:
        members = ("import_id", "number", "state", "made_at", "expires_at", "by_whom")
        found = [{name: getattr(one, name) for name in members} for one in there]
        if as_json:
            say_json({"links": found})
        for one in () if as_json else there:
            say(f"link {one.number}: {one.state}, until {one.expires_at}, by {one.by_whom}")
    elif revoke is not None:
        if as_json:
            say_json({"import_id": import_id, "number": revoke, "revoked": bool(revoked)})
        else:
            word = "revoked" if revoked else "did not work any more"
            say(f"import {import_id}: link {revoke} {'is ' if revoked else ''}{word}")
    elif as_json:
        say_json(new.to_object())
    else:
        note(f"link {new.number} works until {new.expires_at}; it is not shown again:")
        say(f"{(service or '').rstrip('/')}{new.path}")
