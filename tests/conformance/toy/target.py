"""The toy itself: what it has of its own, and SQLite's parts for the rest."""

from dataclasses import dataclass
from pathlib import Path

from snapshots.errors import CannotConnect, NoDatabase
from snapshots.locations import Location
from snapshots.row_encoding import SQLITE_VALUES
from snapshots.targets.sql import ddl
from snapshots.targets.sql.target import SqlTarget
from snapshots.targets.sqlite.catalog import SqliteCatalog
from snapshots.targets.sqlite.own_keys import SqliteOwnKeys
from snapshots.targets.sqlite.page_cost import SqlitePageCost
from snapshots.targets.sqlite.publishing import SqlitePublishing
from snapshots.targets.sqlite.referencing_keys import SqliteReferencingKeys
from snapshots.targets.sqlite.session import SqliteSession
from snapshots.targets.sqlite.stored_rows import SqliteStoredRows
from snapshots.targets.sqlite.table_names import SqliteTableNames
from snapshots.targets.sqlite.types import physical, sql_type
from tests.conformance.toy.dialect import ToyDialect


def target(location):
    return ToyTarget(Path(location.database).absolute())


@dataclass(frozen=True)
class ToyTarget(
    SqliteCatalog,
    SqliteTableNames,
    SqlitePageCost,
    SqliteOwnKeys,
    SqlitePublishing,
    SqliteReferencingKeys,
    SqlTarget,
):
    """See `ports.Target`."""

    path: Path

    dialect = ToyDialect()
    max_columns = 2000
    encoding = SQLITE_VALUES
    writers = 1

    def encoding_for(self, session, shape):
        return SQLITE_VALUES

    def display(self):
        return Location("toy", database=str(self.path)).url()

    def connect(self, *, create=True):
        if not create and not self.path.exists():
            raise NoDatabase("There is no toy.", place=str(self.path), hint="Make one.")
        if not self.path.parent.is_dir():
            raise CannotConnect("No folder for a toy.", place=str(self.path), hint="Make one.")
        return SqliteSession(self.path)

    def read_rows(self, session, shape, rows, shown):
        return SqliteStoredRows(self.path, session, shape, rows, shown)

    def table_name(self, text):
        return ddl.table_name(text, schemas=False, own="main", url=lambda _: "toy:///PATH")

    def sql_type(self, kind):
        return sql_type(kind)

    def physical_types(self, contract):
        return [physical(column.type) for column in contract.columns]

    def add_columns(self, session, table, columns):
        for column in columns:
            super().add_columns(session, table, [column])
