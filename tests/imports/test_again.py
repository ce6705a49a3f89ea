"""A header that comes again is no data, however it is spelled and whatever the columns hold."""

import pytest

from tests.imports.test_doubts import load, make  # noqa: F401  (fixtures)
from tests.support.input_files import rows

AB = [("Ann", "Oslo"), ("Bob", "Rome")]


@pytest.fixture(autouse=True)
def _own_state(tmp_path, monkeypatch):
    monkeypatch.setenv("SNAPSHOTS_STATE_DIR", str(tmp_path / "state"))


SPELLINGS = [
    "name,city\nAnn,Oslo\nname,city\nBob,Rome\n",
    'name,city\nAnn,Oslo\n"name","city"\nBob,Rome\n',
    '"name","city"\n"Ann","Oslo"\nname,city\n"Bob","Rome"\n',
    "\ufeffname,city\nAnn,Oslo\n\ufeffname,city\nBob,Rome\n",
    '\ufeff"name","city"\n"Ann","Oslo"\n\ufeff"name","city"\n"Bob","Rome"\n',
    "name,city\r\nAnn,Oslo\r\n name, city\r\nBob,Rome\r\n",
]


@pytest.mark.parametrize("headers", [None, True])
@pytest.mark.parametrize("text", SPELLINGS)
def test_over_texts(load, database, text, headers):  # noqa: F811
    done = load(text, **({} if headers is None else {"header": headers}))
    assert sorted(rows(database, "SELECT name, city FROM t")) == AB
    assert (done.counts.records, done.counts.rejected) == (3, 1)
    assert done.rejects_by_code == {"repeated_header": 1}


@pytest.mark.parametrize("text", SPELLINGS)
def test_into_a_table_that_exists(load, make, database, text):  # noqa: F811
    make("CREATE TABLE t (name varchar(20), city varchar(20))")
    done = load(text)
    assert sorted(rows(database, "SELECT name, city FROM t")) == AB
    assert done.rejects_by_code == {"repeated_header": 1}


def test_the_names_of_a_table_decide_where_the_records_do_not(load, make, database):  # noqa: F811
    make("CREATE TABLE t (name varchar(20), city varchar(20))")
    done = load("name,city\nAnn,Oslo\nBob,Rome\nname,city\n")
    assert sorted(rows(database, "SELECT name, city FROM t")) == AB
    assert done.rejects_by_code == {"repeated_header": 1}


@pytest.mark.parametrize(
    ("text", "loaded", "rejected"),
    [
        ("name\nAnn\nname\nBob\n", ["Ann", "Bob", "name"], 0),
        ("name\nAnn\n\ufeffname\nBob\n", ["Ann", "Bob"], 1),
    ],
)
def test_in_one_column_of_texts_it_may_be_a_value(load, database, text, loaded, rejected):  # noqa: F811
    done = load(text, header=True)
    assert sorted(rows(database, "SELECT name FROM t")) == [(one,) for one in loaded]
    assert done.counts.rejected == rejected


def test_in_one_column_of_numbers_it_is_none(load, database):  # noqa: F811
    done = load("id\n1\nid\n2\n")
    assert sorted(rows(database, "SELECT id FROM t")) == [(1,), (2,)]
    assert done.rejects_by_code == {"repeated_header": 1}


def test_a_line_end_after_the_last_record_separator_costs_nothing(load, database):  # noqa: F811
    done = load("id\x1fname\x1e1\x1fp\nen\x1e2\x1fink\x1e\n")
    assert sorted(rows(database, "SELECT id, name FROM t")) == [(1, "p\nen"), (2, "ink")]
    assert (done.counts.rejected, done.counts.skipped) == (0, 1)


@pytest.mark.parametrize(
    ("text", "loaded", "skipped"),
    [
        ("# made, by\n# on, monday\nid,val\n1,2\n3,4\n", [(1, 2), (3, 4)], 2),
        ("Report,Sales\nDate,2024-01-01\nid,val\n1,2\n3,4\n", [(1, 2), (3, 4)], 2),
        ("id,val\n2020,2021\nq1,q2\n1,2\n3,4\n", [(1, 2), (3, 4)], 2),
    ],
)
def test_what_is_no_data_is_skipped_and_counted(load, database, text, loaded, skipped):  # noqa: F811
    done = load(text)
    assert sorted(rows(database, "SELECT id, val FROM t")) == loaded
    assert (done.counts.rejected, done.counts.skipped) == (0, skipped)
