"""The command `snapshots sync`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from snapshots.cli import database_options as db
from snapshots.cli import dialect_options, limit_options, output_options, table_options
from snapshots.cli.command import command as a_command
from snapshots.cli.failure import worst
from snapshots.cli.folder_options import folder
from snapshots.cli.options import to_options
from snapshots.cli.signals import ended_by, stopped_by
from snapshots.errors import UsageError
from snapshots.redaction import scheme_of, shown
from snapshots.sources.remote.urls import STORES

if TYPE_CHECKING:
    from snapshots.sources.folder_files import FolderFiles
    from snapshots.sync.after_policy import AfterPolicy
    from snapshots.sync.service import SyncSettings
    from snapshots.sync.watched import Watched


@a_command(
    "sync",
    help="Import every file that is put into a folder, exactly once, until it is stopped.",
    examples=[
        ("Watch the folder data/", "snapshots sync data/ --database localhost:5432"),
        (
            "Import what is there, move it away, and stop",
            "snapshots sync data/ --after-import 'move done/' --once",
        ),
        ("Watch a folder of an object store", "snapshots sync s3://bucket/in/ --rescan 300"),
    ],
)
@click.argument("named", required=False, metavar="[FOLDER]")
@db.database
@folder
@table_options.table
@limit_options.dry_run
@dialect_options.dialect
@limit_options.grown
@limit_options.limits
@limit_options.workers
@limit_options.files_of_sync
@limit_options.cluster
@limit_options.chunk_size
@output_options.telemetry
@output_options.as_json
@db.env_file
@click.pass_context
def command(ctx: click.Context, /, database: str | None, as_json: bool, **given: Any) -> None:
    """Runs until it is stopped. SIGTERM is the ordinary way and gives exit code 0."""
    _check(ctx, given)
    from snapshots import locations, system
    from snapshots.cli.listeners import complain, wanted_of
    from snapshots.cli.sync_log import logged
    from snapshots.cli.sync_output import shown
    from snapshots.sync.service import Sync
    from snapshots.telemetry.setup import watched

    settings = _settings(given)
    wanted = to_options(given)
    place = locations.TargetSearch(database)
    seen = shown(as_json=as_json, quiet=given["log_format"] is not None)
    system.ignore_lease_breaks()
    with watched(place, wanted_of(given), seen, complain, logged) as listener:
        service = Sync(settings, place.target, wanted, listener)
        with stopped_by(service.stop) as codes:
            service.run()
    if settings.once and not codes:
        ctx.exit(worst(sorted(service.exit_codes)))
    ctx.exit(ended_by(codes))


def _check(ctx: click.Context, given: dict[str, Any]) -> None:
    """Takes the folder from where it was named. Raises UsageError for options that do not go
    together."""
    named = given.pop("named")
    if named is not None:
        if ctx.get_parameter_source("data_dir") is ParameterSource.COMMANDLINE:
            raise UsageError(
                "the folder is given twice", hint="name it with --data-dir, or without"
            )
        given["data_dir"] = named
    settle = ctx.get_parameter_source("settle") is ParameterSource.COMMANDLINE
    if settle and scheme_of(given["data_dir"]):
        raise UsageError(
            "--settle is for folders: an object of a store is complete once it is listed",
            hint="leave it out",
        )
    if given["dry_run"] and not given["once"]:
        raise UsageError(
            "--dry-run is for a single pass", hint="say --once, too: sync --once --dry-run"
        )


def _watched(rules: FolderFiles, after: AfterPolicy) -> Watched:
    """What is watched. Raises InputError if it is not there, and UsageError if it cannot be."""
    scheme = scheme_of(rules.path)
    if scheme is None:
        from snapshots.sync.folder import WatchedFolder, absolute, within

        path = absolute(rules.path)
        without = within(after.to, path) if after.to else None
        return WatchedFolder(path, rules.patterns, rules.recursive, without)
    if scheme not in STORES:
        raise UsageError(
            f"Sync cannot watch {scheme}://.",
            place=shown(rules.path),
            hint="It watches folders, and folders of s3://, gs:// and az://.",
        )
    if not after.keeps:
        raise UsageError(
            "--after-import cannot move or delete objects of a store",
            place=rules.path,
            hint="Leave it out. The store itself can delete old objects, by a lifecycle rule.",
        )
    from snapshots.sources.remote.store_folder import StoreFolder
    from snapshots.sync.store import WatchedStore

    folder = StoreFolder(rules.path)
    folder.require()
    return WatchedStore(folder, rules)


def _settings(given: dict[str, Any]) -> SyncSettings:
    from snapshots.sources.folder_files import DEFAULT_PATTERNS, FolderFiles
    from snapshots.sync.after_policy import AfterPolicy
    from snapshots.sync.service import SyncSettings

    after = AfterPolicy.parse(given.pop("after_import"))
    rules = FolderFiles(
        path=given.pop("data_dir"),
        patterns=tuple(given.pop("pattern")) or DEFAULT_PATTERNS,
        recursive=given.pop("recursive"),
    )
    return SyncSettings(
        folder=_watched(rules, after),
        after=after,
        settle=given.pop("settle"),
        rescan=given.pop("rescan"),
        poll=given.pop("poll"),
        once=given.pop("once"),
        files=given.pop("files"),
    )
