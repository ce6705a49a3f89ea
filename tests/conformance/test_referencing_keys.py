"""Foreign keys that refer to a table: `Target.referencing_keys`; and `Session.change`."""

from snapshots.model import TableName
from tests.conformance.rows import on

T = TableName("t")


def found(target, session, table=T):
    return sorted(
        (str(key.table), key.columns, key.parents, key.on_delete)
        for key in target.referencing_keys(session, table)
    )


@on("postgres", "mysql", "sqlite", "toy")
def test_keys_of_other_tables_and_its_own(target, session):
    session.execute(
        "CREATE TABLE t (a int, b int, id int UNIQUE, boss int, PRIMARY KEY (a, b),"
        " CONSTRAINT own FOREIGN KEY (boss) REFERENCES t (id))"
    )
    session.execute(
        "CREATE TABLE pairs (pa int, pb int, n int, CONSTRAINT pair FOREIGN KEY (pb, pa)"
        " REFERENCES t (b, a) ON DELETE CASCADE, CONSTRAINT one FOREIGN KEY (n)"
        " REFERENCES t (id) ON DELETE SET NULL)"
        if target.name != "mysql"
        else "CREATE TABLE pairs (pa int, pb int, n int, CONSTRAINT pair FOREIGN KEY (pa, pb)"
        " REFERENCES t (a, b) ON DELETE CASCADE, CONSTRAINT one FOREIGN KEY (n)"
        " REFERENCES t (id) ON DELETE SET NULL)"
    )
    session.execute("CREATE TABLE other (id int PRIMARY KEY)")
    session.execute(
        "CREATE TABLE elsewhere (n int, CONSTRAINT away FOREIGN KEY (n) REFERENCES other (id))"
    )
    turned = target.name != "mysql"
    assert found(target, session) == [
        ("pairs", ("n",), ("id",), "set null"),
        (
            "pairs",
            ("pb", "pa") if turned else ("pa", "pb"),
            ("b", "a") if turned else ("a", "b"),
            "cascade",
        ),
        ("t", ("boss",), ("id",), "refuse"),
    ]
    assert found(target, session, TableName("elsewhere")) == []
    assert found(target, session, TableName("nowhere")) == []


@on("duckdb")
def test_keys_that_only_refuse(target, session):
    session.execute(
        "CREATE TABLE t (a int, b int, id int UNIQUE, boss int REFERENCES t (id),"
        " PRIMARY KEY (a, b))"
    )
    session.execute("CREATE TABLE pairs (pa int, pb int, FOREIGN KEY (pa, pb) REFERENCES t (a, b))")
    assert found(target, session) == [
        ("pairs", ("pa", "pb"), ("a", "b"), "refuse"),
        ("t", ("boss",), ("id",), "refuse"),
    ]


def test_a_change_says_how_many_rows_it_changed(session):
    session.execute("CREATE TABLE t (n int)")
    with session.transaction():
        assert session.change("INSERT INTO t VALUES (1), (2), (3)") == 3
        assert session.change("UPDATE t SET n = n + 1 WHERE n > ?", (1,)) == 2
        assert session.change("DELETE FROM t WHERE n = ?", (99,)) == 0
        assert session.change("DELETE FROM t WHERE n > ?", (0,)) == 3
