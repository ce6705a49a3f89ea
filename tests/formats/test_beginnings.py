"""Where a table begins: found, or a question is asked; and what is said ends the question."""

import pytest

from snapshots.errors import DialectError
from snapshots.formats.encoding_guess import detect
from snapshots.formats.sniff import DialectOptions, sniff
from tests.formats import beginnings
from tests.formats.test_kinds import test_kinds as is_read

KINDS = {
    name.lower(): kinds
    for name, kinds in vars(beginnings).items()
    if name.isupper() and isinstance(kinds, list)
}


@pytest.mark.parametrize(
    "kind",
    [
        pytest.param(kind, id=f"{name}-{n}")
        for name, kinds in KINDS.items()
        for n, kind in enumerate(kinds)
    ],
)
def test_beginnings(kind):
    is_read(kind)


@pytest.mark.parametrize(
    ("text", "options", "header"),
    [
        ("# name,city\nAnn,Oslo\nBob,Rome\n", {"preamble": 1}, ("Ann", "Oslo")),
        ("# name,city\nAnn,Oslo\nBob,Rome\n", {"preamble": 0}, ("# name", "city")),
        ("# name,city\nAnn,Oslo\nBob,Rome\n", {"comment": "#"}, ("Ann", "Oslo")),
        ("# name,city\nAnn,Oslo\nBob,Rome\n", {"comment": ""}, ("# name", "city")),
        ("one,two\nthree,four\nfive,six\n1,2\n3,4\n", {"preamble": 2}, ("five", "six")),
        (
            "one,two\nthree,four\nfive,six\n1,2\n3,4\n",
            {"preamble": 0, "rows_after_header": 2},
            ("one", "two"),
        ),
        (
            "one,two\nthree,four\nfive,six\n1,2\n3,4\n",
            {"preamble": 0, "rows_after_header": 0},
            ("one", "two"),
        ),
        ("a,a\n2020,2021\n1,2\n3,4\n", {"rows_after_header": 1}, ("a", "a")),
        ("a,a\n2020,2021\n1,2\n3,4\n", {"rows_after_header": 0}, ("a", "a")),
    ],
)
def test_what_is_said_ends_the_question(text, options, header):
    assert sniff(text.encode()).question is not None
    found = sniff(text.encode(), DialectOptions(**options))
    assert found.question is None
    assert found.header == header
    assert found.dialect.rows_after_header == options.get("rows_after_header", 0)


@pytest.mark.parametrize(
    ("text", "repeated"),
    [
        ("id,name\n1,pen\n2,ink\n", "id,name"),
        ('"id", "name"\n"1", "pen"\n', '"id", "name"'),
        ('id,"a\nb"\n1,x\n2,y\n', '"id","a\nb"'),
        # A text may be the name of its column; a number, or what a file begins with, is not.
        ("name\nAnn\nBob\n", "\ufeffname"),
        ("name,\nAnn,\nBob,\n", "\ufeffname,"),
        ("id\n1\n2\n", "id"),
    ],
)
def test_by_what_a_header_is_known_again(text, repeated):
    assert sniff(text.encode()).dialect.repeated == repeated


@pytest.mark.parametrize(
    "text",
    [
        "id\x1fname\x1e\n1\x1fpen\x1e\n2\x1fink\x1e\n",
        "id\x1fname\x1e\r\n1\x1fpen\x1e\r\n2\x1fink",
    ],
)
def test_two_ends_of_each_record_are_refused(text):
    with pytest.raises(DialectError, match="and a line end"):
        sniff(text.encode())


@pytest.mark.parametrize(
    "text",
    [
        "id,name\n1,José\n2,€ 5\n\x1a",
        "a\n€5\x1a",
        "id,name\n1,José\u2019s\x1a\n2,b\n",
        "price\n5 €\n7 €\x1a\n",
        "id,n\n1,café \u2013 bar\n2,naïve\x1a…\n",
        "id,n\n1,é\n2,ü\n3,…",
    ],
)
def test_windows_1252_is_named_whatever_ends_the_file(text):
    with pytest.raises(DialectError, match="probably cp1252"):
        detect(text.encode("cp1252"))
