"""The kinds of sentences that a user is told about an input before it is loaded.

All of them are texts, so that who only passes them on need not tell them apart. A plain text is
worth reading: it says what changes the data, or what is in doubt.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator


class DetailNote(str):
    """What was found as expected. The command line shows it with `-v`."""

    __slots__ = ()


class ReadingNote(str):
    """How an input is read, and its columns, in one line that stands for the details.

    >>> ReadingNote.of(["comma", "header", "UTF-8"], ["id integer", "name text"])
    'comma, header, UTF-8; 2 columns: id integer, name text'
    """

    __slots__ = ("columns", "written")
    written: str
    """How the input is written, such as `comma, header, UTF-8`."""
    columns: tuple[str, ...]
    """Name and type of each column."""

    @classmethod
    def of(cls, written: Iterable[str], columns: Iterable[str]) -> ReadingNote:
        """Makes the line from its parts."""
        how, names = ", ".join(written), tuple(columns)
        line = cls(f"{how}; {number_of(len(names))}: {', '.join(names)}")
        line.written, line.columns = how, names
        return line


def number_of(number: int, what: str = "column") -> str:
    """Returns a number of things in words.

    >>> number_of(1), number_of(2000, "row")
    ('1 column', '2,000 rows')
    """
    return f"{number:,} {what}" + ("" if number == 1 else "s")


def few(notes: Iterable[str], what: str, most: int = 3) -> Iterator[str]:
    """Yields the first notes of one kind as they are, the others as details, and how many there
    are.

    >>> list(few(["a", "b", "c"], "columns are renamed", 1))
    ['a', 'b', 'c', '2 more columns are renamed: -v names them']
    """
    more = 0
    for number, note in enumerate(notes):
        if number < most or isinstance(note, DetailNote):
            yield note
        else:
            more += 1
            yield DetailNote(note)
    if more:
        yield f"{more:,} more {what}: -v names them"
