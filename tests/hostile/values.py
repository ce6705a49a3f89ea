"""Values that many programs change in silence."""

import datetime
import uuid
from decimal import Decimal

from .case import Case, typed

_DATE = datetime.datetime
_ID = uuid.UUID("12345678-9abc-def0-1234-56789abcdef0")


def _column(name, said, good, bad, targets=None):
    """One column of a type: what is loaded of each value, and the code of each that is not."""
    lines = [("good", *pair) for pair in good.items()] + [("bad", *pair) for pair in bad.items()]
    rows = {n: (value,) for n, (kind, _, value) in enumerate(lines, 2) if kind == "good"}
    rejects = {n: code for n, (kind, _, code) in enumerate(lines, 2) if kind == "bad"}
    data = "a\n" + "".join('"{}"\n'.format(text.replace('"', '""')) for _, text, _ in lines)
    more = {"targets": targets} if targets else {}
    return Case(name, data.encode(), rows, rejects, contract=typed(a=said), **more)


def _integers(bits, unsigned=False):
    least, most = (0, 2**bits - 1) if unsigned else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
    said = {"type": "integer", "x-snapshots": {"bits": bits, "unsigned": unsigned}}
    past = {str(least - 1): "out_of_range", str(most + 1): "out_of_range"}
    return said, {str(least): least, str(most): most}, past


_NO_INTEGERS = (
    "0x1F", "1e3", "1.0", "1.", "1,000", "1 000", "1_000", " 1", "1 ", "１２", "٣", "−1", "--1", "+",
    "-", "NaN", "one", "true", "²", "1\t",
)  # fmt: skip
_NO_NUMBERS = (
    "NaN", "nan", "Infinity", "-inf", "1,234.5", "1.234,5", "0x1F", "1e", "e5", ".", "1..2", "１.５",
    "1 2", " 1.5", "$5", "5%", "(5)", "1.5.", "--1.5",
)  # fmt: skip
_NO_DATES = (
    "02/03/2024", "2024-02-30", "2023-02-29", "1900-02-29", "0000-01-01", "10000-01-01", "2024-13-01",
    "2024-00-10", "2024-1-5", "24-01-05", "20240105", "2024-01-05T00:00:00", "2024/01/05", "infinity",
    "now", "today", "-2024-01-01", "2024-01-05 ", "２０２４-01-05",
)  # fmt: skip
_NO_TIMES = ("24:00", "24:00:00", "23:59:60", "12:60", "9:30", "12", "12:30 PM", "-01:00", "838:59:59",
             "12:30:15Z", "now")  # fmt: skip
_NO_TIMESTAMPS = (
    "2024-01-05", "2024-01-05 24:00:00", "2016-12-31 23:59:60", "2024-02-30 12:00:00",
    "0000-01-01 00:00:00", "10000-01-01 00:00:00", "2024-01-05 12:00:00Z", "2024-01-05 12:00:00+01:00",
    "2024-01-05  12:00:00", "1704454245", "2024-01-05 12:00:00 PM", "epoch", "allballs",
)  # fmt: skip
_LOOK_LIKE_OTHERS = (
    "24:00", "23:59:60", "2016-12-31 23:59:60", "2024-02-30", "02/03/2024", "0000-01-01", "10000-01-01",
    "１２", "0x1F", "1e400", "Infinity", "1 000", "+5", "2024-01-05 12:00:00+16:00",
)  # fmt: skip

CASES = [
    _column("integers of 64 bits", *_integers(64)),
    # The width of an integer is no property of SQLite's columns.
    _column("integers of 16 bits", *_integers(16), ("postgres", "mysql")),
    _column("integers of 32 bits", *_integers(32), ("postgres", "mysql")),
    _column("integers of 8 bits", *_integers(8), ("mysql",)),
    _column("integers of 24 bits", *_integers(24), ("mysql",)),
    *(_column(f"integers without sign, {bits} bits", *_integers(bits, unsigned=True), ("mysql",))
      for bits in (8, 16, 24, 32, 64)),
    _column("integers as they may be written", "integer",
            {"007": 7, "+5": 5, "-0": 0, "0": 0, "-00012": -12}, {}),
    _column("what is no integer", "integer", {"1": 1}, dict.fromkeys(_NO_INTEGERS, "not_an_integer")),
    _column("decimals as they may be written", "number",
            {"1.50": Decimal("1.5"), ".5": Decimal("0.5"), "5.": Decimal(5), "-0": Decimal(0),
             "1e3": Decimal(1000), "+0012.5": Decimal("12.5"),
             "0.1000000000000000055511151231257": Decimal("0.1000000000000000055511151231257"),
             "12345678901234567890.12345": Decimal("12345678901234567890.12345")}, {},
            ("postgres", "sqlite")),
    _column("what is no number", "number", {"1": Decimal(1)}, dict.fromkeys(_NO_NUMBERS, "not_a_number")),
    _column("decimals of eight digits, two of them after the point",
            {"type": "number", "x-snapshots": {"precision": 8, "scale": 2}},
            {"999999.99": Decimal("999999.99"), "6.400": Decimal("6.4")},
            {"6.405": "loses_precision", "1000000": "out_of_range"}, ("postgres", "mysql")),
    _column("doubles", {"type": "number", "floatNumber": True},
            {"0.1": 0.1, "1e308": 1e308, "5e-324": 5e-324, "-2.5": -2.5, "9007199254740992": 2.0**53},
            {"1e400": "out_of_range", "-1e400": "out_of_range", "NaN": "not_a_number",
             "Infinity": "not_a_number", "9007199254740993": "loses_precision",
             "0.30000000000000000001": "loses_precision"}),
    _column("decimal comma", {"type": "number", "decimalChar": ",", "groupChar": "."},
            {"1.234,5": Decimal("1234.5"), "5": Decimal(5)}, {"1,234.5": "not_a_number"}),
    _column("groups of digits", {"type": "integer", "groupChar": ","},
            {"1,234": 1234, "12": 12}, {"1.5": "not_an_integer", "0x1": "not_an_integer"}),
    _column("booleans", "boolean", {"true": True, "FALSE": False, "1": True, "0": False},
            dict.fromkeys(("yes", "t", "tRUE", "2", "01", "on", " true"), "not_a_boolean")),
    _column("dates", "date", {"2024-02-29": "2024-02-29", "0001-01-01": "0001-01-01",
            "9999-12-31": "9999-12-31", "2000-02-29": "2000-02-29"}, dict.fromkeys(_NO_DATES, "not_a_date")),
    _column("dates of a form", {"type": "date", "format": "%d/%m/%Y"}, {"02/03/2024": "2024-03-02"},
            {"31/02/2024": "not_a_date", "2024-03-02": "not_a_date", "12/13/2024": "not_a_date"}),
    _column("times", "time", {"00:00": datetime.time(), "23:59:59.999999": datetime.time.max},
            {**dict.fromkeys(_NO_TIMES, "not_a_time"), "12:00:00.1234567": "loses_precision"}),
    _column("timestamps", "datetime",
            {"2024-01-05T12:30:15": _DATE(2024, 1, 5, 12, 30, 15), "0001-01-01 00:00": _DATE.min,
             "9999-12-31 23:59:59.999999": _DATE.max},
            {**dict.fromkeys(_NO_TIMESTAMPS, "not_a_timestamp"),
             "2024-01-05 12:00:00.0000001": "loses_precision"}),
    _column("timestamps with zone", {"type": "datetime", "x-type": "timestamptz"},
            {"2024-01-05 12:00:00Z": _DATE(2024, 1, 5, 12), "2024-01-05T12:00:00+05:30": _DATE(2024, 1, 5, 6, 30),
             "2024-01-01 00:30:00-0100": _DATE(2024, 1, 1, 1, 30), "2024-01-05 12:00:00+15:59": _DATE(2024, 1, 4, 20, 1),
             "2024-03-31 02:30:00+01": _DATE(2024, 3, 31, 1, 30)},
            dict.fromkeys(("2024-01-05 12:00:00", "2024-01-05 12:00:00+16:00", "2024-01-05 12:00:00 CET",
                           "2024-01-05 12:00:00+1", "2024-01-05"), "not_a_timestamp")),
    _column("UUIDs", {"x-type": "uuid"},
            {"12345678-9abc-def0-1234-56789abcdef0": _ID,
             "12345678-9ABC-DEF0-1234-56789ABCDEF0": _ID},
            dict.fromkeys(("123456789abcdef0123456789abcdef0", "{12345678-9abc-def0-1234-56789abcdef0}",
                           "g2345678-9abc-def0-1234-56789abcdef0"), "not_a_uuid")),
    _column("JSON", "object", {'{"a": [1, null]}': '{"a": [1, null]}'},
            dict.fromkeys(("{a: 1}", "{'a': 1}", '{"a": NaN}', '{"a": 1,}', "{", '{"a": 01}', "undefined",
                           '"\\ud800"x'), "not_json")),
    Case("NULL and the empty text", b'a,b\n1,\n2,""\n3, \n', {2: (1, None), 3: (2, ""), 4: (3, " ")}),
    Case("words for NULL", b'a,b\n1,NA\n2,"NA"\n3,na\n4,\n5,NULL\n',
         {2: (1, None), 3: (2, None), 4: (3, "na"), 5: (4, None), 6: (5, "NULL")},
         options={"null_values": ("NA",)}),
    Case("leading zeros stay text", b"a,b\n1,007\n2,8\n", {2: (1, "007"), 3: (2, "8")}),
    Case("what only looks like a number stays text", b"a,b\n1,1e400\n2,NaN\n3,-0\n",
         {2: (1, "1e400"), 3: (2, "NaN"), 4: (3, "-0")}),
    Case("values that look like others stay text", (",".join(f"c{n}" for n in range(len(_LOOK_LIKE_OTHERS)))
         + "\n" + ",".join(_LOOK_LIKE_OTHERS) + "\n").encode(), {2: _LOOK_LIKE_OTHERS}),
    Case("numbers with marks stay text", b'a,b\n"1,234.5","1.234,5"\n', {2: ("1,234.5", "1.234,5")}),
    Case("long digits stay what they are", b"a,b\n1,123456789012345678901234567890\n2,1.5\n",
         {2: (1, Decimal(123456789012345678901234567890)), 3: (2, Decimal("1.5"))}),
    Case("spaces are kept", b"a,b\n1, x \n2,\ty\t\n", {2: (1, " x "), 3: (2, "\ty\t")}),
]  # fmt: skip
