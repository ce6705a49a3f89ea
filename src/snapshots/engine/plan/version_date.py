"""The date of a version: that which the user gives, else the one in the file's name."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import PurePath

from snapshots.errors import UsageError

_DATE = re.compile(r"(?<!\d)(\d{4})([-_.]?)(\d{2})\2(\d{2})(?!\d)")
_FIRST_YEAR = 1900


def date_of(name: str, as_of: str | None, now: datetime | None = None) -> str | None:
    """The date of an input's version, as the ledger writes times; None: it is that of the import.

    >>> date_of("data/snapshot_20230603.csv.gz", None)
    '2023-06-03T00:00:00.000Z'

    `as_of` is what the user gives. The last date of a name counts: year first, a real day from 1900
    to tomorrow, in UTC. Raises UsageError for one that is later.
    """
    if as_of is not None:
        return read(as_of)
    tomorrow = (now or datetime.now(UTC)) + timedelta(days=1)
    for match in reversed(list(_DATE.finditer(PurePath(name).name))):
        try:
            found = datetime(int(match[1]), int(match[3]), int(match[4]), tzinfo=UTC)
        except ValueError:
            continue
        if found.year < _FIRST_YEAR:
            continue
        if found > tomorrow:
            raise UsageError(
                f"the date in the name, {found:%Y-%m-%d}, is in the future",
                place=name,
                hint="give the date of this version, for example --as-of 2026-03-01",
            )
        return _written(found)
    return None


def read(text: str, place: str = "--as-of ") -> str:
    """A date or time in ISO 8601, as the ledger writes times. Raises UsageError.

    `place` says in the error where it was given.
    """
    try:
        moment = datetime.fromisoformat(text.strip())
        utc = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise UsageError(
            f"{place}{text!r} is neither a date nor a time",
            hint=f"for instance {place}2026-03-01, or {place}2026-03-01T09:30:00Z",
        ) from None
    return _written(utc)


def shown(moment: str) -> str:
    """A time for people: only its day if it is the beginning of one."""
    return moment.removesuffix("T00:00:00.000Z")


def _written(moment: datetime) -> str:
    return moment.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"
