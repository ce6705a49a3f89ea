"""Input files: where they lie, and how their values are read back for comparison."""

import csv
import datetime
import json
from decimal import Decimal
from pathlib import Path

import pytest

from snapshots import locations

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "tests" / "data"
EXAMPLES = ROOT / "examples" / "data"
SHARED = ROOT.parent / "shared" / "data"
"""More real files, which may not be given away: beside the repository, where somebody has them."""


def data(name):
    """A file of tests/data, or `examples/NAME`; `shared/NAME` is there or its test is skipped."""
    place, _, rest = name.partition("/")
    if place == "shared":
        path = SHARED / rest
        if not path.exists():
            pytest.skip(f"an extra, for which ../shared/data/{rest} is missing")
        return path
    path = EXAMPLES / rest if place == "examples" else DATA / name
    assert path.exists(), f"{path} is missing"
    return path


def in_the_repository():
    """Every file of input that it has, as `data` names it."""
    own = {str(path.relative_to(DATA)) for path in DATA.rglob("*.csv")}
    return own | {"examples/fhvhv_tripdatasample_2020-04.csv", "examples/taxi+_zone_lookup.csv"}


def beside_it():
    """Those real files beside it that it does not have: none where there is no such folder."""
    known = {data(name).read_bytes() for name in in_the_repository()}
    found = {path for path in SHARED.rglob("*.csv") if path.read_bytes() not in known}
    return {f"shared/{path.relative_to(SHARED)}" for path in found}


def rows(database, sql):
    """What a query gives, with numbers and times in one form on every target."""
    session = locations.target(database).connect(create=False)
    try:
        return [tuple(plain(value) for value in row) for row in session.execute(sql)]
    finally:
        session.close()


def plain(value):
    if isinstance(value, datetime.datetime):
        return value.isoformat(" ")
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, bool):
        return int(value)
    return value


def same(text, value):
    """Whether a CSV field and a value from a database are the same thing."""
    if value is None:
        return text == ""
    if isinstance(value, int | float):
        return text != "" and float(text) == value
    if len(text) >= 19 and text[4] == text[7] == "-" and text[10] in " T":
        return datetime.datetime.fromisoformat(text) == datetime.datetime.fromisoformat(value)
    return text == value


def records(path, **dialect):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file, **dialect))


def movies_contract(folder):
    """The rules of the movies exercise as a Table Schema."""
    text = {"type": "string", "constraints": {"pattern": "[^\N{REPLACEMENT CHARACTER}]*"}}
    schema = {
        "fields": [
            {
                "name": "year",
                "type": "integer",
                "constraints": {"minimum": 1888, "maximum": datetime.date.today().year},
            },
            {"name": "length", "type": "number"},
            {"name": "title", **text, "constraints": {**text["constraints"], "required": True}},
            {"name": "subject", **text},
            {"name": "actor", **text},
            {"name": "actress", **text},
            {"name": "director", **text},
            {
                "name": "popularity",
                "type": "number",
                "constraints": {"minimum": 0, "maximum": 100},
            },
            {"name": "awards", "type": "string", "constraints": {"enum": ["Yes", "No"]}},
            {
                "name": "image",
                "type": "string",
                "constraints": {"pattern": r".+\.(png|jpg|jpeg)"},
            },
        ]
    }
    path = folder / "movies.schema.json"
    path.write_text(json.dumps(schema, ensure_ascii=False))
    return path
