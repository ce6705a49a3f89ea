"""The line that is drawn on a terminal, at every width and for every kind of figures."""

import itertools
import re

import pytest

from snapshots.cli.progress_lines import Figures, near, reading_lines, status
from snapshots.cli.widths import middle_cut, width
from snapshots.notes import ReadingNote

NAMES = (
    "a.csv",
    "folder/of/mine/a_file_with_a_long_name_2024-05-31.csv",
    "\u51fa\u79df\u8f66\u884c\u7a0b\u8bb0\u5f55\u6570\u636e\u6587\u4ef6.csv",
    "e\u0301" * 60,
)
SIZES = ((0, 0.0), (999, 12.0), (1_234_567, 812_345.6), (9_876_543_210, 1_234_567.0))
LEFT = (None, 0.4, 75.0, 4_000.0, 86_400.0 * 30)


def figures(name=NAMES[1], rows=1_234_567, rate=812_345.6, left=75.0, **others):
    known = {"rejected": 0, "bytes_done": 1 << 30, "share": 0.42, **others}
    return Figures(name=name, rows=rows, rate=rate, left=left, **known)


@pytest.mark.parametrize("most", range(24, 161))
def test_it_never_is_wider_than_the_terminal(most):
    for name, (rows, rate), left, rejected, failure in itertools.product(
        NAMES, SIZES, LEFT, (0, 12_345), (None, "503 Service Unavailable, and much more of it")
    ):
        given = figures(name, rows, rate, left, rejected=rejected, failure=failure)
        assert width(status(given, most)) <= most


@pytest.mark.parametrize("most", [29, 49, 79, 119])
@pytest.mark.parametrize("name", NAMES)
def test_what_matters_is_in_it(most, name):
    line = status(figures(name), most)
    assert "42%" in line
    assert re.search(r"1,234,567 rows|1\.2M rows", line)
    assert re.search(r"812,346 rows/s|812k/s", line)
    assert "1:15" in line


def test_the_lines_at_some_widths():
    assert [status(figures(), most) for most in (29, 49, 79, 119)] == [
        "42% 1.2M rows 812k/s 1:15",
        "folder...05-31.csv   42%  1.2M rows  812k/s  1:15",
        "folder/of/mi..._2024-05-31.csv   42%  1,234,567 rows  812,346 rows/s  1:15 left",
        "folder/of/mine/a_file_with_a_long_name_2024-05-31.csv  [#####........]"
        "   42%  1,234,567 rows  812,346 rows/s  1:15 left",
    ]


def test_an_input_of_unknown_length_has_its_bytes():
    line = status(figures("-", share=None, left=None, rejected=3), 79)
    assert "1.1GB  1,234,567 rows" in line
    assert line.endswith("3 rejected")
    assert "%" not in line


def test_a_name_is_cut_in_the_middle():
    assert middle_cut("short.csv", 9) == "short.csv"
    for most in range(4, 60):
        for name in NAMES:
            cut = middle_cut(name, most)
            assert width(cut) <= most
            assert cut == name or "..." in cut
    assert middle_cut(NAMES[1], 30).endswith("2024-05-31.csv")


def test_columns_fill_two_lines_and_the_rest_are_counted():
    reading = ReadingNote.of(["comma", "header", "UTF-8"], [f"column_{n} text" for n in range(30)])
    for most in range(40, 400):
        lines = reading_lines(reading, most)
        assert len(lines) <= 2
        assert all(width(line) <= most for line in lines)
        shown = " ".join(lines).count(" text")
        more = re.search(r"and (\d+) more$", lines[-1])
        assert shown + (int(more[1]) if more else 0) == 30
    assert reading_lines(reading, 20) == ["comma, header, UTF-8; 30 columns"]


def test_a_database_of_this_folder_is_named_from_here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert near(f"sqlite:///{tmp_path}/a.db") == "sqlite:///a.db"
    assert near(f"sqlite:///{tmp_path}x/a.db") == f"sqlite:///{tmp_path}x/a.db"
    assert near("postgresql://host/db") == "postgresql://host/db"
