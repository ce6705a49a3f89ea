"""Reads where an answer has the results of its records: a section of TOML, or a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from snapshots.errors import UsageError
from snapshots.item_results import ItemResults

if TYPE_CHECKING:
    from snapshots.project.toml import Section

_POINTERS = ("status", "success", "error", "code")
KEYS = ("items", "wrapped", *_POINTERS, "success_value", "retry", "conflicts")


def item_results(section: Section) -> ItemResults:
    """Returns the pointers. Raises ProjectError, naming file, line and key."""
    section.only(*KEYS)
    given: dict[str, Any] = {name: section.optional(name) for name in _POINTERS}
    if "success_value" in section:
        given["success_value"] = section.value("success_value")
    try:
        return ItemResults(
            items=section.text("items"),
            wrapped=section.flag("wrapped"),
            retry=section.names("retry"),
            conflicts=section.names("conflicts"),
            **given,
        )
    except UsageError as error:
        key = (error.place or "").rpartition("results.")[2] or None
        raise section.error(key if key in KEYS else None, str(error), error.hint) from error
