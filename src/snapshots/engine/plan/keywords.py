"""Options as Python programs give them: by keywords, with paths and numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from snapshots.engine.plan.options import Options
from snapshots.formats.options import DialectOptions

if TYPE_CHECKING:
    import os

_OF_THE_ENGINE: Final = {"dialect", "request", "reload_untouched", "renewed", "access", "tables"}


def import_options(function: str, given: Mapping[str, Any]) -> Options:
    """The options of an import. Raises TypeError for an unknown one, UsageError for one that makes
    no sense."""
    known = {one.name for one in fields(Options)} - _OF_THE_ENGINE
    own = {name: value for name, value in given.items() if name in known}
    words = {name: value for name, value in given.items() if name not in known}
    for name in ("max_deletes", "max_rejects"):
        if own.get(name) is not None:
            own[name] = str(own[name])
    own["contract"] = contract_of(own.get("contract"))
    return Options(dialect=dialect_of(function, words), **own)


def dialect_of(function: str, words: Mapping[str, Any]) -> DialectOptions:
    """How an input is written. Raises TypeError for an unknown word."""
    known = {field.name for field in fields(DialectOptions)}
    if unknown := sorted(set(words) - known):
        names = f"the dialect options are {', '.join(sorted(known))}"
        raise TypeError(f"{function}() has no argument {unknown[0]!r}; {names}")
    return DialectOptions(**words)


def contract_of(
    contract: str | os.PathLike[str] | Mapping[str, Any] | None,
) -> Path | Mapping[str, Any] | None:
    """A contract as a mapping, or as the path of its file."""
    return contract if contract is None or isinstance(contract, Mapping) else Path(contract)
