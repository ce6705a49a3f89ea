"""Fields that are shaped after the cut: whatever bytes there are, and wherever they are cut."""

import json
import random

import pytest

from snapshots._native import Records, Scanner
from snapshots.formats.kernel_json import dialect_json
from snapshots.model import Column, Contract, Dialect, Type
from tests.native.whole import convert, converter, split

MUTATIONS = 500
SIGNS = [b"\\", b"\n", b"\t", b"\r", b"\0", b'"', b"=", b"|", b"||", b"\\N", b"\\.\n", b"\\x",
         b"\\0", b"\xff", b"\xc3", b'="', b" ", b"\n\n", b";"]  # fmt: skip
PLACES = ((1, 3), (4, 8), (13, None))
FORMS = {
    "postgres": (
        {"delimiter": "\t", "quote": None, "escape": "\\", "escapes": "postgres", "idle": "blank"},
        lambda n: f"{n}\tä\\t\\x41{n}\\\n\\\\\t\\N\n",
    ),
    "mysql": (
        {"delimiter": "\t", "escape": "\\", "escapes": "mysql", "idle": "blank",
         "terminator": "lf_alone"},
        lambda n: f'{n}\t"a\\\nb\\"\\Z"\tx\r\n',
    ),
    "excel": (
        {"delimiter": ";", "formulas": True, "decimal_char": ","},
        lambda n: f'="0{n}";{n},5;"=""a;b"""\r\n',
    ),
    "fixed": (
        {"delimiter": "", "quote": None, "places": PLACES, "skip_initial_space": True},
        lambda n: f"{n:3}ä{n:<8}- rest\n",
    ),
    "bars": ({"delimiter": "||"}, lambda n: f'{n}||a|b||"x||{n}"\n'),
}  # fmt: skip


def mutated(data, rng):
    at = rng.randrange(len(data))
    match rng.randrange(5):
        case 0:
            return data[:at] + bytes([rng.randrange(256)]) + data[at + 1 :]
        case 1:
            return data[:at] + data[at + rng.randrange(1, 40) :]
        case 2 | 3:
            return data[:at] + rng.choice(SIGNS) + data[at:]
    return data[:at]


@pytest.mark.parametrize("form", FORMS)
def test_nothing_crashes_and_everything_balances(form):
    rng = random.Random(26)
    options, line = FORMS[form]
    names = ("a", "b", "c")
    contract = Contract(tuple(Column(name, name, Type("text")) for name in names), ("\\N",))
    data = sound = "".join(map(line, range(40))).encode()
    for round_ in range(MUTATIONS):
        data = mutated(data if round_ % 20 else sound, rng) or sound
        dialect = Dialect(
            header=False, max_record_size=rng.choice([90, 3000]),
            ragged=rng.choice(["reject", "pad"]), **options,
        )  # fmt: skip
        sizes = {"chunk_size": rng.choice([1, 50, 1 << 20]), "feed": rng.choice([11, 0])}
        chunks = split(data, dialect, **sizes)
        assert sum(chunk.end - chunk.start for chunk in chunks) == len(data), round_
        found = convert(converter(contract, dialect), chunks)
        whole = convert(converter(contract, dialect), split(data, dialect, chunk_size=1 << 20))
        assert found.records == found.loaded + found.rejected + found.skipped
        assert (found.payload, found.rejects) == (whole.payload, whole.rejects), round_
        for number, offset, _, code, _, raw in found.rejects:
            assert data[:offset].count(b"\n") == number - 1
            if code != "record_too_long":
                assert data[offset : offset + len(raw)] == raw
        scanner = Scanner(dialect_json(dialect), len(names), ["\\N"])
        for chunk in chunks:
            scanner.scan(chunk)
        counted = json.loads(scanner.evidence())
        assert counted["records"] + counted["broken"] == found.loaded + found.rejected
        Records.parse(data, dialect_json(dialect), 100)


@pytest.mark.parametrize(
    ("idle", "rows"),
    [("empty", [["a"]]), ("blank", [["a"]]), ("none", [[""], ["a"], [""]])],
)
def test_a_blank_line_may_be_a_row(idle, rows):
    dialect = Dialect(delimiter="\t", quote=None, idle=idle, header=False)
    found = Records.parse(b"\na\n\n", dialect_json(dialect), 10)
    assert [[field.decode() for field in row] for _, _, row in found] == rows
    wide = Records.parse(b"\t\n", dialect_json(dialect), 10)
    assert len(wide) == (idle != "empty")


@pytest.mark.parametrize(
    ("places", "says"),
    [
        (((1, 0),), "has no width"),
        (((1, 3), (3, 1)), "begins within"),
        (((1, None), (5, 1)), "begins within"),
        (((0, 1),), "begins within"),
    ],
)
def test_places_are_checked(places, says):
    dialect = Dialect(delimiter="", quote=None, places=places)
    with pytest.raises(ValueError, match=says):
        Records.parse(b"abc", dialect_json(dialect), 1)
