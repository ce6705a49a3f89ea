"""Real input: where it lies, and how its values are read back for comparison."""

import csv
import datetime
import json
from decimal import Decimal
from pathlib import Path

from snapshots import locations

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


def data(name):
    """A real file. It is not part of the repository; it lies beside it."""
    path = DATA / name
    assert path.exists(), f"{path} is missing: the real input files belong beside the repository"
    return path


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
