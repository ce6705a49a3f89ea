"""What the metrics of a database must be, recounted from its ledger by other queries."""

from collections import Counter

from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from snapshots import locations
from tests.real import rows


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
        "SELECT loaded, rejected, skipped, end_offset, start_offset FROM snapshots_chunks",
    )
    for n, bucket in enumerate(["loaded", "rejected", "skipped"]):
        add("snapshots_records_total", sum(chunk[n] for chunk in chunks), bucket=bucket)
    add("snapshots_input_bytes_total", sum(chunk[3] - chunk[4] for chunk in chunks))
    codes = Counter(code for (code,) in rows(database, "SELECT code FROM snapshots_rejects"))
    for code, count in codes.items():
        add("snapshots_rejects_total", count, code=code)
    add("snapshots_unaccounted_records", 0)
    add("snapshots_accounting_mismatches_total", 0)
    return found


def agrees(told, database):
    """Whether samples say what the ledger says, and name no code that it does not have."""
    wanted = from_the_ledger(database)
    names = {name for name, _ in wanted}
    return wanted == {key: value for key, value in told.items() if key[0] in names}
