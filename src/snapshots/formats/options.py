"""What a user says of how an input is written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class DialectOptions:
    """What a user says of the dialect. None: to be detected; "" for a character: there is none."""

    delimiter: str | None = None
    quote: str | None = None
    escape: str | None = None
    terminator: Literal["lf", "cr"] | None = None
    encoding: str | None = None
    header: bool | None = None
    preamble: int | None = None
    rows_after_header: int | None = None
    comment: str | None = None
    skip_initial_space: bool | None = None
    max_record_size: int | None = None
    ragged: Literal["reject", "pad"] | None = None
