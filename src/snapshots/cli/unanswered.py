"""Says which of the known databases gave no answer."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from snapshots.cli.say import say
from snapshots.time_limits import ANSWER_SECONDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from snapshots.engine.history.asking import Unasked
    from snapshots.engine.history.lookup import Listing


def say_unanswered(listing: Listing) -> None:
    """Names on stderr, in one line each, the databases that are silent, refuse, or are gone."""
    silent = [one for one in listing.unasked if one.silent]
    if silent:
        names = ", ".join(one.database for one in silent)
        _say(silent, f"did not answer within {ANSWER_SECONDS:g} s: {names}")
    refusing = [one for one in listing.unasked if not one.silent]
    if refusing:
        _say(refusing, f"could not be asked: {'; '.join(one.why for one in refusing)}")
    if listing.gone:
        verb = "does" if len(listing.gone) == 1 else "do"
        names = ", ".join(listing.gone)
        count = f"{len(listing.gone)} known {_databases(len(listing.gone))}"
        say(f"{count} {verb} not exist any more: {names}{_forget(listing.gone)}", err=True)


def _say(unasked: Sequence[Unasked], what: str) -> None:
    known = [one.database for one in unasked if one.known]
    count = f"{len(unasked)} {_databases(len(unasked))}"
    say(f"{count} {what}{_forget(known)}", err=True)


def _databases(count: int) -> str:
    return "database" if count == 1 else "databases"


def _forget(known: Sequence[str]) -> str:
    """The end of a sentence: how to leave databases out in future."""
    if not known:
        return ""
    if len(known) == 1:
        return f"; forget it with: snapshots forget {quote(known[0])}"
    return "; forget one with: snapshots forget DATABASE"
