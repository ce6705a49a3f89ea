"""SQL as MySQL and MariaDB write it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from snapshots.sql_dialect import NamedLock, SqlDialect, TransactionLock
from snapshots.targets.mysql.quoting import quote

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from snapshots.model import TableColumn, TypeKind

_LOCK_SECONDS = 60
_LOCK_NAME = "CONCAT('snapshots ', LEFT(MD5(DATABASE()), 32))"


class MysqlDialect(SqlDialect):
    """What both servers understand: they have few words in common that are newer than MySQL 5.7."""

    name: ClassVar[str] = "mysql"
    now: ClassVar[str] = "CONCAT(REPLACE(UTC_TIMESTAMP(3), ' ', 'T'), 'Z')"
    # MariaDB does not know FOR SHARE.
    share_lock: ClassVar[str] = " LOCK IN SHARE MODE"
    stay_lock: ClassVar[str] = " LOCK IN SHARE MODE"
    temporary_table: ClassVar[str] = "TEMPORARY TABLE"
    one_snapshot: ClassVar[tuple[str, ...]] = (
        "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ",
        "START TRANSACTION WITH CONSISTENT SNAPSHOT",
    )
    ddl_commits: ClassVar[bool] = True
    # ALTER TABLE commits.
    migration_lock: ClassVar[NamedLock | None] = NamedLock(
        f"SELECT GET_LOCK({_LOCK_NAME}, {_LOCK_SECONDS})", f"SELECT RELEASE_LOCK({_LOCK_NAME})"
    )
    inserted_number: ClassVar[str | None] = "LAST_INSERT_ID()"
    number_step: ClassVar[str] = "@@auto_increment_increment"
    # MariaDB from 10.6 on. Of the columns that it is compared with, it has the character set.
    listed: ClassVar[str] = (
        "SELECT CONVERT(v USING utf8mb4) COLLATE utf8mb4_bin AS v"
        " FROM JSON_TABLE(?, '$[*]' COLUMNS (v varchar(255) PATH '$')) AS listed"
    )
    integer: ClassVar[str] = "SIGNED"
    text: ClassVar[str] = "CHAR"
    # Where a table has no index on the key, MariaDB joins by hashes only if it is told to. Without
    # them, and in two of its plans, each row of one side is compared with all rows of the other.
    for_joins: ClassVar[str] = (
        "SET /*M! join_cache_level = 4, join_buffer_space_limit = 67108864, */"
        " join_buffer_size = 67108864, optimizer_switch = 'loosescan=off,firstmatch=off'"
    )
    for_joins_alone: ClassVar[str] = for_joins
    takes_any_date: ClassVar[bool] = True
    partial_indexes: ClassVar[bool] = False
    deletes_in_any_order: ClassVar[bool] = False
    # An index would have an order of its own.
    stored_order: ClassVar[str | None] = " USE INDEX ()"

    def quote(self, identifier: str) -> str:
        """See `SqlDialect`: names have at most 64 characters of the basic plane."""
        return quote(identifier)

    def transaction_lock(self, number: int) -> TransactionLock | None:
        """See `SqlDialect`: it belongs to the session, and its name to the whole server. Where the
        connection is lost, the server ends the transaction first and then gives the lock back."""
        name = f"SHA1(CONCAT_WS('.', DATABASE(), {number:d}))"
        return TransactionLock(
            f"GET_LOCK({name}, @@innodb_lock_wait_timeout)",
            f"GET_LOCK({name}, 0)",
            f"RELEASE_LOCK({name})",
        )

    def exact(self, column: TableColumn, prefix: str = "") -> str:
        """See `SqlDialect`: of a float the server would send six digits, and of bits the bytes."""
        name = prefix + self.quote(column.name)
        if column.type is not None and column.sql_type.lower().startswith("float"):
            return f"{name} + 0e0"
        return f"{name} + 0" if column.sql_type.lower().startswith("bit") else name

    def byte_length(self, expression: str) -> str:
        """See `SqlDialect`."""
        return f"LENGTH({expression})"

    def or_update(self, key: Sequence[str], columns: Sequence[str]) -> str:  # noqa: ARG002
        """See `SqlDialect`: the server looks at every unique key."""
        news = ", ".join(f"{name} = VALUES({name})" for name in columns)
        return f" ON DUPLICATE KEY UPDATE {news}"

    def alike(self, column: TableColumn, mine: str, theirs: str) -> str:
        """See `SqlDialect`: bytes are compared, for most collations ignore case."""
        kind = None if column.type is None else column.type.kind
        declared = column.sql_type.lower()
        if declared.startswith(("enum", "set")):
            # Their numbers: the empty text may also stand for an invalid one.
            return f"{mine} + 0 <=> {theirs} + 0"
        if self.equal_is_alike(column) or kind == "decimal":
            return f"{mine} <=> {theirs}"
        if kind == "float":
            # 0 equals -0. Texts tell them apart, and take long to make.
            zero = f"{mine} <> 0 OR {self.as_text(mine)} <=> {self.as_text(theirs)}"
            return f"({mine} <=> {theirs} AND ({zero}))"
        if declared == "json":
            mine, theirs = self.as_text(mine), self.as_text(theirs)
        return f"CAST({mine} AS BINARY) <=> CAST({theirs} AS BINARY)"

    def update_matching(
        self,
        table: str,
        stage: str,
        same: str,
        news: Mapping[str, str],
        where: str,
    ) -> str:
        """See `SqlDialect`."""
        changes = ", ".join(f"t.{name} = {value}" for name, value in news.items())
        return f"UPDATE {table} AS t JOIN {stage} AS s ON {same} SET {changes} WHERE {where}"

    def delete_aliased(self, table: str) -> str:
        """See `SqlDialect`: older servers take an alias only so."""
        return f"DELETE t FROM {table} AS t"

    def comparable(self, kind: TypeKind | None, column: str) -> tuple[str, str]:
        """See `SqlDialect`: a decimal would be compared with a text as a float."""
        expression, mark = super().comparable(kind, column)
        return expression, "CAST(? AS DECIMAL(65, 30))" if kind == "decimal" else mark

    def moment(self, mark: str = "?") -> str:
        """See `SqlDialect`."""
        return f"CAST(REPLACE(REPLACE({mark}, 'T', ' '), 'Z', '') AS DATETIME(3))"

    def moment_text(self, expression: str) -> str:
        """See `SqlDialect`."""
        return f"CONCAT(REPLACE(CAST({expression} AS CHAR), ' ', 'T'), 'Z')"


DIALECT = MysqlDialect()
