"""What an answer says of one record, or that it does not say it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from snapshots.json_pointer import MISSING, value_at


class RecordResult(Struct, frozen=True):
    """What an answer says of one record."""

    status: int
    """Its HTTP status, or the one that means the same."""
    text: str
    """Why it failed, or the whole result as JSON."""
    own: bool = True
    """Whether the answer itself has the status."""
    item: object = None
    """The result, in which values are looked up."""
    kept: str | None = None
    """The value that is to be kept, as JSON."""

    def kept_at(self, pointer: str) -> RecordResult:
        """Returns the result with the value that a pointer names, if there is one."""
        value = value_at(self.item, pointer)
        return self if value in (MISSING, None) else replace(self, kept=_kept(value))


class UnclearResults(Exception):
    """The body does not say what became of each record; the text says why."""


@dataclass(frozen=True, slots=True)
class PageRefused(Exception):
    """Nothing of the page was taken, and no record in particular is at fault."""

    text: str


def parsed(body: bytes) -> Any:
    """Returns the JSON of a body. NaN, which is none, counts as null. Raises UnclearResults."""
    try:
        return json.loads(body, parse_constant=lambda _: None)
    except (ValueError, RecursionError) as error:
        raise UnclearResults("its body is not JSON") from error


def _kept(value: object) -> str:
    text = json.dumps(value)
    if "\\ud" not in text:
        return text
    # Half of a pair of surrogates is no character: nobody could write it down.
    return json.dumps(json.loads(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")))
