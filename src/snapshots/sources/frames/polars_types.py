"""Types of polars that Arrow does not have, or that polars gives it in another form."""

from __future__ import annotations

import sys
from typing import Any, Final

from snapshots.errors import InputError
from snapshots.inner_names import FRAME

_NOT_LOADED: Final = {
    "Object": "objects of Python",
    "Int128": "integers of 128 bits",
    "UInt128": "integers of 128 bits",
}


def as_arrow_types(frame: Any) -> Any:
    """A frame of polars with texts for its columns of type Null: polars gives these a buffer, which
    they do not have in Arrow. Any other frame as it is.

    Raises InputError for a column of which Arrow would get addresses, not values.
    """
    polars = sys.modules.get("polars")
    if polars is None or not isinstance(frame, polars.DataFrame):
        return frame
    texts = {}
    for name, kind in frame.schema.items():
        if what := _NOT_LOADED.get(kind.base_type().__name__):
            raise InputError(
                f'Column "{name}" has {what}, which cannot be loaded.',
                place=FRAME,
                hint="Convert the column to texts or decimals, or leave it out.",
            )
        if (text := _with_texts(polars, kind)) != kind:
            texts[name] = text
    return frame.cast(texts) if texts else frame


def _with_texts(polars: Any, kind: Any) -> Any:
    """A type with texts in place of Null, also within lists and structs."""
    if kind == polars.Null:
        return polars.String()
    if isinstance(kind, polars.List):
        return polars.List(_with_texts(polars, kind.inner))
    if isinstance(kind, polars.Array):
        return polars.Array(_with_texts(polars, kind.inner), kind.size)
    if isinstance(kind, polars.Struct):
        return polars.Struct(
            [polars.Field(one.name, _with_texts(polars, one.dtype)) for one in kind.fields]
        )
    return kind
