"""Imports to verify, in process: a file, its table, and what verifying it says."""

from contextlib import closing

import snapshots
from snapshots import locations
from snapshots.engine.verify.located import VerifyOptions
from snapshots.engine.verify.verify import verify_import


def execute(database, *statements):
    """Each of the statements; the rows of the last."""
    rows = []
    with closing(locations.target(database).connect()) as session:
        for statement in statements:
            rows = session.execute(statement)
    return rows


def load(database, path, **options):
    """The number of the import, which has loaded the file into the table `t`."""
    result = snapshots.load(path, database=database, table="t", **options)
    assert result.outcome == "finished", result
    return result.record.import_id


def verify(database, import_id=1, say=lambda _: None, **options):
    """The report."""
    return verify_import(import_id, locations.target(database), VerifyOptions(**options), say)


def told(report):
    """The differences, as tuples."""
    return [(one.kind, one.line, one.column, one.expected, one.found) for one in report.differences]


def numbers(folder, rows=1000, name="numbers.csv"):
    """A file of rows that are easily told apart; the record `n` is on line n + 2."""
    path = folder / name
    path.write_text("id,name\n" + "".join(f"{n},name {n}\n" for n in range(rows)))
    return path
