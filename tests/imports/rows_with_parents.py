"""Tables whose rows refer to rows of the same table, and the account of what became of each."""

from snapshots import locations
from tests.ledger.older import execute


def kind(database):
    return locations.target(database).name


def made(database, *statements):
    session = locations.target(database).connect()
    for statement in statements:
        session.execute(statement)
    session.close()


def people(database, deferred=False):
    """A table whose rows refer to rows of it."""
    lineage = "_import_id bigint, _line bigint"
    later = " DEFERRABLE INITIALLY DEFERRED" if deferred else ""
    if kind(database) == "mysql":
        made(
            database,
            f"CREATE TABLE t (id int PRIMARY KEY, pid int, {lineage},"
            " CONSTRAINT of_t FOREIGN KEY (pid) REFERENCES t (id))",
        )
    else:
        made(
            database, f"CREATE TABLE t (id int PRIMARY KEY, pid int REFERENCES t{later}, {lineage})"
        )


def written(folder, lines, header="id,pid"):
    path = folder / "t.csv"
    path.write_text("".join(f"{line}\n" for line in (header, *lines)))
    return path


def account(database):
    """The table's rows by `_line`, the rejects by line, and proof that the ledger says the same."""
    ((number,),) = execute(database, "SELECT MAX(id) FROM snapshots_imports")
    rows = dict(execute(database, "SELECT _line, id FROM t WHERE _import_id = ?", number))
    rejects = dict(
        execute(database, "SELECT line, code FROM snapshots_rejects WHERE import_id = ?", number)
    )
    chunks = execute(
        database,
        "SELECT start_line, end_line, records, loaded, rejected, skipped FROM snapshots_chunks"
        " WHERE import_id = ?",
        number,
    )
    assert chunks
    for first, end, records, loaded, rejected, skipped in chunks:
        assert records == loaded + rejected + skipped
        assert loaded == sum(first <= line < end for line in rows)
        assert rejected == sum(first <= line < end for line in rejects)
    return rows, rejects
