"""What the options of a command ask of the engine."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

from snapshots.cli.dialect_options import to_dialect
from snapshots.engine.plan.options import Options


def to_options(given: dict[str, Any]) -> Options:
    """The engine's options from a command's parameters; what a command lacks has its default.

    Raises UsageError if a value makes no sense.
    """
    known = {one.name: given[one.name] for one in fields(Options) if one.name in given}
    if "primary_key" in known:
        parts = (known["primary_key"] or "").split(",")
        known["primary_key"] = tuple(part.strip() for part in parts if part.strip())
    if known.get("contract"):
        known["contract"] = Path(known["contract"])
    return Options(
        **{**known, "dialect": to_dialect(given), "lineage": not given.get("no_lineage", False)}
    )
