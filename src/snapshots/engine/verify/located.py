"""Where the input of an import is now, and whether it is still what was loaded."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from snapshots.engine.input.identity import content_hash_of
from snapshots.errors import InputError
from snapshots.redaction import HIDDEN
from snapshots.sources import open_source
from snapshots.sources.remote.access import RemoteAccess

if TYPE_CHECKING:
    from snapshots.engine.plan.plan import Plan
    from snapshots.ledger.entry import Entry
    from snapshots.ports import Source


@dataclass(frozen=True, slots=True)
class VerifyOptions:
    """What a user may ask of a verification."""

    input: str | None = None
    """Where the input is now; None: where it was."""
    left_out: tuple[str, ...] = ()
    """Names of columns that are not compared."""
    counts: bool = False
    """Only what needs no input."""
    access: RemoteAccess = field(default_factory=RemoteAccess)
    by: str = ""
    """Who asks; empty: this user."""


def located(entry: Entry, plan: Plan, options: VerifyOptions) -> tuple[Source | None, str]:
    """The input, open; or None, and a sentence that says why it cannot be had.

    What cannot be known before it is read, the hash of each chunk tells.
    """
    name = options.input or _name(entry, plan)
    if name is None:
        return None, "The input was a stream: --input PATH names a file that has its bytes."
    if plan.from_query:
        return None, "The input was the rows of a query, which is over."
    if options.input is None and HIDDEN in name:
        return None, "The URL of the input has a part that is kept nowhere: give it with --input."
    try:
        source = open_source(name, options.access)
        if _has_other_bytes(source, entry, plan):
            source.close()
            return None, f"{name} is not the input that was loaded: its bytes are others."
    except InputError as error:
        return None, f"The input cannot be read: {error}"
    return source, ""


def _has_other_bytes(source: Source, entry: Entry, plan: Plan) -> bool:
    """Certainly. An input that is compressed now, or was when it was loaded, may have the same
    bytes once it is unpacked. Of one that has grown since, what was loaded is the beginning."""
    file = not source.remote and source.identity.fingerprint is not None
    if not file or entry.content_hash is None or source.compressed != plan.compressed:
        return False
    return content_hash_of(source, entry.size) != entry.content_hash


def _name(entry: Entry, plan: Plan) -> str | None:
    """The input as it was named, or else by its path: this may be another folder."""
    if entry.input == "-":
        return None
    if plan.path is None or os.path.exists(entry.input):  # noqa: PTH110
        return entry.input
    return plan.path
