"""Runs a command on its inputs, one after the other, and prints each result."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from snapshots.cli.failure import as_object, fail, worst
from snapshots.cli.listeners import watching
from snapshots.cli.output import print_result, result_object
from snapshots.cli.say import say_json
from snapshots.cli.signals import stopping
from snapshots.errors import CannotConnect, SnapshotsError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from snapshots.engine.events import ImportResult
    from snapshots.engine.plan.options import Options
    from snapshots.ports import Source


def each(
    inputs: tuple[str, ...],
    database: str | None,
    wanted: Options,
    progress: str,
    as_json: bool,
    telemetry: Mapping[str, Any] | None = None,
    asked: str | None = None,
) -> int:
    """Imports or sends each input. Returns the exit code of the most serious outcome.

    `telemetry` has the values of `output_options.telemetry`. If `asked` names a database, the
    inputs are queries that it is asked.
    """
    from snapshots import locations
    from snapshots.engine.plan.table_name import in_order
    from snapshots.engine.run.importer import import_input
    from snapshots.sources import expand, shown

    names = expand(list(inputs)) if asked is None else list(inputs)
    names = in_order(names, wanted)
    codes: list[int] = []
    place = locations.TargetSearch(database)
    target = place.target()
    with stopping() as stop, watching(place, telemetry or {}, progress, quiet=as_json) as watched:
        listener = stop.listen(watched)
        for named in names:
            name = shown(named) if asked is None else _title(named)
            try:
                given = named if asked is None else _asked(named, asked, wanted)
                result = import_input(given, target, wanted, listener, stop.event)
            except SnapshotsError as error:
                code = failed(name, error, as_json)
                # Who was told to stop may well find the database away.
                codes.append(stop.code or code)
                if stop.event.is_set() or isinstance(error, CannotConnect):
                    break
                continue
            codes.append(ended(name, result, as_json, stop.code, dry_run=wanted.dry_run))
            if stop.event.is_set():
                break
    return worst(codes)


def _title(query: str) -> str:
    from snapshots.engine.input.query import title

    return title(query)


def _asked(query: str, database: str, wanted: Options) -> Source:
    from snapshots.engine.input.query import open_asked

    return open_asked(query, database, wanted.contract, wanted.limit)


def failed(name: str, error: SnapshotsError, as_json: bool) -> int:
    """Prints why there is no result, and returns the exit code."""
    if as_json:
        say_json({"input": name, "outcome": "failed", "error": as_object(error)})
    if not error.place:
        error.place = name
    return fail(error)


def ended(
    name: str,
    result: ImportResult,
    as_json: bool,
    signal_code: int | None,
    *,
    dry_run: bool = False,
) -> int:
    """Prints how an input ended, and returns the exit code."""
    if as_json:
        say_json(result_object(name, result))
    else:
        print_result(name, result, dry_run=dry_run, with_table=False)
    return signal_code if result.exit_code == 130 and signal_code else result.exit_code
