"""Writes names, tables and columns as SQL, as far as the dialects have it in common.

The types of columns differ: each target has them in its `types.py`.
"""

from __future__ import annotations

import re
from functools import lru_cache
from shlex import quote
from typing import TYPE_CHECKING

from snapshots.errors import ContractError, TargetError
from snapshots.formats import names
from snapshots.model import TableName

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from snapshots.model import Column, Contract


LINEAGE = names.RESERVED
"""The columns that say for each row which import has loaded it, and from which line."""
VALIDITY = names.VALIDITY
"""The columns of a history table that say for each row from when and until when it held."""

_MARK_OR_QUOTED = re.compile(r"""("[^"]*"|`[^`]*`|'[^']*')|\?""")
_PART = re.compile(r'"((?:[^"]|"")+)"|([^."]+)')
_TABLE = re.compile(rf"(?:{_PART.pattern})(?:\.(?:{_PART.pattern}))*")


def quoted(identifier: str, mark: str) -> str:
    """Puts an identifier between quotation marks and doubles those in it. Raises ContractError."""
    if not identifier:
        raise ContractError("The name is empty.")
    if "\0" in identifier:
        raise ContractError(
            f"The name {identifier!r} has a NUL character, which databases do not allow."
        )
    try:
        identifier.encode()
    except UnicodeEncodeError:
        raise ContractError(f"The name {identifier!r} is not valid Unicode.") from None
    return f"{mark}{identifier.replace(mark, mark * 2)}{mark}"


def name_parts(text: str) -> list[str]:
    """Splits a user's `table`, `schema.table` or `"name with a . in it"` at its dots.

    Returns an empty list for a text that is no such name.
    """
    if not _TABLE.fullmatch(text):
        return []
    return [match[1].replace('""', '"') if match[1] else match[2] for match in _PART.finditer(text)]


def written(table: TableName) -> str:
    """Writes a table as a user would, so that `table_name` understands it."""
    return ".".join(
        part if name_parts(part) == [part] and '"' not in part else quoted(part, '"')
        for part in (table.schema, table.name)
        if part
    )


def table_name(
    text: str, *, schemas: bool, own: str | None = None, url: Callable[[str], str] | None = None
) -> TableName:
    """Parses a user's name of a table, in a database that has `schemas` or has none.

    `own` is this database's name, which may stand before a table's name all the same.
    `url` gives the URL of another database, for the hint. Raises TargetError.
    """
    parts = name_parts(text)
    if not parts:
        raise TargetError(
            "The name of the table is not valid.",
            place=text,
            hint='Put names with a dot or a quote between double quotes, and double each " in'
            " them.",
        )
    if len(parts) == 1:
        return TableName(parts[0])
    if not schemas:
        if len(parts) == 2 and parts[0] == own:
            return TableName(parts[1])
        hint = f"""If the dot is part of the name, use --table '"{text}"'."""
        if url is not None and len(parts) == 2:
            other, name = parts
            there = f"--database {quote(url(other))} --table {quote(name)}"
            hint = f"To load into a table of {other}, use {there}. {hint}"
        raise TargetError(
            "The table must be in the database that the URL names.", place=text, hint=hint
        )
    if len(parts) > 2:
        raise TargetError("The name of the table must be table or schema.table.", place=text)
    return TableName(parts[1], parts[0])


def takes_no_rows(table: TableName, what: str) -> TargetError:
    """Returns the error for a view that cannot be loaded."""
    return TargetError(
        f"This is a view, and {what}.",
        place=str(table),
        hint="Name its base table with --table, or choose another name for a new table.",
    )


def name_is_taken(table: TableName, what: str) -> TargetError:
    """Returns the error for a table that cannot be created, because something else has its name."""
    return TargetError(
        f"The table cannot be created: {what} has this name.",
        place=str(table),
        hint="Choose another name with --table.",
    )


@lru_cache(maxsize=512)
def placeholders(sql: str) -> str:
    """Writes each `?` outside of names and texts as `%s`, and doubles each `%`."""
    return _MARK_OR_QUOTED.sub(lambda found: found[1] or "%s", sql.replace("%", "%%"))


def check(contract: Contract, *, lineage: bool, ignore_case: bool, max_columns: int) -> None:
    """Raises ContractError if no table can be created from the contract."""
    if not contract.columns:
        raise ContractError("A table must have at least one column.")
    columns = [column.name for column in contract.columns]
    wanted = len(columns) + (len(LINEAGE) if lineage else 0)
    if wanted > max_columns:
        raise ContractError(
            f"The table would have {wanted} columns, but this database allows at most"
            f" {max_columns}.",
            hint=f"Use --no-lineage, which saves {len(LINEAGE)} columns."
            if len(columns) <= max_columns
            else "Split the file into several with fewer columns each.",
        )
    seen = {name.casefold() if ignore_case else name: name for name in LINEAGE if lineage}
    for name in columns:
        key = name.casefold() if ignore_case else name
        if key in seen:
            raise ContractError(
                f"The columns {seen[key]!r} and {name!r} have the same name for this database.",
                hint="Rename one of them, or use --no-lineage if it is _import_id or _line.",
            )
        seen[key] = name
    for name in contract.primary_key:
        if name not in columns:
            raise ContractError(f"The primary key names {name!r}, which is not a column.")


def column_sql(quote: Callable[[str], str], name: str, sql_type: str, *, required: bool) -> str:
    """Returns one column of CREATE TABLE or ADD COLUMN."""
    return f"{quote(name)} {sql_type}{' NOT NULL' if required else ''}"


def create_table_sql(
    quote: Callable[[str], str],
    table: str,
    contract: Contract,
    sql_types: Iterable[str],
    *,
    lineage: str | None,
    primary_key: Sequence[str],
    suffix: str = "",
) -> str:
    """Returns a CREATE TABLE. `lineage` is the type of `_import_id` and `_line`, or None."""
    parts = [
        column_sql(quote, column.name, sql_type, required=required(contract, column))
        for column, sql_type in zip(contract.columns, sql_types, strict=True)
    ]
    if lineage:
        parts += [column_sql(quote, name, lineage, required=True) for name in LINEAGE]
    if primary_key:
        parts.append(f"PRIMARY KEY ({', '.join(map(quote, primary_key))})")
    parts += [
        f"UNIQUE ({quote(column.name)})"
        for column in contract.columns
        if column.unique and tuple(primary_key) != (column.name,)
    ]
    body = ",\n  ".join(parts)
    return f"CREATE TABLE {table} (\n  {body}\n){suffix}"


def required(contract: Contract, column: Column) -> bool:
    """Returns whether a column is NOT NULL: each column of the primary key is."""
    return column.required or column.name in contract.primary_key
