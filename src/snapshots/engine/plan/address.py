"""The parts of an address in which records choose something: `https://api/movies/{id}`."""

from __future__ import annotations

import re

# `${VARIABLE}` is looked up once, for all records.
_COLUMN = re.compile(r"(?<!\$)\{([^{}/?#]+)\}")


def parts_of(url: str) -> list[str]:
    """Returns a text, the name of a column, a text, and so on.

    >>> parts_of("https://api/movies/{id}/cast?by=${USER}")
    ['https://api/movies/', 'id', '/cast?by=${USER}']
    """
    return _COLUMN.split(url)


def columns_of(url: str) -> tuple[str, ...]:
    """Returns the columns whose values are parts of the address.

    >>> columns_of("https://api/{kind}/{id}"), columns_of("https://api/movies")
    (('kind', 'id'), ())
    """
    return tuple(parts_of(url)[1::2])
