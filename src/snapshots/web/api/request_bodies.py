"""The JSON bodies that clients send."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from snapshots.engine.queue.request import ImportRequest
from snapshots.formats.options import by_name

DEEPEST: Final = 50
"""The deepest nesting of objects and arrays; a contract has about ten levels."""
_MEMBERS: Final = 100
"""The most members of a request. A contract is checked later, and may have more."""
_Text = Annotated[str, Field(max_length=4096)]
_Name = Annotated[str, Field(min_length=1, max_length=200)]


def _named(given: object) -> object:
    return by_name(given) if isinstance(given, str) else given


_Delimiter = Annotated[
    str,
    BeforeValidator(_named),
    Field(
        max_length=8,
        # One ASCII character, or a few signs; or the name of one.
        pattern=r"^(?:tab|space|none|\^[A-Z_]|[\x01-\x09\x0b\x0c\x0e-\x1d\x1f-\x7f]?"
        r"|[\x01-\x09\x0b\x0c\x0e-\x1d\x1f-\x2f\x3a-\x40\x5b-\x60\x7b-\x7f]{2,8})$",
    ),
]
_Character = Annotated[
    str,
    BeforeValidator(_named),
    Field(max_length=5, pattern=r"^(?:tab|space|none|[\x01-\x09\x0b\x0c\x0e-\x7f]?)$"),
]


class _Given(BaseModel):
    """A body that refuses unknown members."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    @model_validator(mode="before")
    @classmethod
    def _few(cls, given: Any) -> Any:
        """Refuses a body of too many members, because each unknown one would be named."""
        if isinstance(given, Mapping) and len(given) > _MEMBERS:
            raise ValueError(f"it has {len(given):,} members, and {_MEMBERS} are the limit")
        return given


def require_storable(given: object) -> None:
    """Raises ValueError for a value that Python reads from JSON and no database, or no JSON, can
    hold."""
    pieces: list[tuple[object, int]] = [(given, 0)]
    while pieces:
        piece, depth = pieces.pop()
        if depth > DEEPEST:
            raise ValueError(f"it is nested more than {DEEPEST} levels deep")
        if isinstance(piece, str):
            if "\0" in piece or not _is_encodable(piece):
                raise ValueError("a text in it has a NUL, or half a character (\\ud800 to \\udfff)")
        elif isinstance(piece, float):
            if not math.isfinite(piece):
                raise ValueError("a number in it is too large, or none")
        elif isinstance(piece, Mapping):
            pieces += [(inner, depth + 1) for pair in piece.items() for inner in pair]
        elif isinstance(piece, list | tuple):
            pieces += [(inner, depth + 1) for inner in piece]


def _is_encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


class DialectRequest(_Given):
    """How the input is written. What is left out is detected."""

    delimiter: _Delimiter | None = None
    """The text between fields. Empty, or `none`: a record is one field. Also by name: `tab`,
    `space`, `^A`."""
    quote: _Character | None = None
    """The quote character. Empty, or `none`: there are no quotes."""
    escape: _Character | None = None
    terminator: Literal["lf", "cr"] | None = None
    encoding: Annotated[str, Field(max_length=40)] | None = None
    header: bool | None = None
    preamble: Annotated[int, Field(ge=0, le=1_000_000)] | None = None
    """How many lines come before the header."""
    rows_after_header: Annotated[int, Field(ge=0, le=1_000_000)] | None = None
    comment: _Character | None = None
    skip_initial_space: bool | None = None
    max_record_size: Annotated[int, Field(ge=1024, le=256 << 20)] | None = None
    ragged: Literal["reject", "pad"] | None = None
    """`pad`: missing fields at the end of a record are NULL, and empty ones beyond the header are
    dropped."""


class NewImport(_Given):
    """A request for an import."""

    url: _Text | None = None
    """The URL of the input: http or https. Nothing in it may be a secret."""
    file: _Name | None = None
    """The name of an uploaded file, in place of a URL."""
    table: _Name | None = None
    """The table to load into. Default: the input's name without date or number."""
    contract: dict[str, Any] | None = None
    """A Frictionless Table Schema."""
    dialect: DialectRequest = Field(default_factory=DialectRequest)
    null_values: Annotated[list[_Text], Field(max_length=100)] = Field(default_factory=list)
    """Texts that mean NULL, as an empty field does."""
    primary_key: Annotated[list[_Name], Field(max_length=100)] = Field(default_factory=list)
    """The columns of the primary key, for a new table."""
    columns_changed: Literal["fail", "add", "ignore"] = "fail"
    """What to do if the columns of the input are not those of the table."""
    decimals: Literal["float", "exact"] = "float"
    """For a new table: numbers with a fraction become binary floats, or stay exactly as written."""
    all_text: bool = False
    """Make every column of a new table text."""
    max_rejects: Annotated[str, Field(pattern=r"^[0-9]{1,12}$|^[0-9]{1,3}(\.[0-9]{1,6})?%$")] = (
        "10%"
    )
    """Stop past this many rejects, or past this share of the records."""
    mode: Literal["append"] = "append"
    chunk_size: Annotated[int, Field(ge=1 << 10, le=256 << 20)] = 8 << 20
    """Bytes of input that are committed at a time."""
    lineage: bool = True
    """Give the table the columns _import_id and _line."""
    again: bool = False
    """Load the input although the same bytes are loaded already."""

    def order(self) -> ImportRequest:
        """Returns the request for the engine. Raises UsageError."""
        given = self.model_dump(exclude={"mode", "dialect"})
        dialect = self.dialect.model_dump(exclude_none=True)
        lists = {name: tuple(given[name]) for name in ("null_values", "primary_key")}
        return ImportRequest(**{**given, **lists}, dialect=dialect)


class Cancel(_Given):
    """A request to cancel an import."""

    rows: Literal["keep", "undo"] = "keep"
    """What becomes of loaded rows. `keep`: they stay, and the import can be resumed. `undo`: they
    are removed."""


class Resume(_Given):
    """A request to resume an import."""

    max_rejects: (
        Annotated[str, Field(pattern=r"^[0-9]{1,12}$|^[0-9]{1,3}(\.[0-9]{1,6})?%$")] | None
    ) = None
    """The limit of rejects from now on, instead of the one that was asked for first."""
