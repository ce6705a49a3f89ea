"""Names of inputs that are within a file, such as `data.zip#2024/a.csv`, or have no name."""

from __future__ import annotations

import re
from typing import Final

STDIN: Final = "-"
FRAME: Final = "(frame)"
"""What the ledger calls a frame of a program."""

WORKBOOKS: Final = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")
CONTAINERS: Final = (".zip", *WORKBOOKS)
"""Endings of files that hold several inputs. Whether they do is decided by their first bytes."""

_CONTAINER: Final = "|".join(re.escape(ending) for ending in CONTAINERS)
_WORKBOOK: Final = re.compile(
    rf"(?:{'|'.join(map(re.escape, WORKBOOKS))})(?:\?[^#]*)?$", re.IGNORECASE
)
_LOCAL: Final = re.compile(rf"(.*?(?:{_CONTAINER}))#(.*)", re.IGNORECASE | re.DOTALL)
_URL: Final = re.compile(
    rf"([a-z][a-z0-9+.-]*://[^?#]*(?:{_CONTAINER})(?:\?[^#]*)?)#(.*)", re.IGNORECASE | re.DOTALL
)


def nameless(name: str) -> bool:
    """Whether an input has no name of its own, so that no name leads to its bytes.

    >>> nameless("-"), nameless("a.csv")
    (True, False)
    """
    return name in (STDIN, FRAME)


def split(name: str) -> tuple[str, str]:
    """Returns the file of a name, and the name within it; "" if it names the file.

    >>> split("in/data.zip#2024/a.csv"), split("a#1.csv")
    (('in/data.zip', '2024/a.csv'), ('a#1.csv', ''))
    >>> split("https://example.org/data.zip?version=2#a.csv")[1]
    'a.csv'
    """
    found = (_URL if "://" in name else _LOCAL).fullmatch(name)
    return (found[1], found[2]) if found else (name, "")


def joined(file: str, inner: str) -> str:
    """Returns the name of an input that is within a file.

    >>> joined("book.xlsx", "Sales")
    'book.xlsx#Sales'
    """
    return f"{file}#{inner}"


def is_archive(file: str) -> bool:
    """Whether a file or URL is an archive by its name.

    >>> is_archive("in/DATA.ZIP"), is_archive("https://example.org/data.zip?version=2")
    (True, True)
    """
    return split(file + "#x")[1] == "x" and not _WORKBOOK.search(file)
