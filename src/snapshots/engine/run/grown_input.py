"""What is done with an input that begins with what earlier imports of its name have loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from snapshots.engine.input.grown import find
from snapshots.errors import GrownInsideRecord, InputGrown, PartGone

if TYPE_CHECKING:
    from snapshots.engine.input.growth import Growth
    from snapshots.engine.input.identity import KnownInput
    from snapshots.engine.plan.options import Options
    from snapshots.ledger.history import History
    from snapshots.ports import Source


def with_growth(
    known: KnownInput, source: Source, name: str, ledger: History, options: Options
) -> KnownInput:
    """Adds to what is known of an input whether it has grown since it was imported.

    Raises InputGrown where options say that it is to be refused then, GrownInsideRecord where its
    rest cannot be loaded alone, and PartGone if an import of its beginning does not stand.
    """
    if options.grown == "all" or options.versioned or known.imported or known.unfinished:
        return known
    if (gone := known.parts_gone) is not None:
        raise PartGone(
            f"import {gone.import_id} loaded the end of this input, but import {gone.continues},"
            " which it continues, is no longer finished",
            place=name,
            hint="load everything with --grown all; rows that are already in the table are then"
            " there twice",
        )
    growth = find(source, name, ledger, known.likely) if known.may_have_grown else None
    if growth is None:
        return known
    if growth.is_all and growth.unfinished is None:
        # Its bytes are the same without compression alone.
        return replace(known, imported=ledger.entry(growth.parts[-1].import_id))
    _require_usable(growth, name, options)
    if growth.unfinished is not None:
        return replace(known, unfinished=growth.unfinished, grew=True)
    return replace(known, growth=growth)


def _require_usable(growth: Growth, name: str, options: Options) -> None:
    which = _words(growth)
    if options.grown == "refuse":
        raise InputGrown(
            f"the input has grown since {which} loaded it",
            place=name,
            hint="load the new part with --grown tail, or everything again with --grown all",
        )
    if growth.inside_record:
        raise GrownInsideRecord(
            f"the input has grown since {which} loaded it, and the part before may have ended"
            f" inside a record: line {growth.end.line - 1:,} had no line end, or an open quote",
            place=name,
            hint="undo these imports and import the file again; --grown all loads everything"
            " beside their rows",
        )


def about_tail(growth: Growth) -> str:
    """What is said of an import that loads the rest of an input."""
    return (
        f"the input has grown: the part before line {growth.end.line:,} is already loaded"
        f" ({_words(growth)}, {growth.loaded:,} {'row' if growth.loaded == 1 else 'rows'}), so only"
        " the rest is loaded"
    )


def _words(growth: Growth) -> str:
    numbers = [part.import_id for part in growth.parts]
    if growth.unfinished is not None:
        numbers.append(growth.unfinished.import_id)
    if len(numbers) == 1:
        return f"import {numbers[0]}"
    return f"imports {numbers[0]} {'and' if len(numbers) == 2 else 'to'} {numbers[-1]}"
