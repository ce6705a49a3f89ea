import pytest

from snapshots.engine.plan.table_name import table_for
from snapshots.errors import UsageError


@pytest.mark.parametrize(
    ("name", "table"),
    [
        ("data/snapshot_20230101.csv", "snapshot"),
        ("data/snapshot_20230603.csv", "snapshot"),
        ("fhvhv_tripdata_2024-01.csv.gz", "fhvhv_tripdata"),
        ("taxi+_zone_lookup.csv", "taxi_zone_lookup"),
        ("x_2024-01-01T00:00.csv.zst", "x"),
        ("report (2).csv", "report"),
        ("sales20240131.csv", "sales"),
        ("q1.csv", "q1"),
        ("20230101.csv", "t_20230101"),
        ("données.csv", "données"),
        ("no_ending", "no_ending"),
        ("snapshots_imports.csv", "snapshots_imports_data"),
        ("a" * 200 + ".csv", "a" * 60),
    ],
)
def test_table_from_name(name, table):
    assert table_for(name, None) == table


def test_given_table_wins():
    assert table_for("data/a_2023.csv", "b_2024") == "b_2024"


@pytest.mark.parametrize(
    ("name", "given"), [("-", None), ("+++.csv", None), ("a.csv", "snapshots_rejects")]
)
def test_no_table_can_be_made(name, given):
    with pytest.raises(UsageError):
        table_for(name, given)
