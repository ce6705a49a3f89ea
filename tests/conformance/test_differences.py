"""What must be compared, and how it is found: `Target.comparison` and `Session.differences`."""

import pytest

from snapshots._native import AlteredRecords, Chunk, Converter
from snapshots.errors import RefusedRows
from snapshots.formats.kernel_json import converter_spec
from snapshots.model import Dialect, TableName
from snapshots.row_encoding import TEXT
from snapshots.table_facts import Comparison, Difference
from tests.conformance.rows import column, contract, on, table

T = TableName("t")


def twice(made, names, text):
    spec = converter_spec(
        Dialect(header=False), made, [c.name for c in made.columns], "text", 0,
        chosen=[name for name in names for _ in range(2)],
    )  # fmt: skip
    chunk = Chunk.of(text)
    return [Converter(spec).convert(chunk, 0, 1, len(chunk))]


def test_types_that_the_kernel_knows_are_not_compared(target, session):
    made = contract(column("a", "integer"), column("b", "timestamptz"), column("c", "json"))
    t = table(target, session, made, lineage=True)
    encoding = target.encoding_for(session, target.inspect(session, t))
    assert target.comparison(session, t, made.columns, encoding) == Comparison()


@on("postgres")
def test_the_first_difference_of_a_line_is_found(target, session):
    session.execute("CREATE TABLE t (a timetz, b int, c numeric(5,2)[])")
    made = contract(column("a"), column("b", "integer", bits=32), column("c"))
    compared = target.comparison(session, T, made.columns, TEXT)
    assert (compared.columns, compared.notes) == (("a", "c"), ())
    text = b"12:00Z,1,{1}\n12:00,2,{1.005}\n,3,\n12:00Z,4,{1.005}\n"
    for _ in range(2):
        with session.transaction():
            found = session.differences(compared, twice(made, compared.columns, text))
            assert found == [
                Difference(2, "a", "12:00", "12:00:00+00"),
                Difference(4, "c", "{1.005}", "{1.01}"),
            ]
            assert (
                session.differences(compared, twice(made, compared.columns, b"12:00Z,1,\n")) == []
            )
    assert session.execute("SELECT COUNT(*) FROM t") == [(0,)]
    assert session.execute("SELECT relname FROM pg_class WHERE relname LIKE 'snapshots%'") == []


@on("postgres")
def test_a_value_that_cannot_be_taken_is_refused(target, session):
    session.execute("CREATE TABLE t (a timetz)")
    made = contract(column("a"))
    compared = target.comparison(session, T, made.columns, TEXT)
    with session.transaction():
        with pytest.raises(RefusedRows, match="soon"), session.savepoint():
            session.differences(compared, twice(made, compared.columns, b"soon\n"))
        assert session.differences(compared, twice(made, compared.columns, b"12:00Z\n")) == []


@pytest.mark.parametrize("encoding", ["postgres", "text", "mariadb", "sqlite", "json"])
def test_altered_records_become_rejects_where_they_stand(encoding):
    made = contract(column("a"), column("b", "integer"))
    lineage = None if encoding == "json" else 1
    spec = converter_spec(Dialect(header=False), made, ["a", "b"], encoding, lineage)
    text = b'x,1\n"y\ny",2\n\nz,x\nw,4\n'
    altered = AlteredRecords(
        [(2, "a", "no."), (5, "a", "no."), (6, "b", "neither."), (9, "a", "beyond")]
    )
    assert len(altered) == 4
    block = Converter(spec).convert(Chunk.of(text, start=100), 0, 1, len(text), altered=altered)
    assert (block.records, block.loaded, block.rejected, block.skipped) == (5, 1, 3, 1)
    assert block.rejects() == [
        (2, 104, "a", "altered_by_target", "no.", b'"y\ny",2'),
        (5, 113, "b", "not_an_integer", '"x" is not an integer.', b"z,x"),
        (6, 117, "b", "altered_by_target", "neither.", b"w,4"),
    ]
    first = Converter(spec).convert(
        Chunk.of(text), 0, 1, len(text), stop_at_reject=True, altered=altered
    )
    assert (first.records, first.loaded, first.rejected) == (2, 1, 1)
