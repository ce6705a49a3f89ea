"""Files that are versions of a table with history, and what the table then holds."""

import csv

import snapshots
from tests.ledger.older import execute

DATES = [
    "2023-01-01T00:00:00.000Z",
    "2023-03-26T00:59:59.999Z",
    "2023-03-26T01:00:00.000Z",
    "2023-10-29T00:30:00.000Z",
    "2023-10-29T01:30:00.000Z",
    "2024-02-29T00:00:00.000Z",
]
"""Among them the moments at which clocks change in Europe."""
CONTRACT = {
    "fields": [{"name": "id", "type": "integer"}, {"name": "name", "type": "string"}],
    "primaryKey": "id",
    "missingValues": [],
}


def written(path, rows):
    with path.open("w", newline="") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL)
        writer.writerow(["id", "name"])
        writer.writerows(rows.items())
    return path


def published(path, database, date=None, **options):
    """Loads a file as a version of the table `t`, in any case."""
    given = {"max_deletes": "100%", "contract": CONTRACT, "again": True, **options}
    return snapshots.load(
        path, database=database, table="t", mode="history", as_of=date, workers=1, **given
    )


def intervals(database):
    """All rows of the table: key, value, begin and end as the ledger writes times."""
    from snapshots import locations

    dialect = locations.target(database).dialect
    begin, end = (dialect.moment_text(dialect.quote(f"_valid_{one}")) for one in ("from", "to"))
    rows = execute(database, f"SELECT id, name, {begin}, {end} FROM t")
    return sorted(((*row[:2], str(row[2]), row[3] and str(row[3])) for row in rows), key=str)
