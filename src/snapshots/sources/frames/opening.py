"""Decides how a frame is read: through Arrow's C stream interface, or row by row."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias

from snapshots._native import Frame, TypedRows
from snapshots.errors import InputError, UsageError
from snapshots.inner_names import FRAME
from snapshots.sources.columnar import schema_of
from snapshots.sources.frames.polars_types import as_arrow_types
from snapshots.sources.frames.rows import RowRecords
from snapshots.sources.frames.source import HeldFrame, StreamedFrame

if TYPE_CHECKING:
    from snapshots.model import InputSchema
    from snapshots.ports import Source


_LIBRARY: Final = re.compile(
    r"^C Data interface error: (?:Cannot get next batch from input stream\. Error code: \d+\."
    r" Producer error: (?:(?:Unknown error|Invalid): )?)?"
)
"""What a library writes before the reason."""

Row: TypeAlias = Mapping[str, Any] | Sequence[Any]
"""A row of an iterable: a dict by the names of columns, or a tuple by their positions."""


class ArrowFrame(Protocol):
    """A data frame that gives its columns through Arrow's C stream interface."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """The columns, as a capsule with an `ArrowArrayStream`."""


def open_frame(frame: ArrowFrame | Iterable[Row]) -> Source:
    """Opens a frame. What has a length is read twice, so that it is known by its content first.

    Raises InputError if it cannot be read, and UsageError for anything that is no frame.
    """
    if hasattr(frame, "__arrow_c_stream__"):
        frame = as_arrow_types(frame)
        # A relation has a length, too. It is a query, which may give other rows the next time.
        if not hasattr(frame, "__len__") or hasattr(frame, "fetchone"):
            first, typed = _reading(frame), TypedRows()
            return StreamedFrame(_schema(first), _records(first, typed), typed)
        return HeldFrame(_schema(_reading(frame)), lambda typed: _records(_reading(frame), typed))
    if isinstance(frame, Iterable) and not isinstance(frame, str | bytes):
        _require_rows(frame)
        rows = RowRecords(iter(frame))
        if not isinstance(frame, Sequence):
            return StreamedFrame(rows.schema, rows.records())
        return HeldFrame(rows.schema, lambda _: RowRecords(iter(frame)).records())
    made_by = next((name for name in _MAKE_FRAMES if hasattr(frame, name)), None)
    raise UsageError(
        f"An input of type {type(frame).__name__} cannot be loaded.",
        hint=f"Give what its method {made_by}() returns."
        if made_by
        else "Give a path, a URL, a data frame, or an iterable of dicts or tuples.",
    )


_MAKE_FRAMES: Final = ("collect", "to_reader", "scanner")
"""Methods that make a frame of what has no rows yet: of lazy frames and data sets."""


def _require_rows(frame: Any) -> None:
    """Raises UsageError for what looks iterable, but gives no rows."""
    if hasattr(frame, "iterrows"):
        raise UsageError(
            "This pandas cannot give its frames as Arrow columns.",
            hint="Update pandas to 2.2 or later, or give frame.to_dict('records').",
        )
    if isinstance(frame, dict):
        raise UsageError(
            "A dict is one row, not a frame.", hint="Give a list of dicts: [row, row, ...]."
        )


def _stream(frame: Any) -> Any:
    try:
        return frame.__arrow_c_stream__()
    except ImportError as error:
        raise UsageError(
            f"This frame cannot be given as Arrow columns: {error}.",
            hint="Install pyarrow, which pandas needs for it: pip install pyarrow",
        ) from error
    except Exception as error:  # whatever the library raises
        why = ": ".join(str(part).rstrip(".") for part in error.args)
        raise InputError(
            f"This frame cannot be given as Arrow columns: {why}.",
            place=FRAME,
            hint="Give each column a name of its own, and values of one type that Arrow has.",
        ) from error


def _reading(frame: Any) -> Frame:
    with _readable():
        return Frame(_stream(frame))


def _schema(reading: Frame) -> InputSchema:
    with _readable():
        schema = schema_of(reading.columns())
    if not schema.columns:
        raise InputError("The frame has no columns.", place=FRAME, hint="Check what makes it.")
    return schema


def _records(reading: Frame, typed: TypedRows | None) -> Iterator[bytes]:
    with _readable():
        yield from reading.records(typed)


@contextmanager
def _readable() -> Iterator[None]:
    try:
        yield
    except ValueError as error:
        why = _LIBRARY.sub("", str(error).partition(" Detail: ")[0]).rstrip(".")
        if why.endswith("as a Schema"):
            raise UsageError(
                "This is a column, not a frame.", hint="Give a frame that has it: to_frame()."
            ) from error
        raise InputError(
            f"The frame cannot be read: {why}.",
            place=FRAME,
            hint="Convert or leave out these values.",
        ) from error
