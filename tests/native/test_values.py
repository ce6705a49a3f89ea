"""What texts mean, held against Python's own readers."""

import datetime
import json
import math
import re
import string
import uuid
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from .values import convert, converter, reasons

FULL_WIDTH = "2024".translate({48 + n: 0xFF10 + n for n in range(10)})
PRINTABLE = st.text(alphabet=string.digits + "+-.eE:TZ _x,/", max_size=24)


def one(kind, text, **column):
    return convert(kind, [text], **column)[0]


@given(st.lists(st.integers(-(2**70), 2**70) | st.integers(-200, 200), min_size=1))
def test_integers_of_all_widths(numbers):
    for bits in (8, 16, 24, 32, 64):
        for unsigned in (False, True):
            low, high = (0, 2**bits) if unsigned else (-(2 ** (bits - 1)), 2 ** (bits - 1))
            limits = {"bits": bits, "unsigned": unsigned}
            found = convert("integer", map(str, numbers), limits=limits)
            expected = [str(n) if low <= n < high else ("out_of_range",) for n in numbers]
            assert found == expected


@given(st.lists(PRINTABLE, min_size=1))
def test_integers_are_digits_with_a_sign(texts):
    for text, found in zip(texts, convert("integer", texts), strict=True):
        if re.fullmatch(r"[+-]?[0-9]+", text) and -(2**63) <= int(text) < 2**63:
            assert int(found) == int(text)
        else:
            assert isinstance(found, tuple)


@given(st.lists(PRINTABLE | st.floats().map(repr), min_size=1))
def test_floats_are_kept_or_refused(texts):
    number = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
    for text, found in zip(texts, convert("float", texts), strict=True):
        if not number.fullmatch(text):
            assert found == ("not_a_number",), text
        elif math.isinf(float(text)):
            assert found == ("out_of_range",), text
        elif Decimal(repr(float(text))) != Decimal(text):
            assert found == ("loses_precision",), text
        else:
            assert Decimal(found) == Decimal(text)


@given(st.lists(st.decimals(allow_nan=False, allow_infinity=False, places=3), min_size=1))
def test_decimals_are_exact(numbers):
    texts = [f"{number:f}" for number in numbers]
    for number, found in zip(numbers, convert("decimal", texts), strict=True):
        assert Decimal(found) == number


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("999.99", "999.99"),
        ("-999.990000", "-999.99"),
        ("1000", ("out_of_range",)),
        ("0.001", ("loses_precision",)),
        ("9.99999e2", ("loses_precision",)),
        ("9.9999e2", "999.99"),
        ("1e2", "100"),
        ("12x", ("not_a_number",)),
    ],
)
def test_decimals_have_limits(text, expected):
    found = one("decimal", text, limits={"precision": 5, "scale": 2})
    if isinstance(expected, tuple):
        assert found == expected
    else:
        assert Decimal(found) == Decimal(expected)


@given(st.lists(st.dates(), min_size=1))
def test_dates(days):
    texts = [day.isoformat() for day in days]
    assert convert("date", texts) == texts
    slashes = [f"{d.day}/{d.month}/{d.year:04}" for d in days]
    assert convert("date", slashes, format="%d/%m/%Y") == texts
    named = [f"{d.day:02} {d:%B} {d.year:04}" for d in days]
    assert convert("date", named, format="%d %B %Y") == texts


@pytest.mark.parametrize(
    "text",
    ["2024-02-30", "2023-02-29", "0000-01-01", "10000-01-01", "2024-1-1", "24-01-01", "",
     "2024-01-01T00:00", "01/02/2024", FULL_WIDTH + "-01-01"],
)  # fmt: skip
def test_no_dates(text):
    assert one("date", text) == ("not_a_date",)


@given(st.lists(st.datetimes(), min_size=1))
def test_timestamps(moments):
    expected = [plain(moment) for moment in moments]
    assert convert("timestamp", [m.isoformat() for m in moments]) == expected
    assert convert("timestamp", [m.isoformat(" ") for m in moments]) == expected


OFFSETS = st.integers(-15 * 60 - 59, 15 * 60 + 59).map(
    lambda minutes: datetime.timezone(datetime.timedelta(minutes=minutes))
)


@given(st.lists(st.datetimes(timezones=OFFSETS), min_size=1))
def test_timestamps_with_a_zone(moments):
    found = convert("timestamptz", [moment.isoformat() for moment in moments])
    for moment, text in zip(moments, found, strict=True):
        try:
            utc = moment.astimezone(datetime.UTC).replace(tzinfo=None)
        except OverflowError:
            assert text == ("out_of_range",)
        else:
            assert text == plain(utc)


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        ("time", "23:59", "23:59:00"),
        ("time", "00:00:00.500000", "00:00:00.5"),
        ("time", "24:00:00", ("not_a_time",)),
        ("time", "23:59:60", ("not_a_time",)),
        ("time", "1:00", ("not_a_time",)),
        ("timestamp", "2024-01-01", ("not_a_timestamp",)),
        ("timestamp", "2024-01-01 00:00:00Z", ("not_a_timestamp",)),
        ("timestamp", "2024-01-01 00:00:00.123456000", "2024-01-01 00:00:00.123456"),
        ("timestamp", "2024-01-01 00:00:00.1234567", ("loses_precision",)),
        ("timestamp", "2024-01-01 00:00:00.1234567890", ("not_a_timestamp",)),
        ("timestamptz", "2024-01-01 00:00:00", ("not_a_timestamp",)),
        ("timestamptz", "2024-01-01 00:00:00 +0530", "2023-12-31 18:30:00"),
        ("timestamptz", "2024-01-01 00:00:00+16:00", ("not_a_timestamp",)),
        ("timestamptz", "9999-12-31 23:59:59-01", ("out_of_range",)),
    ],
)
def test_clocks(kind, text, expected):
    assert one(kind, text) == expected


def test_fractions_that_the_target_lacks():
    texts = ["00:00:00.120", "00:00:00.123"]
    assert convert("time", texts, limits={"fraction": 2}) == ["00:00:00.12", ("loses_precision",)]


def test_uuids_and_json():
    known = uuid.UUID("12345678-9abc-def0-1234-56789abcdef0")
    assert convert("uuid", [str(known), str(known).upper()]) == [str(known), str(known).upper()]
    assert one("uuid", known.hex) == ("not_a_uuid",)
    texts = ['{"a": [1, null]}', "[]", "1", '"a"']
    assert convert("json", texts) == texts
    assert convert("json", ["{", "{a: 1}", "NaN", "[1,]"]) == [("not_json",)] * 4


@given(st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(string.printable.replace("\\", "")),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(string.ascii_letters), inner),
))  # fmt: skip
def test_whatever_python_writes_is_json(value):
    assert not isinstance(one("json", json.dumps(value)), tuple)


def test_booleans():
    words = ["true", "True", "TRUE", "1", "false", "False", "FALSE", "0"]
    assert convert("boolean", words) == ["1"] * 4 + ["0"] * 4
    assert convert("boolean", ["tRUE", "yes", "t"]) == [("not_a_boolean",)] * 3
    own = {"true_values": ("Yes",), "false_values": ("No",)}
    assert convert("boolean", ["Yes", "No", "true"], **own) == ["1", "0", ("not_a_boolean",)]
    turned = {"true_values": ("false",), "false_values": ("true",)}
    assert convert("boolean", ["true", "false", "1"], **turned) == ["0", "1", ("not_a_boolean",)]
    some = {"true_values": ("true",), "false_values": ("no",)}
    assert convert("boolean", ["true", "no", "false"], **some) == ["1", "0", ("not_a_boolean",)]


def test_numbers_as_people_write_them():
    german = {"decimal_char": ",", "group_char": "."}
    assert convert("decimal", ["1.234,50", "-0,5", "1.5"], **german) == [
        "1234.50", "-0.5", ("not_a_number",),
    ]  # fmt: skip
    priced = {"group_char": ",", "bare_number": False}
    assert convert("integer", ["$1,234", "95 %", "-$5"], **priced) == ["1234", "95", "-5"]
    assert all(isinstance(x, tuple) for x in convert("integer", ["(5)", "5-", "1,5"], **priced))


@pytest.mark.parametrize(
    ("kind", "constraint", "good", "bad", "code"),
    [
        ("integer", {"minimum": "1888"}, "1888", "1887", "below_minimum"),
        ("decimal", {"maximum": "0.3"}, "0.30", "0.3000000000000000000001", "above_maximum"),
        ("float", {"exclusive_minimum": "0"}, "0.1", "-0.0", "below_minimum"),
        ("date", {"exclusive_maximum": "2024-03-01"}, "2024-02-29", "2024-03-01", "above_maximum"),
        ("timestamptz", {"minimum": "2024-01-01T00:00Z"}, "2024-01-01 01:00+01",
         "2024-01-01 00:59+01", "below_minimum"),
        ("text", {"min_length": 2}, "ée", "é", "too_short"),
        ("text", {"max_length": 2}, "éé", "ééé", "too_long"),
        ("text", {"pattern": r".+\.(png|jpg|jpeg)"}, "a.png", "a.png.bak", "pattern_mismatch"),
        ("integer", {"pattern": "[0-9]{4}"}, "0001", "1", "pattern_mismatch"),
        ("text", {"enum": ("Yes", "No")}, "Yes", "yes", "not_in_enum"),
    ],
)  # fmt: skip
def test_constraints(kind, constraint, good, bad, code):
    fine, refused = convert(kind, [good, bad], **constraint)
    assert not isinstance(fine, tuple)
    assert refused == (code,)
    (reason,) = reasons(kind, [bad], **constraint)
    assert bad in reason
    assert reason.endswith(".")


@pytest.mark.parametrize(
    ("kind", "column"),
    [
        ("integer", {"minimum": "1.5"}),
        ("date", {"minimum": "2024-02-30"}),
        ("text", {"maximum": "b"}),
        ("text", {"pattern": "("}),
        ("date", {"format": "%Y-%m"}),
        ("date", {"format": "%Q"}),
        ("time", {"format": "%I:%M"}),
    ],
)
def test_columns_that_make_no_sense(kind, column):
    with pytest.raises(ValueError, match=r"\w+ \w+"):
        converter(kind, **column)


def plain(moment):
    text = moment.isoformat(" ")
    return text.rstrip("0") if "." in text else text
