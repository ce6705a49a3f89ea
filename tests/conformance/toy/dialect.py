"""SQL as the toy writes it: other words than SQLite's dialect has, wherever there are some."""

from pathlib import Path

from snapshots.sql_dialect import SqlDialect
from snapshots.targets.sql import ddl


class ToyDialect(SqlDialect):
    """See `SqlDialect`."""

    name = "toy"
    now = "(date('now') || 'T' || strftime('%H:%M:%f', 'now') || 'Z')"
    row_lock = " /* FOR UPDATE */"
    share_lock = " /* FOR SHARE */"
    stay_lock = " /* FOR KEY SHARE */"
    listed = "SELECT value AS v FROM json_each(?) AS listed LIMIT -1"
    integer = "INTEGER"
    text = "VARCHAR"
    types_are_binding = False

    @property
    def ledger_scripts(self):
        return Path(__file__).parent / "ledger"

    def quote(self, identifier):
        if len(identifier.encode("utf-8", "surrogatepass")) > 1000:
            raise ddl.ContractError("The name is too long.")
        return ddl.quoted(identifier, "`")

    def byte_length(self, expression):
        return f"LENGTH(CAST({expression} AS BLOB))"

    def limit(self, most, skip=0):
        return f" LIMIT {skip:d}, {most:d}"

    def alike(self, column, mine, theirs):
        return f"(typeof({mine}) = typeof({theirs}) AND {mine} COLLATE BINARY IS {theirs})"

    def equal_is_alike(self, column):
        return False

    def comparable(self, kind, column):
        if kind == "decimal":
            return f"({column} + 0.0)", "(? + 0.0)"
        if kind == "timestamptz":
            return f"REPLACE({column}, 'Z', '')", "?"
        return super().comparable(kind, column)

    def bound(self, value, text):
        if isinstance(value, int) and value >= 1 << 63:
            return float(value)
        return super().bound(value, text)
