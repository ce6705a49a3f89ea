"""The JSON for the kernel, and that the kernel takes it."""

import json

import pytest

from snapshots._native import Chunk, Converter, Records, Scanner, Splitter
from snapshots.errors import ContractError
from snapshots.formats.kernel_json import converter_spec, dialect_json, positions
from snapshots.model import Column, Contract, Dialect, Type

CONTRACT = Contract(
    (
        Column("n", "N", Type("integer", bits=32), required=True, minimum="1"),
        Column("t", "T", Type("text", max_chars=3), enum=("x", "y")),
    ),
    ("", "NA"),
)


def test_every_field_of_a_dialect_is_in_its_json():
    odd = Dialect(
        ";", "'", "\\", "cr", "latin-1", header=False, preamble=2, rows_after_header=1,
        comment="#", skip_initial_space=True, max_record_size=99, escape_unquoted=False,
    )  # fmt: skip
    assert Dialect(**json.loads(dialect_json(odd))) == odd
    assert set(json.loads(dialect_json(odd))) == set(Dialect.__struct_fields__)


@pytest.mark.parametrize(
    ("encoding", "import_id"),
    [(encoding, id_) for encoding in ("postgres", "text", "sqlite") for id_ in (None, 7)]
    + [("json", None)],
)
def test_the_kernel_takes_what_is_made_for_it(encoding, import_id):
    spec = converter_spec(Dialect(), CONTRACT, ["T", "N", "other"], encoding, import_id)
    data = b"T,N,other\nx,5,1\nNA,0,1\n"
    block = Converter(spec).convert(Chunk.of(data), 0, 1, 1000)
    assert (block.records, block.loaded, block.rejected) == (2, 1, 1)
    assert block.rejects()[0][2:4] == ("n", "below_minimum")
    if encoding == "text":
        assert block.payload == (b"5\tx\n" if import_id is None else b"5\tx\t7\t2\n")


def test_a_dialect_is_taken_by_every_part_of_the_kernel():
    text = dialect_json(Dialect(delimiter=";"))
    assert Records.parse(b"a;b\n", text, 5) == [(1, 0, [b"a", b"b"])]
    splitter = Splitter(text, 1000)
    (chunk,) = splitter.feed(b"a;b\n1;2\n") + splitter.finish()
    assert (chunk.start, chunk.end) == (0, 8)
    Scanner(text, 2).scan(Chunk.of(b"a;b\n1;2\n"))


def test_columns_of_the_same_name_take_the_fields_in_turn():
    twice = Contract((Column("a", "a", Type("text")), Column("a_2", "a", Type("text"))))
    assert positions(twice, ["b", "a", "a"]) == [1, 2]


def test_a_column_that_the_input_lacks():
    with pytest.raises(ContractError, match="no column 'N', which 'n' needs"):
        converter_spec(Dialect(), CONTRACT, ["T"], "text", None)
