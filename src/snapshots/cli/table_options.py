"""The options that say which table rows go to, and what its columns are."""

from __future__ import annotations

from snapshots.cli.option import declared, grouped, option, together
from snapshots.cli.option_groups import COLUMNS, DESTINATION
from snapshots.engine.plan.options import Options

contract = declared(Options, "contract", "--contract", group=COLUMNS, metavar="FILE")
layout = declared(
    Options,
    "contract",
    "--contract",
    group=COLUMNS,
    metavar="FILE",
    envvar=None,
    help="A contract with x-start, which says where the fields of a line stand. Its fields without"
    " a type get the one that their values fit.",
)
null_value = declared(
    Options,
    "null_values",
    "--null-value",
    group=COLUMNS,
    multiple=True,
    metavar="TEXT",
    help="Load this text as NULL, as an empty field is. May be repeated.",
)
guards = grouped(
    DESTINATION,
    declared(Options, "allow_empty", "--allow-empty"),
    declared(Options, "max_deletes", "--max-deletes", metavar="N|P%"),
    declared(Options, "allow_cascade", "--allow-cascade"),
)
publish = declared(Options, "publish", "--publish", group=DESTINATION)
types = grouped(
    COLUMNS,
    declared(Options, "decimals", "--decimals"),
    declared(Options, "all_text", "--all-text"),
)
_destination = grouped(
    DESTINATION,
    declared(Options, "table", "--table", metavar="NAME"),
    declared(Options, "mode", "--mode"),
    declared(Options, "atomic", "--atomic"),
    declared(Options, "as_of", "--as-of", metavar="DATE"),
    declared(Options, "duplicates", "--duplicates"),
    publish,
    declared(Options, "keep_undo", "--keep-undo", metavar="N"),
    declared(Options, "out_of_order", "--out-of-order"),
    guards,
    declared(
        Options,
        "primary_key",
        "--primary-key",
        metavar="COLUMNS",
        help="The primary key of a new table, and the key in modes by key: column names with commas"
        " between them.",
    ),
    option(
        "--no-lineage",
        is_flag=True,
        help="Leave out the columns _import_id and _line, which say where a row came from.",
    ),
    declared(Options, "columns_changed", "--columns-changed"),
)
table = together(_destination, contract, null_value, types)
