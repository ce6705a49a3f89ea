"""Rules on whole records: read, written back, refused, and kept by the kernel."""

import json

import pytest
from msgspec.structs import replace

from snapshots._native import Chunk, Converter
from snapshots.contract.contract import parse_contract, to_schema
from snapshots.errors import ContractError
from snapshots.formats.kernel_json import converter_spec
from snapshots.model import Dialect

FIELDS = [{"name": "source"}, {"name": "id"}, {"name": "api14"}]
RULES = [
    {"when": {"source": ["di", "ihs"]}, "anyOf": ["id", "api14"]},
    {"when": {"source": ["aries"]}, "anyOf": ["id"]},
]


def contract(rules=RULES, fields=FIELDS):
    schema = {"fields": fields, "x-snapshots": {"missingValues": "unquoted", "rules": rules}}
    return parse_contract(schema, "wells.json")


def convert(data, contract, header=("source", "id", "api14"), encoding="json"):
    spec = converter_spec(Dialect(header=False), contract, header, encoding, None)
    return Converter(spec).convert(Chunk.of(data), 0, 1, 1 << 20)


def test_a_contract_with_rules_is_written_as_it_is_read():
    assert parse_contract(to_schema(contract()), "again") == contract()


@pytest.mark.parametrize(
    ("rules", "says"),
    [
        ({}, "a list"),
        ([{"when": {"source": ["di"]}}], "anyOf"),
        ([{"anyOf": []}], "lists of strings"),
        ([{"anyOf": ["id"], "then": 1}], "anyOf"),
        ([{"anyOf": ["ID"]}], "no field 'ID'"),
        ([{"anyOf": ["id"], "when": {"sauce": ["di"]}}], "no field 'sauce'"),
        ([{"anyOf": ["id"], "when": {"source": "di"}}], "lists of strings"),
    ],
)
def test_a_rule_that_means_nothing_is_refused(rules, says):
    with pytest.raises(ContractError, match=says) as caught:
        contract(rules)
    assert caught.value.place == "wells.json, x-snapshots.rules"


@pytest.mark.parametrize("encoding", ["json", "postgres", "text"])
def test_a_record_that_breaks_a_rule_is_rejected_and_the_others_are_not(encoding):
    data = b"di,1,\ndi,,2\ndi,,\naries,1,\naries,,2\nother,,\n"
    block = convert(data, contract(), encoding=encoding)
    assert (block.records, block.loaded, block.rejected) == (6, 4, 2)
    assert [
        (line, column, code, reason) for line, _, column, code, reason, _ in block.rejects()
    ] == [
        (3, None, "missing_value", 'The record has no value in id, api14, and source is "di".'),
        (5, None, "missing_value", 'The record has no value in id, and source is "aries".'),
    ]


def test_a_rejected_record_leaves_nothing_in_the_payload():
    block = convert(b"aries,,\naries,7,\n", contract())
    assert [json.loads(row) for row in block.payload.split(b"\n") if row] == [
        {"source": "aries", "id": "7", "api14": None}
    ]


def test_quoted_fields_are_read_before_they_are_compared():
    block = convert(b'"aries",,\n"di","","x ""y"""\n', contract())
    assert [reject[0] for reject in block.rejects()] == [1]


def test_a_column_that_the_input_lacks_has_no_value():
    kept = parse_contract(to_schema(contract()), "kept")
    fewer = parse_contract(
        {"fields": FIELDS[:2], "x-snapshots": {"missingValues": "unquoted"}}, "fewer"
    )
    fewer = replace(fewer, rules=kept.rules)
    assert convert(b"di,\nihs,1\n", fewer, ("source", "id")).rejected == 1
    without_source = replace(fewer, columns=fewer.columns[1:])
    assert convert(b"1\n\n", without_source, ("id",)).rejected == 0


def test_a_rule_for_all_records():
    block = convert(b"a,,\na,1,\n", contract([{"anyOf": ["id", "api14"]}]))
    assert [reject[4] for reject in block.rejects()] == ["The record has no value in id, api14."]
