"""Runs a command on its inputs, and prints each result."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

from snapshots.cli.failure import as_object, fail, worst
from snapshots.cli.listeners import watching
from snapshots.cli.output import print_result, result_object
from snapshots.cli.say import say_json
from snapshots.cli.signals import stopping
from snapshots.errors import CannotConnect, SnapshotsError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from snapshots.engine.events import ImportResult
    from snapshots.engine.plan.options import Options
    from snapshots.engine.run.importer import Importer


def each(
    inputs: tuple[str, ...],
    database: str | None,
    wanted: Options,
    progress: str,
    as_json: bool,
    telemetry: Mapping[str, Any] | None = None,
    asked: str | None = None,
    files: int = 1,
) -> int:
    """Imports or sends each input. Returns the exit code of the most serious outcome.

    `telemetry` has the values of `output_options.telemetry`. If `asked` names a database, the
    inputs are queries that it is asked. `files` inputs are imported at once.
    """
    from snapshots import locations
    from snapshots.engine.run.importer import Importer
    from snapshots.engine.run.many_inputs import import_each
    from snapshots.sources import expand, shown

    names = expand(list(inputs)) if asked is None else list(inputs)
    codes: list[int] = []
    unheard = len(names)
    place = locations.TargetSearch(database)
    target = place.target()
    with (
        stopping() as stop,
        watching(place, telemetry or {}, progress, quiet=as_json) as watched,
        closing(Importer(target, wanted, stop.listen(watched), stop.event)) as importer,
    ):
        if asked is None:
            found = ((shown(name), one) for name, one in import_each(names, importer, files))
        else:
            found = ((_title(query), one) for query, one in _answers(names, asked, importer))
        for name, one in found:
            unheard -= 1
            if isinstance(one, SnapshotsError):
                # Who was told to stop may well find the database away.
                code = failed(name, one, as_json)
                codes.append(stop.code or code)
            else:
                codes.append(ended(name, one, as_json, stop.code, dry_run=wanted.dry_run))
        codes.extend([stop.code] if stop.code and unheard else [])
    return worst(codes)


def _title(query: str) -> str:
    from snapshots.engine.input.query import title

    return title(query)


def _answers(
    queries: Sequence[str], database: str, importer: Importer
) -> Iterator[tuple[str, ImportResult | SnapshotsError]]:
    from snapshots.engine.input.query import open_asked

    options = importer.options
    for query in queries:
        try:
            given = open_asked(query, database, options.contract, options.limit)
            yield query, importer.import_input(given)
        except SnapshotsError as error:
            yield query, error
            if isinstance(error, CannotConnect):
                return
        if importer.stop.is_set():
            return


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
