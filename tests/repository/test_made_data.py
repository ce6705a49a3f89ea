"""What is invented in tests/data has the oddities for which it stands, and anybody can make it."""

from collections import Counter

import pytest

from tests.data_makers import MADE, made
from tests.support.input_files import DATA, ROOT, data

OWN = {"made", "workbooks"}
FOREIGN = sorted(path.name for path in DATA.iterdir() if path.is_dir() and path.name not in OWN)


def test_the_files_are_what_is_made():
    assert {path.name: path.read_bytes() for path in MADE.iterdir()} == made()


def lines_of_movies(name):
    lines = data(name).read_bytes().decode().split("\n")
    assert lines.pop() == ""
    return lines[1:]


@pytest.mark.parametrize("name", ["made/movies.csv", "shared/movies/backup.csv"])
def test_the_movies_are_as_dirty_as_those_of_the_exercise(name):
    lines = lines_of_movies(name)
    spoilt = [line for line in lines if "\N{REPLACEMENT CHARACTER}" in line]
    fields = Counter(len(line.split(";")) for line in lines if line)
    assert fields == {10: 6663, 11: 8, 9: 4, 2: 4}
    assert lines.count("") == 5
    assert (len(spoilt), len(set(spoilt))) == (216, 54)
    assert Counter(where(line) for line in spoilt) == {4: 136, 5: 36, 6: 44}
    times = Counter(Counter(filter(None, lines)).values())
    assert times[8] == 11, "films that are in the list twice"
    assert times[4] > 1600, "the list is there four times"


def where(line):
    fields = line.split(";")
    return next(n for n, field in enumerate(fields) if "\N{REPLACEMENT CHARACTER}" in field)


@pytest.mark.parametrize(
    ("name", "others"),
    [
        ("made/sights.big5.csv", {"gb18030", "cp1252"}),
        ("made/film.csv", {"cp1252"}),
        ("made/spending.latin-1.csv", {"cp1252"}),
        ("made/plan.latin-1.csv", {"cp1252"}),
    ],
)
def test_more_than_one_encoding_reads_it_and_utf_8_does_not(name, others):
    raw = data(name).read_bytes()
    for encoding in others:
        raw.decode(encoding)
    with pytest.raises(UnicodeDecodeError):
        raw.decode()


@pytest.mark.parametrize(
    ("name", "crlf", "lf", "cr"),
    [
        ("made/lake-levels.cr.csv", 0, 0, 136),
        ("made/sights.big5.csv", 121, 61, 0),
        ("made/spending.latin-1.csv", 95, 0, 3),
        ("made/titles-and-notes.csv", 21, 3, 0),
        ("made/plan.latin-1.csv", 622, 0, 0),
        ("examples/taxi+_zone_lookup.csv", 266, 0, 0),
    ],
)
def test_line_ends(name, crlf, lf, cr):
    raw = data(name).read_bytes()
    pairs = raw.count(b"\r\n")
    assert (pairs, raw.count(b"\n") - pairs, raw.count(b"\r") - pairs) == (crlf, lf, cr)


@pytest.mark.parametrize("folder", FOREIGN)
def test_what_others_have_made_comes_with_their_licence(folder):
    owner, *_ = [
        line for line in (DATA / folder / "LICENSE").read_text().splitlines() if "(c)" in line
    ]
    assert f"tests/data/{folder} holds" in (ROOT / "NOTICE").read_text()
    assert owner in (ROOT / "NOTICE").read_text()
    assert f"[{folder}/LICENSE]({folder}/LICENSE)" in (DATA / "README.md").read_text()
