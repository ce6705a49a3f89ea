"""Names that every database can hold, made from whatever a header says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snapshots.formats.names import MAX_BYTES, RESERVED, clean


def cleaned(*header):
    return [name.name for name in clean(header).columns]


@pytest.mark.parametrize(
    ("header", "names"),
    [
        (["year", "Film Title", "*Image"], ["year", "Film Title", "*Image"]),
        (["a", "A", "a"], ["a", "A_2", "a_3"]),
        (["a", "a_2", "a"], ["a", "a_2", "a_3"]),
        (["", " ", "x", ""], ["column_1", "column_2", "x", "column_4"]),
        (["column_2", ""], ["column_2", "column_2_2"]),
        ([" x ", "y\t", "a\x00b\nc"], ["x", "y", "abc"]),
        (["_import_id", "_LINE", "_line_2"], ["_import_id_2", "_LINE_2", "_line_2_2"]),
        (["ß", "SS"], ["ß", "SS_2"]),
        (["é", "e\u0301"], ["é", "e\u0301_2"]),
        (["x" * 61, "x" * 62], ["x" * 60, "x" * 58 + "_2"]),
        (["ä" * 31], ["ä" * 30]),
        (["\ufeffid"], ["id"]),
        (["😀", "a😀"], ["U+1F600", "aU+1F600"]),
    ],
)
def test_names(header, names):
    found = clean(header)
    assert [name.name for name in found.columns] == names
    assert [name.source for name in found.columns] == header
    assert len(found.notes) == sum(name.changed for name in found.columns)


def test_the_notes_say_what_became_of_a_name_and_why():
    notes = clean(["id", "ID", "", "_line", "y" * 99]).notes
    for note, words in zip(
        notes,
        [
            ["'ID'", "before", "'ID_2'"],
            ["column 3", "'column_3'"],
            ["lineage", "'_line_2'"],
            ["long"],
        ],
        strict=True,
    ):
        assert all(word in note for word in words), note


@given(st.lists(st.text(max_size=80), max_size=30))
def test_any_header_gives_names_that_can_be_columns(header):
    names = cleaned(*header)
    assert len(names) == len(header)
    assert len({name.casefold() for name in names}) == len(names)
    assert not {name.casefold() for name in names} & set(RESERVED)
    for name in names:
        assert 0 < len(name.encode()) <= MAX_BYTES
        assert name == name.strip()
        assert "\0" not in name


@given(st.lists(st.text(max_size=80), max_size=30))
def test_clean_names_stay(header):
    names = cleaned(*header)
    assert cleaned(*names) == names
