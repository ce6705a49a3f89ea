"""The kinds of values that options take, besides those that click has."""

from __future__ import annotations

from typing import Any

import click

_UNITS = {"": 1, "b": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}

MOST = (1 << 63) - 1
"""The largest number that may be given: ledgers keep numbers in 64 bits."""
MOST_IN_MEMORY = 1 << 40
"""Bytes of the largest chunk or record: a plan with a larger one could never be carried out."""


class Integer(click.IntRange):
    """A whole number of a range."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Returns the number."""
        try:
            return int(super().convert(value, param, ctx))
        except click.BadParameter:
            huge = str(value).isdecimal() and int(str(value)[:40]) > MOST
            what = f"a number up to {MOST}" if huge else self._what()
            self.fail(f"{str(value)!r} is not {what}", param, ctx)

    def _what(self) -> str:
        if self.max is None or self.max >= MOST:
            return f"a whole number of {self.min} or more"
        return f"a whole number from {self.min} to {self.max}"


class Number(click.FloatRange):
    """A number, with or without a fraction, of a range."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Returns the number."""
        try:
            return float(super().convert(value, param, ctx))
        except click.BadParameter:
            least = "" if self.min is None else f" of {self.min:g} or more"
            self.fail(f"{str(value)!r} is not a number{least}", param, ctx)


class ImportId(Integer):
    """The number of an import."""

    def _what(self) -> str:
        return "the number of an import: see snapshots list"


IMPORT_ID = ImportId(max=MOST)


class Size(click.ParamType[int]):
    """A number of bytes such as 16777216, 16MB or 16MiB; units are powers of 1024.

    >>> Size().convert("16MB", None, None)
    16777216
    """

    name = "size"

    def __init__(self, most: int = MOST) -> None:
        self._most = most

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Returns the number of bytes."""
        if isinstance(value, int):
            return value
        text = str(value).strip().lower().removesuffix("b").removesuffix("i")
        number = text.rstrip("kmgt")
        unit = text[len(number) :]
        digits = number.isascii() and number.isdigit()
        if not digits or unit not in _UNITS or int(number) == 0:
            self.fail(f"{value!r} is not a size such as 16MB", param, ctx)
        size = int(number) * _UNITS[unit]
        if size > self._most:
            self.fail(f"{value!r} is more than may be: {self._most} bytes", param, ctx)
        return size


class SkipRows(click.ParamType[tuple[int, int | None]]):
    """`N` lines before the header, or `N,M`: also M records after it, else as many as detected."""

    name = "n[,m]"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, int | None]:
        """Returns the lines before the header and the records after it (None: detected)."""
        if isinstance(value, tuple):
            return value
        before, _, after = str(value).partition(",")
        numbers = (before.strip(), (after or "0").strip())
        digits = all(number.isascii() and number.isdigit() for number in numbers)
        if not digits or max(map(int, numbers)) > MOST:
            self.fail(
                f"{value!r} is neither N (lines before the header) nor N,M (and M records"
                " after it)",
                param,
                ctx,
            )
        return int(before), int(after) if after else None


def size_text(size: int) -> str:
    """A number of bytes in the largest unit that fits.

    >>> size_text(16 << 20), size_text(1500)
    ('16MB', '1500')
    """
    for unit in "tgmk":
        if size % _UNITS[unit] == 0:
            return f"{size // _UNITS[unit]}{unit.upper()}B"
    return str(size)


class Header(click.ParamType[tuple[str, str]]):
    """A header, written `NAME: VALUE`."""

    name = "header"
    envvar_list_splitter = "\n"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, str]:
        """Returns name and value."""
        if isinstance(value, tuple):
            return value
        name, colon, rest = str(value).partition(":")
        if not colon or not name.strip():
            # It is not repeated: it may be a secret.
            self.fail("a header is written NAME: VALUE", param, ctx)
        return name.strip(), rest.strip()
