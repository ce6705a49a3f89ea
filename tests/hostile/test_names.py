"""Names that try to be SQL, or to be taken for other names: in headers, contracts, of tables and
of databases, on every target, and wherever else they are shown or used again.
"""

import json
from urllib.parse import quote

import pytest

import snapshots
from snapshots import locations
from snapshots.errors import SnapshotsError
from snapshots.formats.names import clean
from snapshots.targets.sql.ddl import quoted
from tests.conftest import fresh
from tests.hostile.case import EVERYWHERE
from tests.support.command import objects
from tests.support.command import snapshots as command
from tests.support.database_servers import other_database

NAMES = (
    'a"; DROP TABLE victim; --',
    "a'); DROP TABLE victim; --",
    "a`; DROP TABLE victim; -- ",
    'a"', 'a""b', "a'", "a''b", "a`", "a``b", '"', "`", "'", '"a"', "`a`", "'a'",
    "back\\slash", "ends with \\", "\\", '\\"', "\\`", "\\'", "\\N", "\\.",
    "100%", "%s", "%(x)s", "%%", "?", "??", "$1", ":a", "@a", "{0}", "${HOME}", "$(id)",
    "a;b", ";", "a--b", "--", "/* a */", "#", "a.b", ".", "a,b", "(a)", ")", "[a]", "*",
    "a\0b", "a\nb", "a\tb", "\x1b[31mred", "NULL", "ROWID", "oid", "xmin", "ctid", "_line", "1", "-1",
)  # fmt: skip
"""Each does harm where somebody forgets to quote, or quotes in the wrong way."""

TABLES = (
    *NAMES[:3], 'a"', "a'", "a`", '"', "\\", '\\"', "\\`", "%s", "%%", "?", "${HOME}", "a;b", "a.b", "a\nb",
    "NULL", "1",
)  # fmt: skip


@pytest.fixture
def victim(home):
    """A table that must be there afterwards, as it was."""
    home.session.execute("DROP TABLE IF EXISTS victim")
    home.session.execute("CREATE TABLE victim (a integer)")
    home.session.execute("INSERT INTO victim VALUES (42)")
    yield
    assert [tuple(map(int, row)) for row in home.session.execute("SELECT a FROM victim")] == [(42,)]


def written(path, *records):
    """A file in which every field is quoted, as CSV does it."""
    lines = (
        ",".join('"{}"'.format(str(v).replace('"', '""')) for v in record) for record in records
    )
    path.write_text("\n".join(lines) + "\n", newline="")
    return path


def rows(home, table, *columns):
    names = ", ".join(map(home.target.dialect.quote, columns))
    return home.session.execute(
        f"SELECT {names} FROM {home.target.dialect.quote(table)} ORDER BY _line"
    )


@pytest.mark.usefixtures("victim")
@pytest.mark.parametrize("home", EVERYWHERE, indirect=True)
class TestHeaders:
    def test_are_columns_and_no_more(self, home, tmp_path):
        """A table is created of them, found again, and added to."""
        expected = [name.name for name in clean(NAMES).columns]
        values = [f"v{n}" for n in range(len(NAMES))]
        path = written(tmp_path / "a.csv", NAMES, values)
        options = {"database": home.url, "table": "headers", "header": True, "delimiter": ","}
        assert snapshots.load(path, **options).counts.loaded == 1
        shape = home.target.inspect(home.session, home.target.table_name("headers"))
        assert [column.name for column in shape.columns][:-2] == expected
        assert [list(row) for row in rows(home, "headers", *expected)] == [values]
        written(path, [*NAMES, 'new"`; %s ?'], [*values[::-1], "n"])
        again = snapshots.load(path, columns_changed="add", **options)
        assert again.counts.loaded == 1, again.message
        assert list(rows(home, "headers", *expected)[1]) == values[::-1]

    def test_in_rejects_and_by_commands(self, home, tmp_path):
        """A contract's columns, keys and rules have such names; values that they refuse."""
        names = ('i"`?%s', "u'`?%s", "k\"'\\`", 'j"`?%', 'r`"?')
        contract = {
            "fields": [
                {"name": names[0], "type": "integer", "constraints": {"minimum": 0}},
                {"name": names[1], "constraints": {"unique": True, "maxLength": 9}},
                {"name": names[2], "type": "integer"},
                {"name": names[3], "type": "object"},
                {"name": names[4], "constraints": {"required": True}},
            ],
            "primaryKey": [names[2]],
        }
        (tmp_path / "contract.json").write_text(json.dumps(contract))
        path = written(
            tmp_path / "rules.csv", names,
            (1, "u", 1, "{}", "r"), ("x", "v", 2, "{}", "r"), (-1, "w", 3, "{}", "r"),
            (1, "u", 4, "{}", "r"), (1, "y", 1, "{}", "r"), (1, "z", 5, "{", "r"), (2, "q", 6, "[]", "r"),
        )  # fmt: skip
        done = command(
            path.name, "--database", home.url, "--contract", "contract.json",
            "--max-rejects", "100%", cwd=tmp_path,
        )  # fmt: skip
        assert "2 loaded + 5 rejected" in done.stdout, done.stderr
        assert [tuple(map(str, row)) for row in rows(home, "rules", *names)] == [
            ("1", "u", "1", "{}", "r"), ("2", "q", "6", "[]", "r")
        ]  # fmt: skip
        number = snapshots.history(home.url)[-1].import_id
        on = ("--database", home.url)
        found = objects(command("rejects", number, "--json", *on, cwd=tmp_path))
        assert [(reject["line"], reject["column"], reject["code"]) for reject in found] == [
            (3, names[0], "not_an_integer"), (4, names[0], "below_minimum"),
            (5, None, "refused_by_target"), (6, None, "refused_by_target"), (7, names[3], "not_json"),
        ]  # fmt: skip
        for words in (("show", number), ("list",)):
            shown = command(*words, *on, cwd=tmp_path)
            assert (shown.returncode, "rules" in shown.stdout) == (0, True), shown.stderr


@pytest.mark.usefixtures("victim")
@pytest.mark.parametrize("home", EVERYWHERE, indirect=True)
class TestTables:
    def test_of_any_name(self, home, tmp_path):
        path = written(tmp_path / "a.csv", ("a", "b"), (1, "x"))
        for name in TABLES:
            if name.endswith(" ") and home.target.name == "mysql":
                continue  # which it forbids
            result = snapshots.load(path, database=home.url, table=quoted(name, '"'))
            assert result.outcome == "finished", result.message
            assert [row[0] for row in rows(home, name, "b")] == ["x"]

    def test_that_cannot_be(self, home, tmp_path):
        """Names that a database would cut, and so take for each other, among them."""
        path = written(tmp_path / "a.csv", ("a", "b"), (1, "x"))
        long = () if home.target.name == "sqlite" else ("a" * 99, "a" * 99 + "b")
        for name in ("a\0b", '"', '"a', 'a"b', ".", *long):
            with pytest.raises(SnapshotsError, match="name"):
                snapshots.load(path, database=home.url, table=name)

    @pytest.mark.parametrize(
        "name", ["snapshots_rejects", '"snapshots_rejects"', "Snapshots_Rejects"]
    )
    def test_of_the_ledger_are_not_for_loading(self, home, name, tmp_path):
        path = written(tmp_path / "a.csv", ("line", "code"), (1, "x"))
        with pytest.raises(SnapshotsError, match="ledger"):
            snapshots.load(path, database=home.url, table=name, columns_changed="ignore")

    def test_of_a_file_whose_name_is_sql(self, home, tmp_path):
        path = written(tmp_path / "x\"'`; DROP TABLE victim; -- %s?.csv", ("a",), (1,))
        result = snapshots.load(path, database=home.url)
        assert (result.outcome, result.record.table) == ("finished", "x_DROP_TABLE_victim_s")
        done = command("list", path.name, "--database", home.url, cwd=tmp_path)
        assert (done.returncode, path.name in done.stdout) == (0, True), done.stderr

    def test_in_an_import_that_is_gone_on_with(self, home, tmp_path):
        """What was stopped is resumed by the names that the ledger has."""
        names = ('i"`?%s\\', "j'")
        path = written(tmp_path / "stopped.csv", names, *((n, n) for n in range(200)))
        table = "t\"`'?%s"
        stopped = command(
            path.name, "--database", home.url, "--table", quoted(table, '"'), "--chunk-size", "1KB",
            cwd=tmp_path, SNAPSHOTS_FAULT="after-commit:2",
        )  # fmt: skip
        assert stopped.returncode == -9
        number = snapshots.history(home.url)[-1].import_id
        done = command("resume", number, "--database", home.url, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert [int(n) for n, _ in rows(home, table, *names)] == list(range(200))


@pytest.mark.parametrize("kind", ["postgres", "mysql"])
def test_databases_of_any_name(kind, request, tmp_path):
    """They are created by what connects first; names of SQLite are those of files."""
    server = next(fresh(kind, request))
    for number, name in enumerate(('a"; DROP DATABASE x; --', "a`b'%s?\\")):
        url = other_database(server, quote(f"{name}{number}", safe=""))
        path = written(tmp_path / "a.csv", ("a",), (number,))
        target = locations.target(url)
        assert snapshots.load(path, database=url, table="t").counts.loaded == 1
        session = target.connect(create=False)
        assert [tuple(map(int, row)) for row in session.execute("SELECT a FROM t")] == [(number,)]
        session.close()
        listed = command("list", "--json", "--database", url, cwd=tmp_path)
        assert objects(listed)[0]["database"] == target.display()
        drop(kind, server, f"{name}{number}")


def drop(kind, server, name):
    mark = {"postgres": '"', "mysql": "`"}[kind]
    session = locations.target(server).connect()
    session.execute(f"DROP DATABASE {quoted(name, mark)}")
    session.close()
