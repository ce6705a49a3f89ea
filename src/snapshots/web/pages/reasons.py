"""Ranks the reject codes of an import, each with a link to its records."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Mapping


class RejectReason(Struct, frozen=True):
    """A code, and how many records it rejected."""

    code: str
    count: int
    width: float
    """The width of its bar, in percent of that of the most frequent code."""
    link: str
    chosen: bool


def ranked(import_id: int, by_code: Mapping[str, int], chosen: str | None) -> list[RejectReason]:
    """Returns the reasons in the order given. The link of the chosen one leads back to all."""
    most = max(by_code.values(), default=1)
    return [
        RejectReason(
            code=code,
            count=number,
            width=round(100 * number / most, 1),
            link=link(import_id, code=None if code == chosen else code),
            chosen=code == chosen,
        )
        for code, number in by_code.items()
    ]


def link(import_id: int, *, code: str | None = None, after: int | None = None) -> str:
    """Returns the URL of an import's rejects: those of one code, those past a byte."""
    query = urlencode({k: v for k, v in (("code", code), ("after", after)) if v is not None})
    return f"/imports/{import_id}{'?' if query else ''}{query}#rejects"
