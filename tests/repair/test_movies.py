"""The movies file, as dirty as it is, to no open reject."""

import json

import pytest

import snapshots
from tests.repair.files import balanced, edited, entry, exported, held, replayed, sound, written
from tests.support.input_files import data
from tests.support.movies_sink_process import ROOT

CONTRACT = json.loads((ROOT / "examples" / "movies" / "schema.json").read_text())
LOST = "\ufffd"
"""Stands in the file in place of a letter that somebody has lost."""


@pytest.fixture(autouse=True)
def _own_state(tmp_path, monkeypatch):
    monkeypatch.setenv("SNAPSHOTS_STATE_DIR", str(tmp_path / "state"))


def load(database, path, table):
    result = snapshots.load(
        path, database=database, table=table, contract=CONTRACT, max_rejects="100%"
    )
    assert result.outcome == "finished", result
    return result.record


def fields(record, width):
    """The fields of a record that has too many of them, or too few."""
    found = record.split(";")
    if len(found) > width:
        found[2:4] = [f"{found[2]},{found[3]}"]
    found += [""] * (width - len(found))
    return [*found[:2], found[2] or "Unknown", *found[3:]]


def test_to_no_open_reject(database, tmp_path):
    movies = data("made/movies.csv")
    first = load(database, movies, "t")
    assert (first.loaded, first.rejected, first.open) == (6447, 232, 232)
    rows = exported(database, tmp_path)
    header, *records = rows
    names = header[4:-1]
    changes = {}
    for record in records:
        line, text = int(record[0]), record[-1]
        given = fields(text, len(names)) if text else record[4:-1]
        values = [value.replace(LOST, "x") for value in given]
        changes[line] = dict(zip(names, values, strict=True)) | {"_record": ""}
    path = written(tmp_path, edited(rows, changes), delimiter=";", encoding="utf-8-sig")
    loaded, refused, *_, left = replayed(database, path)
    assert (loaded, refused, left) == (232, 0, 0)
    one = entry(database)
    assert (one.records, one.loaded, one.rejected, one.corrected) == (6684, 6679, 0, 232)
    sound(database)
    balanced(database)

    # The corrected file gives the same rows.
    lines = movies.read_bytes().decode("utf-8").split("\n")
    for line, values in changes.items():
        lines[line - 1] = ";".join(values[name] for name in names)
    clean = tmp_path / "movies.csv"
    clean.write_text("\n".join(lines), encoding="utf-8", newline="")
    again = load(database, clean, "clean")
    assert (again.loaded, again.rejected) == (6679, 0)
    columns = ", ".join(f"t.{name}" for name in ("year", "title", "director", "actor", "_line"))
    assert held(database, columns) == held(database, columns.replace("t.", ""), "clean")
