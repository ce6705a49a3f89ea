"""Finds the input of an import again, and checks that it is the input that was loaded."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from msgspec import Struct, field

from snapshots import inner_names
from snapshots.engine.input.identity import content_hash_of
from snapshots.errors import InputError
from snapshots.redaction import HIDDEN
from snapshots.sources import open_source
from snapshots.sources.remote.access import RemoteAccess

if TYPE_CHECKING:
    from snapshots.engine.plan.plan import Plan
    from snapshots.ledger.entry import Entry
    from snapshots.ports import Source


_STREAMS = {
    inner_names.STDIN: "The input was a stream. Name a file with the same bytes: --input PATH.",
    inner_names.FRAME: "The input was a frame of a program, which the ledger does not keep."
    " Check the counts alone: --counts.",
}


class VerifyOptions(Struct, frozen=True):
    """The options of a verification."""

    input: str | None = None
    """The current path or URL of the input; None if it has not moved."""
    left_out: tuple[str, ...] = ()
    """The names of the columns to leave out."""
    counts: bool = False
    """Check the counts and the rows' number only, without the input."""
    access: RemoteAccess = field(default_factory=RemoteAccess)
    by: str = ""
    """Who asks for the verification; empty for the current user."""


def located(entry: Entry, plan: Plan, options: VerifyOptions) -> tuple[Source | None, str]:
    """Opens the input of an import. Returns it with "", or None with a sentence that says why.

    This check of its bytes is preliminary: the hash of each chunk decides while it is read.
    """
    name = options.input or _name(entry, plan)
    if name is None:
        return None, _STREAMS[entry.input]
    if plan.from_query:
        return None, "The input was the rows of a query, which cannot be read again."
    if options.input is None and HIDDEN in name:
        return None, (
            "The ledger does not store the secret part of the input's URL. Give the complete"
            " URL with --input."
        )
    try:
        source = open_source(name, options.access)
        if _has_other_bytes(source, entry, plan):
            source.close()
            return None, f"{name} is not the input that was loaded: its bytes differ."
    except InputError as error:
        return None, f"The input cannot be read: {error}"
    return source, ""


def _has_other_bytes(source: Source, entry: Entry, plan: Plan) -> bool:
    """Whether the input is certainly another one.

    An input that is compressed, now or when it was loaded, may still have the same bytes after
    decompression. Only the loaded beginning of an input that has grown counts.
    """
    file = not source.remote and source.identity.fingerprint is not None
    if not file or entry.content_hash is None or source.compressed != plan.compressed:
        return False
    return content_hash_of(source, entry.size) != entry.content_hash


def _name(entry: Entry, plan: Plan) -> str | None:
    """Returns the name or path of the input; None for a stream.

    The path is used if the name does not exist, because the current folder may differ.
    """
    if entry.input in _STREAMS:
        return None
    if plan.path is None or os.path.exists(entry.input):  # noqa: PTH110
        return entry.input
    return plan.path
