"""Table Schemas: read, refused with the place of the fault, and written back."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from snapshots.contract.contract import parse_contract, read_contract, to_schema
from snapshots.errors import ContractError
from snapshots.model import Column, Contract, FieldPlace, Type


def column(**field):
    return parse_contract({"fields": [{"name": "x", **field}]}, "here").columns[0]


def constrained(type_, **constraints):
    return column(type=type_, constraints=constraints)


@pytest.mark.parametrize(
    ("field", "kind"),
    [
        ({}, Type("text")),
        ({"type": "string"}, Type("text")),
        ({"type": "string", "format": "uuid"}, Type("uuid")),
        ({"type": "any"}, Type("text")),
        ({"type": "integer"}, Type("integer")),
        ({"type": "number"}, Type("decimal")),
        ({"type": "number", "floatNumber": True}, Type("float")),
        ({"type": "boolean"}, Type("boolean")),
        ({"type": "object"}, Type("json")),
        ({"type": "array"}, Type("json")),
        ({"type": "geojson"}, Type("json")),
        ({"type": "date"}, Type("date")),
        ({"type": "time"}, Type("time")),
        ({"type": "datetime"}, Type("timestamp")),
        ({"type": "datetime", "format": "any"}, Type("timestamp")),
        ({"type": "datetime", "format": "%Y-%m-%d %H:%M%z"}, Type("timestamptz")),
        ({"type": "datetime", "x-type": "timestamptz"}, Type("timestamptz")),
        ({"type": "any", "x-type": "json"}, Type("json")),
        ({"x-type": "uuid"}, Type("uuid")),
        ({"type": "year"}, Type("integer", bits=16)),
        ({"type": "geopoint", "format": "array"}, Type("json")),
        ({"type": "integer", "x-snapshots": {"bits": 32, "unsigned": True}},
         Type("integer", bits=32, unsigned=True)),
        ({"type": "number", "x-snapshots": {"precision": 10, "scale": 2}},
         Type("decimal", precision=10, scale=2)),
    ],
)  # fmt: skip
def test_types(field, kind):
    assert column(**field).type == kind


@pytest.mark.parametrize(
    ("field", "good", "bad"),
    [
        ({"type": "year"}, ["2024", "0001"], ["24", "20240"]),
        ({"type": "yearmonth"}, ["2024-01", "2024-12"], ["2024-13", "2024-1"]),
        ({"type": "duration"}, ["P1Y", "PT1.5S", "-P1DT2H"], ["1 day", "P1X"]),
        ({"type": "geopoint"}, ["-4.03, 51.5", "4,51"], ["4;51", "here"]),
        ({"type": "string", "format": "email"}, ["a@b.c"], ["a b@c", "ab"]),
        ({"type": "string", "format": "uri"}, ["https://x/y", "urn:a:b"], ["x y", "//x"]),
        ({"type": "string", "format": "binary"}, ["YWI=", "YWJj", ""], ["YWI", "?"]),
    ],
)
def test_types_that_are_patterns(field, good, bad):
    import re

    pattern = column(**field).pattern
    assert all(re.fullmatch(pattern, value) for value in good)
    assert not any(re.fullmatch(pattern, value) for value in bad)


def test_constraints_are_kept_as_they_are_written():
    schema = """{"fields": [{"name": "x", "type": "number", "constraints": {
        "required": true, "unique": true, "minimum": 0.10, "maximum": 1e3,
        "exclusiveMinimum": "-5", "exclusiveMaximum": 1000000000000000000000.5}}]}"""
    from decimal import Decimal

    found = parse_contract(json.loads(schema, parse_float=Decimal), "here").columns[0]
    assert (found.required, found.unique) == (True, True)
    assert (found.minimum, found.maximum) == ("0.10", "1000")
    assert (found.exclusive_minimum, found.exclusive_maximum) == ("-5", "1000000000000000000000.5")


def test_enums_hold_what_would_be_written_in_csv():
    assert constrained("integer", enum=[1, 2]).enum == ("1", "2")
    assert constrained("string", enum=["Yes", "No"]).enum == ("Yes", "No")
    assert constrained("boolean", enum=[True]).enum == ("true",)


def test_the_rest_of_a_field():
    found = column(
        type="number", decimalChar=",", groupChar=".", bareNumber=False, **{"x-source": "The X"}
    )
    assert (found.decimal_char, found.group_char, found.bare_number) == (",", ".", False)
    assert (found.name, found.source) == ("x", "The X")
    words = column(type="boolean", trueValues=["ja"], falseValues=["nein"])
    assert (words.true_values, words.false_values) == (("ja",), ("nein",))
    assert column(type="date", format="%d/%m/%Y").format == "%d/%m/%Y"


@pytest.mark.parametrize(
    ("schema", "missing"),
    [
        ({}, ("",)),
        ({"missingValues": ["", "NA"]}, ("", "NA")),
        ({"missingValues": []}, ()),
        ({"missingValues": [{"value": "-99", "label": "refused"}]}, ("-99",)),
        ({"x-snapshots": {"missingValues": "unquoted"}}, None),
    ],
)
def test_missing_values(schema, missing):
    assert parse_contract({"fields": [{"name": "x"}], **schema}, "").missing_values == missing


def test_the_primary_key():
    fields = [{"name": "a"}, {"name": "b"}]
    assert parse_contract({"fields": fields, "primaryKey": "a"}, "").primary_key == ("a",)
    assert parse_contract({"fields": fields, "primaryKey": ["b", "a"]}, "").primary_key == (
        "b",
        "a",
    )


def test_what_says_nothing_of_values_is_ignored():
    found = column(type="string", title="X", description="x", rdfType="http://x", example="y")
    assert found == Column("x", "x", Type("text"))


@pytest.mark.parametrize(
    ("schema", "place", "message", "hint"),
    [
        ([], "", "object", ""),
        ({}, "fields", "list of fields", ""),
        ({"Fields": [{"name": "x"}]}, "fields", "list of fields", "Fields"),
        ({"fields": []}, "fields", "list of fields", ""),
        ({"resources": []}, "", "data package", "Table Schema"),
        ({"fields": ["x"]}, "field 1", "name", ""),
        ({"fields": [{"type": "string"}]}, "field 1", "name", ""),
        ({"fields": [{"name": "x", "type": "strng"}]}, "field 'x', type", "'strng'", "'string'"),
        ({"fields": [{"name": "x", "type": "uuid"}]}, "type", "'uuid'", "x-type"),
        ({"fields": [{"name": "x", "type": "list"}]}, "type", "'list'", "Known"),
        ({"fields": [{"name": "x", "format": "mail"}]}, "format", "'mail'", "'email'"),
        ({"fields": [{"name": "x", "type": "date", "format": "dd.mm.yyyy"}]}, "format",
         "'dd.mm.yyyy'", "%d/%m/%Y"),
        ({"fields": [{"name": "x", "x-type": "guid"}]}, "x-type", "'guid'", "'uuid'"),
        ({"fields": [{"name": "x", "constraints": {"minimun": 1}}]}, "constraints.minimun",
         "'minimun'", "'minimum'"),
        ({"fields": [{"name": "x", "constraints": {"minimum": 1}}]}, "constraints.minimum",
         "does not apply", "minLength"),
        ({"fields": [{"name": "x", "constraints": {"required": "yes"}}]}, "required",
         "true or false", ""),
        ({"fields": [{"name": "x", "constraints": {"maxLength": "9"}}]}, "maxLength",
         "whole number", ""),
        ({"fields": [{"name": "x", "constraints": {"enum": "a"}}]}, "enum", "list", ""),
        ({"fields": [{"name": "x", "constraints": ["required"]}]}, "constraints", "object", ""),
        ({"fields": [{"name": "x", "required": True}]}, "field 'x', required", "constraint",
         '"constraints"'),
        ({"fields": [{"name": "x", "missingValues": "-"}]}, "missingValues", "list", ""),
        ({"fields": [{"name": "x", "decimalchar": ","}]}, "decimalchar", "unknown",
         "'decimalChar'"),
        ({"fields": [{"name": "x", "type": "year", "constraints": {"pattern": "2.*"}}]},
         "constraints.pattern", "already has a pattern", ""),
        ({"fields": [{"name": "x", "type": "integer", "x-snapshots": {"bits": 7}}]},
         "x-snapshots", "7 bits", ""),
        ({"fields": [{"name": "x", "x-snapshots": {"maxchars": 7}}]}, "x-snapshots", "'maxchars'",
         "'maxChars'"),
        ({"fields": [{"name": "x"}, {"name": "X"}]}, "", "Two fields", "Rename"),
        ({"fields": [{"name": "_line"}]}, "", "lineage", ""),
        ({"fields": [{"name": "x"}], "primaryKey": "y"}, "primaryKey", "'y'", "x"),
        ({"fields": [{"name": "x"}], "foreignKeys": [{}]}, "foreignKeys", "foreign keys",
         "database"),
        ({"fields": [{"name": "x"}], "uniqueKeys": [["x"]]}, "uniqueKeys", "several", "primaryKey"),
        ({"fields": [{"name": "x"}], "fieldsMatch": ["superset"]}, "fieldsMatch", "superset",
         "--columns-changed"),
        ({"fields": [{"name": "x"}], "missingvalues": [""]}, "missingvalues", "unknown",
         "'missingValues'"),
        ({"fields": [{"name": "x"}], "missingValues": [0]}, "missingValues", "not a string",
         "quotes"),
    ],
)  # fmt: skip
def test_faults_are_named_with_their_place(schema, place, message, hint):
    with pytest.raises(ContractError) as caught:
        parse_contract(schema, "movies.json")
    error = caught.value
    assert error.place.startswith("movies.json")
    assert error.place.endswith(place)
    assert message in error.message
    assert hint in error.hint


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (None, "cannot be read"),
        (b"{", "not valid JSON"),
        (b"\xff\xfe{", "not UTF-8"),
        (b"3", "object"),
        (b"[" * 100_000 + b"]" * 100_000, "nested too deep"),
        (b'{"fields": 1e999999999999999999999}', "too large"),
        (b'{"fields": [{"name": "a\\ud800"}]}', "not text"),
    ],
)
def test_files_that_are_no_contract(tmp_path, data, message):
    path = tmp_path / "schema.json"
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(ContractError, match=message) as caught:
        read_contract(path)
    assert caught.value.place == str(path)


def test_a_file_is_read_with_its_numbers_as_written(tmp_path):
    path = tmp_path / "schema.json"
    path.write_text(
        '\ufeff{"fields": [{"name": "x", "type": "number", "constraints": {"maximum": 0.10}}]}',
        encoding="utf-8",
    )
    assert read_contract(path).columns[0].maximum == "0.10"


words = st.text(min_size=1, max_size=8)
lists = st.none() | st.lists(words, min_size=1, max_size=3).map(tuple)
sizes = st.none() | st.integers(0, 70_000)


@st.composite
def types(draw):
    kind = draw(st.sampled_from(
        ["boolean", "integer", "decimal", "float", "date", "time", "timestamp", "timestamptz",
         "text", "uuid", "json"]
    ))  # fmt: skip
    bits = {"integer": st.sampled_from([8, 16, 24, 32, 64]), "float": st.sampled_from([32, 64])}
    return Type(
        kind,
        bits=draw(bits.get(kind, st.just(64))),
        unsigned=draw(st.booleans()),
        precision=draw(sizes),
        scale=draw(sizes),
        fraction=draw(st.integers(0, 6)),
        max_chars=draw(sizes),
        max_bytes=draw(sizes),
        wire=draw(st.sampled_from(["", "jsonb"])),
    )


@st.composite
def columns(draw, name):
    kind = draw(types())
    ordered = kind.kind in {
        "integer",
        "decimal",
        "float",
        "date",
        "time",
        "timestamp",
        "timestamptz",
    }
    temporal = kind.kind in {"date", "time", "timestamp", "timestamptz"}
    bound = st.none() | words if ordered else st.none()
    length = st.none() | st.integers(0, 100)
    return Column(
        name=name,
        source=draw(st.just(name) | words),
        type=kind,
        format=draw(st.sampled_from(["default", "%d/%m/%Y"])) if temporal else "default",
        required=draw(st.booleans()),
        unique=draw(st.booleans()),
        minimum=draw(bound),
        maximum=draw(bound),
        exclusive_minimum=draw(bound),
        exclusive_maximum=draw(bound),
        min_length=draw(length),
        max_length=draw(length),
        pattern=draw(st.none() | words),
        enum=draw(lists),
        true_values=draw(lists),
        false_values=draw(lists),
        decimal_char=draw(st.sampled_from([".", ","])),
        group_char=draw(st.sampled_from([None, ",", " "])),
        bare_number=draw(st.booleans()),
    )


@st.composite
def contracts(draw):
    names = draw(st.lists(st.sampled_from("abcdefgh"), min_size=1, unique=True))
    placed, width = draw(st.booleans()), draw(st.none() | st.integers(1, 9))
    places = [FieldPlace(10 * n + 1, 9) if placed else None for n in range(len(names) - 1)]
    places.append(FieldPlace(10 * len(names), width) if placed else None)
    return Contract(
        tuple(
            replace(draw(columns(name)), place=place)
            for name, place in zip(names, places, strict=True)
        ),
        draw(st.none() | st.lists(st.text(max_size=3), max_size=3).map(tuple)),
        tuple(draw(st.lists(st.sampled_from(names), unique=True))),
        subset=draw(st.booleans()),
    )


@given(contracts())
def test_every_contract_comes_back_from_its_schema(contract):
    schema = json.loads(json.dumps(to_schema(contract)))
    assert parse_contract(schema, "ledger") == contract


def test_the_round_trip_knows_every_field_of_the_model():
    """A field that is added to the model and forgotten here would be lost in the ledger."""
    assert set(Type.__struct_fields__) == {
        "kind", "bits", "unsigned", "precision", "scale", "fraction", "max_chars", "max_bytes",
        "wire",
    }  # fmt: skip
    assert set(Contract.__struct_fields__) == {
        "columns", "missing_values", "primary_key", "rules", "subset",
    }  # fmt: skip
    assert len(Column.__struct_fields__) == 21


def test_a_plain_schema_says_no_more_than_it_must():
    contract = Contract((Column("a", "a", Type("integer")), Column("b", "B", Type("text"))))
    assert to_schema(contract) == {
        "fields": [
            {"name": "a", "type": "integer"},
            {"name": "b", "type": "string", "x-source": "B"},
        ],
        "x-snapshots": {"missingValues": "unquoted"},
    }


def test_a_name_in_the_header_may_be_empty():
    """A column is never without a name, and the field that it comes from may be."""
    schema = {"fields": [{"name": "column_1", "x-source": ""}, {"name": "b"}]}
    contract = parse_contract(schema, "a.json")
    assert [column.source for column in contract.columns] == ["", "b"]
    assert parse_contract(to_schema(contract), "a.json") == contract


def test_evidence_is_left_alone():
    plain = {"fields": [{"name": "a", "type": "integer"}]}
    evidence = {"values": 3, "ruledOut": [{"line": 2, "value": "x"}], "required": True}
    seen = {"fields": [{**plain["fields"][0], "x-evidence": evidence}], "x-evidence": {"a": 1}}
    assert parse_contract(seen, "a.json") == parse_contract(plain, "a.json")
