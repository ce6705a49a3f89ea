"""Names made of any characters."""

import pytest

from snapshots.errors import ContractError, TargetError
from snapshots.model import TableName
from tests.conformance.rows import FILES, built_on, column, contract, count, load, table

HOSTILE = [
    'a"b', "a`b", "a'b", "a\\b", "a\\", "a%sb", "100 %", "a;b -- c", "a?b", "a:b", "a.b", "[a]",
    "select", "SELECT", "ünï çødé", "a\nb", "\t", " a", "{a}", "$1", "/* a */", "a\u200bb", "1",
]  # fmt: skip

LONGEST = {"postgres": 63, "mysql": 64, "sqlite": 1000, "duckdb": 1000}
"""Bytes of a name; characters of MySQL."""


@pytest.mark.parametrize("name", HOSTILE)
def test_a_column_and_a_table_of_that_name(target, session, name):
    made = contract(column(name), column("n", "integer"), primary_key=("n",))
    t = TableName(name)
    if built_on(target) == "mysql" and name[-1].isspace():
        with pytest.raises(ContractError):
            target.create_table(session, t, made, lineage=True)
        return
    target.create_table(session, t, made, lineage=True)
    with session.transaction():
        load(target, session, t, made, [["x?%", "1"]], import_id=3)
    assert count(session, target, name) == 1
    sql = f"SELECT {target.dialect.quote(name)} FROM {target.dialect.quote(name)}"
    assert session.execute(sql) == [("x?%",)]
    assert [c.name for c in target.inspect(session, t).columns[:2]] == [name, "n"]
    target.add_columns(session, t, [column(f"{name}+")])


def test_emoji(target, session):
    made = contract(column("😀"), column("n", "integer"))
    if built_on(target) == "mysql":
        with pytest.raises(ContractError):
            table(target, session, made)
        return
    t = table(target, session, made, "😀")
    assert [c.name for c in target.inspect(session, t).columns] == ["😀", "n"]


def test_the_longest_name(target, session):
    longest = LONGEST[built_on(target)]
    name = "é" * (longest // 2) + "x" * (longest % 2)
    made = contract(column(name), column("n", "integer"))
    t = table(target, session, made, name)
    shape = target.inspect(session, t)
    assert [c.name for c in shape.columns] == [name, "n"]
    too_long = "x" * (longest + 1)
    with pytest.raises(ContractError):
        target.dialect.quote(too_long)


def test_names_of_tables(target):
    assert target.table_name("t") == TableName("t")
    assert target.table_name('"a.b"') == TableName("a.b")
    assert target.table_name('"say ""hi"""') == TableName('say "hi"')
    if built_on(target) == "postgres":
        assert target.table_name("s.t") == TableName("t", "s")
        assert target.table_name('"s.1".t') == TableName("t", "s.1")
        with pytest.raises(TargetError):
            target.table_name("a.b.c")
    else:
        with pytest.raises(TargetError) as refused:
            target.table_name("s.t")
        hint = refused.value.hint
        assert "--table t." in hint
        assert """--table '"s.t"'.""" in hint
        assert built_on(target) != "mysql" or "/s --table" in hint
        own = "main" if target.name in FILES else target.location.database
        assert target.table_name(f"{own}.t") == TableName("t")
        with pytest.raises(TargetError):
            target.table_name(f"{own}.s.t")
    for text in ("", ".", "a.", ".a", 'a"b', '"a'):
        with pytest.raises(TargetError):
            target.table_name(text)
