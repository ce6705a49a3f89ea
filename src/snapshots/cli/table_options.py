"""The options that say which table rows go to, and what its columns are."""

from __future__ import annotations

from snapshots.cli.option import declared, option, together
from snapshots.cli.option_types import MOST_IN_MEMORY, Size, size_text
from snapshots.defaults import CHUNK_SIZE
from snapshots.engine.plan.options import Options

contract = declared(Options, "contract", "--contract", metavar="FILE")
null_value = declared(
    Options,
    "null_values",
    "--null-value",
    multiple=True,
    metavar="TEXT",
    help="A text that means NULL, as an empty field does; may be repeated.",
)
guards = together(
    declared(Options, "allow_empty", "--allow-empty"),
    declared(Options, "max_deletes", "--max-deletes", metavar="N|P%"),
)
mode = together(
    declared(Options, "mode", "--mode"),
    declared(Options, "atomic", "--atomic"),
    declared(Options, "as_of", "--as-of", metavar="DATE"),
    guards,
)
types = together(
    declared(Options, "decimals", "--decimals"), declared(Options, "all_text", "--all-text")
)
table = together(
    declared(Options, "table", "--table", metavar="NAME"),
    mode,
    declared(
        Options,
        "primary_key",
        "--primary-key",
        metavar="COLUMNS",
        help="The primary key of a new table; comma between columns.",
    ),
    contract,
    null_value,
    types,
    option("--no-lineage", is_flag=True, help="No columns _import_id and _line."),
    declared(Options, "columns_changed", "--columns-changed"),
    declared(
        Options,
        "chunk_size",
        "--chunk-size",
        type=Size(MOST_IN_MEMORY),
        default=size_text(CHUNK_SIZE),
        metavar="SIZE",
    ),
)
