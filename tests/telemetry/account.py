"""What the metrics of a database must be, recounted from its ledger by other queries."""

from collections import Counter

from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from snapshots import locations
from tests.support.input_files import rows


def samples(text):
    """The samples of an exposition, by name and labels."""
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def collected(metrics):
    return samples(generate_latest(metrics.registry).decode())


def from_the_ledger(database):
    """Every sample that the ledger decides, in the same form."""
    name = ("database", locations.target(database).display())
    found = {}

    def add(metric, value, **labels):
        found[metric, frozenset([name, *labels.items()])] = value

    chunks = rows(
        database,
        # Rows in a stage count when they are published.
        "SELECT CASE WHEN i.mode IS NULL OR i.state IN ('finished', 'undone')"
        " THEN c.loaded ELSE 0 END,"
        " c.rejected, c.skipped, c.end_offset, c.start_offset"
        " FROM snapshots_chunks c JOIN snapshots_imports i ON i.id = c.import_id"
        " WHERE i.kind = 'import'",
    )
    for n, bucket in enumerate(["loaded", "rejected", "skipped"]):
        add("snapshots_records_total", sum(chunk[n] for chunk in chunks), bucket=bucket)
    add("snapshots_input_bytes_total", sum(chunk[3] - chunk[4] for chunk in chunks))
    rejects = rows(
        database,
        "SELECT r.code FROM snapshots_rejects r JOIN snapshots_imports i ON i.id = r.import_id"
        " WHERE i.kind = 'import'",
    )
    codes = Counter(code for (code,) in rejects)
    for code, count in codes.items():
        add("snapshots_rejects_total", count, code=code)
    sent = rows(
        database,
        "SELECT c.loaded, c.rejected, c.skipped, c.pending FROM snapshots_chunks c"
        " JOIN snapshots_imports i ON i.id = c.import_id WHERE i.kind = 'delivery'",
    )
    for n, bucket in enumerate(["delivered", "rejected", "skipped"]):
        add("snapshots_delivered_records_total", sum(chunk[n] for chunk in sent), bucket=bucket)
    add("snapshots_pending_records", sum(chunk[3] for chunk in sent))
    add("snapshots_unaccounted_records", 0)
    add("snapshots_accounting_mismatches_total", 0)
    return found


def agrees(told, database):
    """Whether samples say what the ledger says, and name no code that it does not have."""
    wanted = from_the_ledger(database)
    names = {name for name, _ in wanted}
    return wanted == {key: value for key, value in told.items() if key[0] in names}
