"""The JSON bodies that clients send."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, Strict, model_validator

from snapshots.defaults import (
    MIB,
    ColumnsPolicy,
    Decimals,
    Duplicates,
    Grown,
    InputFormat,
    Mode,
    Nested,
    Publish,
    Ragged,
    options_of,
)
from snapshots.engine.plan.options import Options
from snapshots.engine.queue.request import ImportRequest
from snapshots.formats.options import DialectOptions, by_name
from snapshots.web.problems import in_words

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
        pattern=in_words(
            r"^(?:tab|space|none|\^[A-Z_]|[\x01-\x09\x0b\x0c\x0e-\x1d\x1f-\x7f]?"
            r"|[\x01-\x09\x0b\x0c\x0e-\x1d\x1f-\x2f\x3a-\x40\x5b-\x60\x7b-\x7f]{2,8})$",
            "one ASCII character, two to eight signs such as ||, or tab, space, none or ^A",
        ),
    ),
]
_Character = Annotated[
    str,
    BeforeValidator(_named),
    Field(
        max_length=5,
        pattern=in_words(
            r"^(?:tab|space|none|[\x01-\x09\x0b\x0c\x0e-\x7f]?)$",
            "one ASCII character, or tab, space or none",
        ),
    ),
]


class _Given(BaseModel):
    """A body that refuses unknown members."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    @model_validator(mode="before")
    @classmethod
    def _few(cls, given: Any) -> Any:
        """Refuses a body of too many members, because each unknown one would be named."""
        if isinstance(given, Mapping) and len(given) > _MEMBERS:
            raise ValueError(f"it has {len(given):,} members; the limit is {_MEMBERS}")
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
                raise ValueError("a number in it is too large or not a number")
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


def _like(kind: type, name: str, **limits: Any) -> Any:
    """The default and the meaning of an option, as `Options` or `DialectOptions` has them."""
    known = options_of(kind)[name]
    if isinstance(known.default, tuple):
        return Field(default_factory=list, description=known.meaning, **limits)
    return Field(default=known.default, description=known.meaning, **limits)


_Limit = Annotated[
    str,
    Field(
        pattern=in_words(
            r"^[0-9]{1,12}$|^[0-9]{1,3}(\.[0-9]{1,6})?%$", "a number or a share, such as 500 or 5%"
        )
    ),
]
_YesNo = Annotated[bool, Strict()]
"""JSON's true or false, as the OpenAPI document says; no 0, 1 or "yes"."""
_Date = Annotated[str, Field(max_length=40)]
_Lines = Annotated[int, Field(ge=0, le=1_000_000)]


class DialectRequest(_Given):
    """The format of the input. Members that are left out are detected."""

    input_format: InputFormat | None = _like(DialectOptions, "input_format")
    delimiter: _Delimiter | None = _like(DialectOptions, "delimiter")
    quote: _Character | None = _like(DialectOptions, "quote")
    escape: _Character | None = _like(DialectOptions, "escape")
    terminator: Literal["lf", "cr"] | None = _like(DialectOptions, "terminator")
    encoding: Annotated[str, Field(max_length=40)] | None = _like(DialectOptions, "encoding")
    header: _YesNo | None = _like(DialectOptions, "header")
    preamble: _Lines | None = _like(DialectOptions, "preamble")
    rows_after_header: _Lines | None = _like(DialectOptions, "rows_after_header")
    comment: _Character | None = _like(DialectOptions, "comment")
    skip_initial_space: _YesNo | None = _like(DialectOptions, "skip_initial_space")
    max_record_size: Annotated[int, Field(ge=1024, le=256 * MIB)] | None = _like(
        DialectOptions, "max_record_size"
    )
    ragged: Ragged | None = _like(DialectOptions, "ragged")
    nested_objects: Nested | None = _like(DialectOptions, "nested_objects")


class NewImport(_Given):
    """An import that a client asks for."""

    url: _Text | None = None
    """The URL of the input: http or https. It must not contain a secret."""
    file: _Name | None = None
    """The name of an uploaded file, instead of `url`."""
    table: _Name | None = _like(Options, "table")
    contract: dict[str, Any] | None = _like(Options, "contract")
    dialect: DialectRequest = Field(default_factory=DialectRequest)
    null_values: Annotated[list[_Text], Field(max_length=100)] = _like(Options, "null_values")
    primary_key: Annotated[list[_Name], Field(max_length=100)] = _like(Options, "primary_key")
    columns_changed: ColumnsPolicy = _like(Options, "columns_changed")
    decimals: Decimals = _like(Options, "decimals")
    all_text: _YesNo = _like(Options, "all_text")
    mode: Mode = _like(Options, "mode")
    atomic: _YesNo = _like(Options, "atomic")
    as_of: _Date | None = _like(Options, "as_of")
    allow_empty: _YesNo = _like(Options, "allow_empty")
    max_deletes: _Limit = _like(Options, "max_deletes")
    allow_cascade: _YesNo = _like(Options, "allow_cascade")
    duplicates: Duplicates = _like(Options, "duplicates")
    publish: Publish = _like(Options, "publish")
    keep_undo: Annotated[int, Field(ge=0, le=1000)] = _like(Options, "keep_undo")
    out_of_order: _YesNo = _like(Options, "out_of_order")
    max_rejects: _Limit | None = _like(Options, "max_rejects")
    chunk_size: Annotated[int, Field(ge=1 << 10, le=256 * MIB)] | None = _like(
        Options, "chunk_size"
    )
    lineage: _YesNo = _like(Options, "lineage")
    again: _YesNo = _like(Options, "again")
    grown: Grown = _like(Options, "grown")

    def request(self) -> ImportRequest:
        """The request that the engine queues. Raises UsageError."""
        given = self.model_dump(exclude={"dialect"})
        return ImportRequest.of(**given, dialect=self.dialect.model_dump(exclude_none=True))


class Cancel(_Given):
    """A request to cancel an import."""

    rows: Literal["keep", "undo"] = "keep"
    """What happens to loaded rows. `keep`: they stay, and the import can be resumed. `undo`: they
    are deleted."""


class Resume(_Given):
    """Options for resuming a stopped import."""

    max_rejects: _Limit | None = None
    """The reject limit from now on. It replaces the first one."""
    allow_empty: _YesNo | None = None
    """Whether an input without rows may replace those of the table from now on."""
    max_deletes: _Limit | None = None
    """By how many rows the table may become smaller from now on."""
    allow_cascade: _YesNo | None = None
    """Whether rows of other tables may be deleted or changed with the rows they refer to."""
    publish: Literal["copy"] | None = None
    """`copy`: the rows are copied into the table, even if the import was to rename tables."""
