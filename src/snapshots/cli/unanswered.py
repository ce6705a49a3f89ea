"""Says which of the known databases gave no answer."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from snapshots.cli.say import say
from snapshots.time_limits import ANSWER_SECONDS

if TYPE_CHECKING:
    from snapshots.engine.history.lookup import Listing


def say_unanswered(listing: Listing) -> None:
    """Names on stderr, in one line each, the databases that are silent, refuse, or are gone."""
    silent = [one.database for one in listing.unasked if one.silent]
    if silent:
        _say(silent, f"did not answer within {ANSWER_SECONDS:g} s: {', '.join(silent)}")
    refusing = [one for one in listing.unasked if not one.silent]
    if refusing:
        why = "; ".join(f"{one.database} ({one.error.message.rstrip('.')})" for one in refusing)
        _say([one.database for one in refusing], f"could not be asked: {why}")
    if listing.gone:
        verb = "does" if len(listing.gone) == 1 else "do"
        _say(listing.gone, f"{verb} not exist any more: {', '.join(listing.gone)}")


def _say(databases: list[str], what: str) -> None:
    count = f"{len(databases)} known database{'s' if len(databases) > 1 else ''}"
    which = quote(databases[0]) if len(databases) == 1 else "DATABASE"
    forget = f"forget {'it' if len(databases) == 1 else 'one'} with: snapshots forget {which}"
    say(f"{count} {what}; {forget}", err=True)
