"""What tries to swallow a whole file, or a machine's memory: through the command itself."""

import sys

import pytest

import snapshots
from process_cost import run
from tests.hostile.case import EVERYWHERE

MILLION = 1_000_000
FIELD = 100_000_000
_MB = 1_000_000

BIG = [
    pytest.param("postgres", {}, marks=pytest.mark.soak),
    pytest.param("mysql", {3: "refused_by_target"}, marks=pytest.mark.soak),
    pytest.param("sqlite", {}),
]
"""MySQL takes no row that is longer than its max_allowed_packet, of 16 MB."""


def load(home, path, *options):
    """The account of the import, its rejects, and the most memory that the command had."""
    command = [sys.executable, "-m", "snapshots", "import", path, "--database", home.url]
    # Some records may be rejected: 3.
    cost = run([*map(str, command), *options], exit_codes=(0, 3))
    record = snapshots.history(home.url)[-1]
    assert record.state == "finished"
    assert record.records == record.loaded + record.rejected
    found = snapshots.rejects(record.import_id, database=home.url)
    return record, {reject.line: reject.code for reject in found}, cost.peak_rss


@pytest.mark.parametrize("home", EVERYWHERE, indirect=True)
def test_an_open_quote_at_line_2_of_a_million_costs_one_record(home, tmp_path):
    path = tmp_path / "open.csv"
    with path.open("wb") as file:
        file.write(b'id,t\n1,"open\n')
        file.writelines(b"%d,x%d\n" % (n, n) for n in range(2, MILLION + 1))
    record, rejects, memory = load(home, path)
    assert (record.records, record.loaded) == (MILLION, MILLION - 1)
    assert rejects == {2: "unterminated_quote"}
    # id is one less than the line.
    asked = "SELECT count(*), sum(id), sum(_line), min(id) FROM open"
    (found,) = home.session.execute(asked)
    whole = MILLION * (MILLION + 1) // 2
    assert tuple(map(int, found)) == (MILLION - 1, whole - 1, whole - 1 + MILLION - 1, 2)
    assert memory < 250 * _MB


@pytest.fixture(scope="module")
def long_field(tmp_path_factory):
    """A record of 100 MB between two short ones."""
    path = tmp_path_factory.mktemp("long") / "long.csv"
    with path.open("wb") as file:
        file.write(b'id,t\n1,a\n2,"')
        file.write(b"y" * FIELD)
        file.write(b'"\n3,c\n')
    return path


@pytest.mark.parametrize("home", EVERYWHERE, indirect=True)
def test_a_field_of_100_mb_is_longer_than_a_record_may_be(home, long_field):
    record, rejects, memory = load(home, long_field, "--table", "usual")
    assert (record.records, record.loaded) == (3, 2)
    assert rejects == {3: "record_too_long"}
    assert [int(n) for (n,) in home.session.execute("SELECT id FROM usual ORDER BY id")] == [1, 3]
    assert memory < FIELD


@pytest.mark.parametrize(("home", "rejected"), BIG, indirect=["home"])
def test_a_field_of_100_mb_where_records_may_be_as_long(home, rejected, long_field):
    record, rejects, memory = load(
        home, long_field, "--table", "raised", "--max-record-size", "200MB", "--again"
    )
    assert rejects == rejected
    assert record.loaded == 3 - len(rejected)
    found = home.session.execute("SELECT id, length(t) FROM raised ORDER BY id")
    lengths = {1: 1, 2: FIELD, 3: 1}
    assert [tuple(map(int, row)) for row in found] == [
        (n, length) for n, length in lengths.items() if n + 1 not in rejected
    ]
    assert memory < 6 * FIELD


def test_lines_of_a_field_that_begins_in_the_head_and_ends_far_away_are_no_records(tmp_path):
    """Nor does detection take them for records, of one column."""
    path = tmp_path / "lines.csv"
    text = "a line of its own\n" * 100_000
    path.write_text(f'id,t\n1,a\n2,"{text}"\n3,c\n')
    done = snapshots.load(path, database=f"sqlite:///{tmp_path}/lines.db")
    assert (done.counts.loaded, done.counts.rejected) == (3, 0)
