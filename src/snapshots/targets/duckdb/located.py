"""Finds the target for a URL. DuckDB's driver is an extra, and is imported only then."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

from snapshots.errors import CannotConnect

if TYPE_CHECKING:
    from snapshots.locations import Location
    from snapshots.ports import Target


def target(location: Location) -> Target:
    """The target for a location of kind `duckdb`. Raises CannotConnect if there is no driver."""
    if find_spec("duckdb") is None:
        raise CannotConnect(
            "DuckDB databases need the Python package duckdb, which is not installed.",
            hint="Install it: pip install 'snapshots[duckdb]'",
        )
    from snapshots.targets.duckdb.target import target

    return target(location)
