"""Files of corrections, in process: exported, edited and replayed."""

import csv

import snapshots
from tests.verify.loaded import execute, verify

csv.field_size_limit(1 << 30)


def exported(database, folder, import_id=1, name="fix.csv", **options):
    """The rows of an export, each a list of texts; the header is the first."""
    path = folder / name
    path.unlink(missing_ok=True)
    snapshots.export_rejects(import_id, path, database=database, **options)
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


def written(folder, rows, name="fixed.csv", delimiter=",", encoding="utf-8"):
    """The rows as a file of corrections."""
    path = folder / name
    with path.open("w", newline="", encoding=encoding) as file:
        csv.writer(file, delimiter=delimiter).writerows(rows)
    return path


def edited(rows, changes):
    """The rows with fields changed: by line and name of the column."""
    header, *records = [list(row) for row in rows]
    for record in records:
        for name, text in changes.get(int(record[header.index("_line")]), {}).items():
            record[header.index(name)] = text
    return [header, *records]


def replayed(database, path=None, import_id=1, **options):
    """What replaying has come to: loaded, refused, unchanged, loaded before, and open."""
    found = snapshots.replay(import_id, path, database=database, **options)
    balanced(database)
    return found.loaded, found.refused, found.unchanged, found.already, found.open


def entry(database, import_id=1):
    """The import as the history has it."""
    return next(one for one in snapshots.history(database) if one.import_id == import_id)


def held(database, columns="*", table="t"):
    """The rows of the table, in the order of the input."""
    return execute(database, f"SELECT {columns} FROM {table} ORDER BY _line")


def balanced(database):
    """The account adds up everywhere, and the rejects are those that it counts."""
    ((wrong,),) = execute(
        database,
        "SELECT COUNT(*) FROM snapshots_chunks WHERE records <> loaded + rejected + skipped",
    )
    assert wrong == 0
    for number, *counts in execute(
        database, "SELECT id, records, loaded, rejected, skipped, dismissed FROM snapshots_imports"
    ):
        *sums, dismissed = counts
        found = execute(
            database,
            "SELECT COALESCE(SUM(records), 0), COALESCE(SUM(loaded), 0),"
            " COALESCE(SUM(rejected), 0), COALESCE(SUM(skipped), 0) FROM snapshots_chunks"
            f" WHERE import_id = {number}",
        )
        assert [int(one) for one in found[0]] == sums
        ((rejects, hidden),) = execute(
            database,
            "SELECT COUNT(*), COUNT(dismissed_at) FROM snapshots_rejects"
            f" WHERE import_id = {number}",
        )
        assert (rejects, hidden) == (sums[2], dismissed)


def sound(database, import_id=1, **options):
    """The table holds what the input and the corrections say."""
    report = verify(database, import_id, **options)
    assert report.result == "equal", (report.ledger, report.table, report.differences)
    return report
