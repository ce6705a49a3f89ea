"""The values of `--since`: a date, a time, or how long ago."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import click

_AGO: Final = re.compile(r"(\d{1,6})\s*([smhdw])", re.IGNORECASE)
_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


class Since(click.ParamType[str]):
    """A moment, as the ledger writes times.

    >>> Since().convert("2026-03-01", None, None)
    '2026-03-01T00:00:00.000Z'
    """

    name = "when"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Returns the moment in UTC."""
        text = str(value).strip()
        try:
            if ago := _AGO.fullmatch(text):
                unit = _UNITS[ago[2].lower()]
                moment = datetime.now(UTC) - timedelta(**{unit: int(ago[1])})
            else:
                moment = datetime.fromisoformat(text)
                moment = moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
        except (ValueError, OverflowError):
            self.fail(
                f"{value!r} is no date such as 2026-03-01, no time such as 2026-03-01T09:30, and"
                " no span such as 12h or 2d (s, m, h, d, w)",
                param,
                ctx,
            )
        return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
