"""The options that a doubt names were tried: the first one reads the input as it is meant."""

import re

import pytest

import snapshots
from snapshots.cli.dialect_options import to_dialect
from snapshots.cli.import_ import command
from snapshots.errors import DialectError
from tests.support.input_files import rows

_OPTION = re.compile(r"""--([a-z-]+) ("'"|'[^']*'|\d+,\d+|[^\s,.]+)""")


def _named(hint):
    """The options of a hint, as they are given from Python."""
    found = []
    for name, value in _OPTION.findall(hint):
        text = value.strip('"') if value.startswith('"') else value.strip("'")
        given = text
        if name == "skip-rows":
            lines, _, after = text.partition(",")
            given = (int(lines), int(after) if after else None)
        (param,) = [one.name for one in command.params if f"--{name}" in one.opts]
        dialect = to_dialect({param: given})
        said = {one: getattr(dialect, one) for one in dialect.__dataclass_fields__}
        found.append({one: value for one, value in said.items() if value is not None})
    return found


@pytest.fixture
def load(tmp_path, sqlite_url, monkeypatch):
    monkeypatch.setenv("SNAPSHOTS_STATE_DIR", str(tmp_path / "state"))

    def loaded(text, table, **options):
        path = tmp_path / f"{table}.csv"
        path.write_text(text)
        snapshots.load(
            path, database=sqlite_url, table=table, lineage=False, max_rejects="100%", **options
        )
        return rows(sqlite_url, f"SELECT * FROM {table}")

    return loaded


SINGLE = [
    ("id,t\n1,'don''t, x'\n2,'a, b'\n", [(1, "don't, x"), (2, "a, b")]),
    ("id;t\n1;'x; y'\n2;'it''s; so'\n", [(1, "x; y"), (2, "it's; so")]),
    ("id,name\n1,'Smith, Ann'\n2,'O'Hara, Bob'\n3,'D'Angelo'\n", [(1, "Smith, Ann")]),
    ("id,t\n1,'rock, 'n' roll'\n2,'x'\n3,'don't, stop'\n", [(2, "x")]),
    ("# x, y\n# z, w\nid,t\n1,'don''t, x'\n2,'a, b'\n", [(1, "don't, x"), (2, "a, b")]),
    ("n,t,u\n1,'a, b',x\n2,'don''t, c',y\n", [(1, "a, b", "x"), (2, "don't, c", "y")]),
]
REMARKS = [
    ("# x\n# y\nid name\n1 pen\n2 ink\n", [(1, "pen"), (2, "ink")]),
    ("# x\na:b\n1:2\n3:4\n", [(1, 2), (3, 4)]),
    ("# k: v\n# l: w\na b\n1 2\n3 4\n", [(1, 2), (3, 4)]),
    ("# 1,2;3\na b\n1 2\n3 4\n", [(1, 2), (3, 4)]),
    ("% made\n% today\na b\n1 2\n3 4\n", [(1, 2), (3, 4)]),
]
QUOTES = [
    ('a,b\n1,"x"y\n2,"z"w\n', [(1, '"x"y'), (2, '"z"w')]),
    ('a,b\n1,"x" or\n2,"z" and\n3,"y" not\n', [(1, '"x" or'), (2, '"z" and'), (3, '"y" not')]),
    ('a,b,c\n1,"x" z,3\n2,"y" w,4\n', [(1, '"x" z', 3), (2, '"y" w', 4)]),
    ('a,b\n1,"6" pipe\n2,"4" pipe\n', [(1, '"6" pipe'), (2, '"4" pipe')]),
    ('id,t\n1,"A" grade\n2,"B" grade\n3,C\n', [(1, '"A" grade'), (2, '"B" grade'), (3, "C")]),
]
RAGGED = [
    ("a,b,c\n1,2\n3,4\n5,6\n", [(1, 2, None), (3, 4, None), (5, 6, None)]),
    ("a,b,c\n1,2\n3,4,,\n5,6\n", [(1, 2, None), (3, 4, None), (5, 6, None)]),
    ("day,rain\n1,5\n2,6,7\n3\n4\n", [(1, 5), (3, None), (4, None)]),
    ("a;b;c;d\n1;2\n3;4;5\n6\n", [(1, 2, None, None), (3, 4, 5, None), (6, None, None, None)]),
    ("a\tb\tc\n1\n2\n3\t4\n", [(1, None, None), (2, None, None), (3, 4, None)]),
]
TITLES = [
    ("junk\nx\nid;n\n1;2\n2;3\n3\n", [(1, 2), (2, 3)]),
    ("junk\nx\nid|n\n1|2\n2|3\n4|5|6\n", [(1, 2), (2, 3)]),
    ("report\nof today\nid;n\n1;2\n2;3\n3;4\n4\n5\n", [(1, 2), (2, 3), (3, 4)]),
]
BEGINNINGS = [
    "# name,city\nAnn,Oslo\nBob,Rome\n",
    "# depth\n5\n6\n7\n",
    "Report,Sales\nid,amount\n1,2.5\n2,3.5\n3,4.5\n",
    "one,two\nthree,four\nfive,six\n1,2\n3,4\n",
    "a,a\n2020,2021\n1,2\n3,4\n",
    "Sales,Sales,Cost\n1,2,1\nq1,q2,q1\n10,20,30\n11,21,31\n",
]
ABOVE = [
    "-- made by\na,b;c\n1,2;3\n4,5;6\n",
    "% made, by\na,b;c\n1,2;3\n4,5;6\n",
    "Report of May\n\na,b;c\n1,2;3\n4,5;6\n",
    "-- made by\nid name\n1 pen\n2 ink\n",
    "// made, by\na:b\n1:2\n3:4\n",
]
FIXED = [
    "id name\n-- ----\n 1 pen\n 2 ink\n",
    "id          name        \n----------- ------------\n          1 pen         \n",
    "NAME   READY  STATUS\npod-a  1/1    Running\npod-b  0/1    Pending\n",
    "id  name\n--  ----\n1   pen\n2   ink\n",
    "a    b\n1    2\n3    4\n",
    "id   first name   last name\n---- ------------ ---------\n1    Ann Mary     Lee\n",
    "id   name      n\n1    pen       5\n2    red ink   7\n",
]


@pytest.mark.parametrize(
    ("option", "text", "wanted"),
    [
        *(("--quotechar", *case) for case in SINGLE),
        *(("--comment", *case) for case in REMARKS),
        *(("--quotechar none", *case) for case in QUOTES),
        *(("--ragged pad", *case) for case in RAGGED),
        *(("--skip-rows", *case) for case in TITLES),
    ],
)
def test_the_first_option_reads_it_right(load, option, text, wanted):
    with pytest.raises(DialectError) as caught:
        load(text, "asked")
    assert caught.value.hint.startswith(f"Use {option}")
    assert load(text, "read", **_named(caught.value.hint)[0]) == wanted


@pytest.mark.parametrize(
    "text",
    [text for case in (SINGLE, REMARKS, QUOTES, RAGGED, TITLES) for text, _ in case] + FIXED,
)
def test_every_option_ends_the_doubt(load, text):
    with pytest.raises(DialectError) as caught:
        load(text, "asked")
    named = _named(caught.value.hint)
    assert named
    assert {"delimiter": ""} in named
    for number, option in enumerate(named):
        if set(option) == {"delimiter"} or number == 0:
            assert load(text, f"t{number}", **option)


@pytest.mark.parametrize("text", BEGINNINGS + ABOVE)
def test_every_option_for_where_a_table_begins_loads_it(load, text):
    with pytest.raises(DialectError) as caught:
        load(text, "asked")
    named = _named(caught.value.hint)
    assert len(named) > 1
    found = [load(text, f"t{number}", **option) for number, option in enumerate(named)]
    assert all(found)
    assert not any("made" in str(row) for table in found for row in table)


@pytest.mark.parametrize(
    ("text", "option", "wanted"),
    [
        (ABOVE[0], {"delimiter": ";"}, [("1,2", 3), ("4,5", 6)]),
        (ABOVE[1], {"delimiter": ","}, [(1, "2;3"), (4, "5;6")]),
        (ABOVE[2], {"delimiter": ";"}, [("1,2", 3), ("4,5", 6)]),
        (ABOVE[3], {"delimiter": " "}, [(1, "pen"), (2, "ink")]),
        (ABOVE[4], {"delimiter": ":"}, [(1, 2), (3, 4)]),
        (BEGINNINGS[2], {"preamble": 1}, [(1, 2.5), (2, 3.5), (3, 4.5)]),
        (BEGINNINGS[3], {"preamble": 0, "rows_after_header": 2}, [(1, 2), (3, 4)]),
    ],
)
def test_a_table_is_read_from_its_beginning_by_the_option(load, text, option, wanted):
    assert load(text, "t", **option) == wanted


@pytest.mark.parametrize("text", FIXED)
def test_of_fixed_places_no_delimiter_is_made(load, text):
    with pytest.raises(DialectError, match="fixed positions") as caught:
        load(text, "asked")
    assert "sqlcmd -s" in caught.value.hint
    assert "space" not in caught.value.hint
    assert load(text, "lines", delimiter="") == [(line,) for line in text.splitlines()[1:]]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("#id\n1\n2\n", [(1,), (2,)]),
        ("#tag\nfoo bar\nbaz qux\n", [("foo bar",), ("baz qux",)]),
        ("name\n----\nAnn\nBob\n", [("Ann",), ("Bob",)]),
    ],
)
def test_what_is_no_doubt(load, text, found):
    assert load(text, "t") == found
