"""Describes an input: the contract that inference chooses for it, and why. It writes nothing."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from snapshots.contract.described import with_evidence
from snapshots.contract.infer import infer
from snapshots.engine.plan.doubts import require_sound, settle
from snapshots.formats.formats import detected
from snapshots.formats.names import clean
from snapshots.sources import open_source

if TYPE_CHECKING:
    from snapshots.engine.plan.options import Options


@dataclass(frozen=True, slots=True)
class Description:
    """An input's contract, as a Table Schema with the evidence in it."""

    input: str
    schema: dict[str, Any]
    records: int
    """Records that the evidence comes from."""
    broken: int
    """Records that were left out, because they cannot be loaded whatever the types are."""
    complete: bool
    """Whether the whole input was read."""
    notes: tuple[str, ...]
    """Sentences about the dialect, the names and the types."""


def describe(name: str, options: Options) -> Description:
    """Reads an input and describes it. Of `options`, those count that say how it is written, how
    its types are chosen, and how much is read.

    All of it is read, up to the limit, in constant memory. Raises InputError and DialectError.
    """
    with closing(open_source(name, options.remote_access)) as source:
        place = source.identity.name
        wanted = options.wanted(place).of(source)
        sniffed = settle(detected(source, options.dialect), None, place)
        names = clean(sniffed.header)
        inferred = infer(
            source,
            sniffed.dialect,
            names,
            missing_values=wanted.missing_values,
            exact=wanted.exact,
            all_text=wanted.all_text,
            thoroughly=True,
            limit=options.limit,
        )
        require_sound(sniffed, wanted.dialect, inferred, place, remote=source.remote)
    contract = wanted.amend(inferred.contract)
    return Description(
        place,
        with_evidence(contract, inferred, place, exact=wanted.exact, all_text=wanted.all_text),
        inferred.records,
        inferred.broken,
        inferred.complete,
        (*sniffed.notes, *names.notes, *inferred.notes),
    )
