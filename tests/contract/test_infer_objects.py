"""Types of JSON objects, whose evidence may be found on the way that finds their names."""

import gzip
import json
import random
from contextlib import closing

import pytest

from snapshots.contract.infer import infer
from snapshots.formats import chunks, objects
from snapshots.formats.formats import detected
from snapshots.formats.names import clean
from snapshots.formats.options import DialectOptions
from snapshots.sources import open_source


def lines(broken=b""):
    """Records that have more and more names, in any order."""
    rng = random.Random(7)
    values = (
        lambda: rng.randrange(10**9),
        rng.random,
        lambda: f"2024-01-{rng.randrange(1, 29):02d}",
        lambda: rng.choice([None, True, False]),
        lambda: rng.choice(["Zoë", 'say "hello"', "", "1"]),
        lambda: {"city": rng.choice(["Rom", None, 3]), "at": [1, {"x": 2}]},
        lambda: rng.choice([1, 2.5, 1e300]),
    )
    for n in range(600):
        some = rng.sample(range(len(values)), k=rng.randrange(1, 2 + n * len(values) // 700))
        yield json.dumps({f"name {one}": values[one]() for one in some}).encode()
        if n % 50 == 0:
            yield b"   "
        if n == 300 and broken:
            yield broken


def read(path, nested, *, with_types):
    """The layout, and the types by a source that may no longer be read if they are known."""
    given = DialectOptions(nested_objects=nested)
    with closing(open_source(str(path))) as source:
        sniffed = detected(source, given, with_types=with_types)
        if sniffed.evidence is None:
            return sniffed, infer(source, sniffed.dialect, clean(sniffed.header))
    names = clean(sniffed.header)
    return sniffed, infer(source, sniffed.dialect, names, seen=sniffed.evidence)


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch):
    monkeypatch.setattr(chunks, "_CHUNK", 4000)


@pytest.mark.parametrize("nested", ["json", "columns"])
@pytest.mark.parametrize("form", ["lines", "array", "gzip"])
def test_names_and_types_at_once_are_those_of_two_ways(tmp_path, form, nested):
    path = tmp_path / "a.json"
    records = list(lines())
    data = b"\n".join(records) + b"\n"
    if form == "array":
        data = b"[" + b",\n".join(filter(bytes.strip, records)) + b"]"
    path.write_bytes(gzip.compress(data) if form == "gzip" else data)
    at_once, types = read(path, nested, with_types=True)
    named, others = read(path, nested, with_types=False)
    assert (at_once.evidence is None, named.evidence) == (False, None)
    assert at_once.header == named.header
    assert types == others
    assert types.records == 600


@pytest.mark.parametrize(
    "broken",
    [b'{"new": 1, "name 1": 2', b'{"a": 1, "a": 2}', b'{"a": "\\ud800"}', b"[1]", b'{"a": "\xff"}',
     b'{"a": "\0"}', b'{"a": "' + b"x" * 2000 + b'"}'],
)  # fmt: skip
def test_a_broken_record_has_no_names_and_is_counted(tmp_path, broken, monkeypatch):
    monkeypatch.setattr(objects, "MAX_RECORD_SIZE", 1000)
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"\n".join(lines(broken)))
    at_once, types = read(path, "json", with_types=True)
    named, others = read(path, "json", with_types=False)
    assert at_once.evidence is None
    assert at_once.header == named.header
    assert set(at_once.header) == {f"name {one}" for one in range(7)}
    assert types == others
    assert (types.records, types.broken) == (600, 1)
