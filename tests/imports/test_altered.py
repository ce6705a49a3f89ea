"""What a column would store as another value is a reject, and another spelling of it is loaded."""

import csv
import io

import pytest

import snapshots
from snapshots import locations
from snapshots.engine.events import Notice

POSTGRES = [
    # The type, what is loaded and how it reads then, what would be altered, what is no value of it.
    ("numeric(5,2)[]", {"{1.5}": "{1.50}", "{NULL,1.500}": "{NULL,1.50}", "{}": "{}",
     "{{1,2},{3,4}}": "{{1.00,2.00},{3.00,4.00}}", "[0:1]={1,2}": "[0:1]={1.00,2.00}"},
     ["{1.005,2}", "{{1,2},{3,4.125}}"], ["{abc}", "{1234.5}", "1.5"]),
    ("numeric(4,1)[]", {"{1.5}": "{1.5}"}, ["{1.567}"], []),
    ("interval(2)", {"1.12 seconds": "00:00:01.12", "1 day": "1 day", "24:00": "24:00:00"},
     ["1.129 seconds"], ["soon"]),
    ("interval year to month", {"1 year 2 mons": "1 year 2 mons", "1-2": "1 year 2 mons"},
     ["1 year 2 mons 3 days"], []),
    ("interval", {"1.5 days": "1 day 12:00:00", "1.5 years": "1 year 6 mons",
     "PT1.5M": "00:01:30", "P1Y2M3DT4H5M6.5S": "1 year 2 mons 3 days 04:05:06.5",
     "1 day ago": "-1 days", "1.123456 s": "00:00:01.123456", "-1 2:03": "-1 days +02:03:00",
     "90 minutes": "01:30:00", "1.0 months": "1 mon"},
     ["0.1234567 seconds", "1.5 months", "P1.5M", "12:00:00.1234567", "0.333333333 hours"], []),
    ("timetz", {"12:00:00+02": "12:00:00+02", "12:00Z": "12:00:00+00", "9:05 pm -03:30":
     "21:05:00-03:30"}, ["12:00:00", "now", "2024-01-01 12:00+02", "12:00:60+00",
     "12:00:00.1234567+02"], ["25:00+02"]),
    ("timetz(0)", {"12:00:00+02": "12:00:00+02"}, ["12:00:00.7+02", "12:00:00"], []),
    ("jsonb", {'{"a":1.10}': '{"a": 1.10}', '{"b":{"a":1},"a":1}': '{"a": 1, "b": {"a": 1}}',
     '{"n":12345678901234567890.123}': '{"n": 12345678901234567890.123}'},
     ['{"a":1,"a":2}', '[{"a":{"b":1,"c":2,"b":3}}]', '{"a":1,"\\u0061":1}'], []),
    ("jsonb[]", {'{"{\\"a\\":[\\"x\\", \\":y\\"]}"}': '{"{\\"a\\": [\\"x\\", \\":y\\"]}"}'},
     ['{"{\\"a\\":1,\\"a\\":2}"}'], ["{a}"]),
    ("json", {'{"a":1,"a":2}': '{"a":1,"a":2}'}, [], []),
    ("timestamp(0)[]", {"{2024-01-01 10:00:00}": '{"2024-01-01 10:00:00"}',
     "{2024-01-01T10:00}": '{"2024-01-01 10:00:00"}', "{infinity}": "{infinity}"},
     ["{2024-01-01 10:00:00.7}", "{now}", "{2024-01-01T10:00:00Z}", "{1/2/24 10:00}"],
     ["{1/2/2024 10:00}"]),
    ("timestamptz[]", {"{2024-01-01 10:00+02}": '{"2024-01-01 08:00:00+00"}',
     "{2024-01-01 10:00 Europe/Berlin}": '{"2024-01-01 09:00:00+00"}'},
     ["{2024-01-01 10:00:00}", "{2024-01-01}", "{today}", '{"2024-01-01 10:00 PM"}'], []),
    ("time[]", {"{12:00}": "{12:00:00}"}, ["{12:00+02}", "{12:00:00.1234567}", "{now}"], []),
    ("date[]", {"{2024-01-02}": "{2024-01-02}", "{2024/1/2,20240103}": "{2024-01-02,2024-01-03}",
     "{Jan 2 2024}": "{2024-01-02}"},
     ["{1/2/24}", "{01-Feb-24}", "{ TOMORROW }", "{2024-01-02 10:00}", "{yesterday}"], ["{x}"]),
    ("real[]", {"{0.1}": "{0.1}", "{1e3,NULL,Infinity,NaN}": "{1000,NULL,Infinity,NaN}"},
     ["{16777217}", "{0.123456789}"], ["{1e99}"]),
    ("float8[]", {"{0.1,1.50}": "{0.1,1.5}"}, ["{9007199254740993}"], []),
    ("oid", {"5": "5", "007": "7", "4294967295": "4294967295"}, ["-1"], ["4294967296", "x"]),
    ("varchar(3)[]", {"{abc}": "{abc}", '{"ab "}': '{"ab "}'}, ['{"abc   "}'], ["{abcd}"]),
    ("char(3)[]", {"{ab}": '{"ab "}'}, ['{"abc   "}', '{"ab "}'], ["{abcd}"]),
    ("char(3)", {"ab": "ab", "abc": "abc"}, ["ab ", "   "], []),
    ("bpchar", {"ab": "ab"}, [], []),
    ("name[]", {"{abc}": "{abc}"}, ["{" + "x" * 64 + "}"], []),
    ("point", {"(1,2)": "(1,2)", " ( 1e2 , .5 ) ": "(100,0.5)"},
     ["(0.1,12345678901234567890)"], ["1"]),
    ("box[]", {"{(0,0),(1,1);(2,2),(3,3)}": "{(1,1),(0,0);(3,3),(2,2)}"},
     ["{(0,0),(1,9007199254740993)}"], []),
    ("circle", {"<(0,0),1.50>": "<(0,0),1.5>"}, ["<(0,0),0.12345678901234567890>"], []),
    ("money", {"$1,234.50": "$1,234.50", "-$5.00": "-$5.00", "($3.00)": "-$3.00",
     "7.25": "$7.25", "1,234": "$1,234.00", "$1234.5": "$1,234.50"}, ["1.005", "1,50"], ["1 EUR"]),
    ("tstzrange", {"[2024-01-01 10:00+02,)": '["2024-01-01 08:00:00+00",)', "empty": "empty"},
     ["[2024-01-01 10:00,2024-01-01 11:00)", "[2024-01-01 10:00+02,now)"], ["[2,1)"]),
    ("tsrange", {"[2024-01-01,2024-02-01)": '["2024-01-01 00:00:00","2024-02-01 00:00:00")'},
     ["[2024-01-01 10:00Z,)", "(,2024-01-01 10:00:00.1234567)"], []),
    ("daterange", {"[2024-01-01,2024-02-01]": "[2024-01-01,2024-02-02)"}, ["[1/2/24,)"], []),
    ("int4range", {"[1,5]": "[1,6)"}, [], ["[5,1]"]),
    ("datemultirange",
     {"{[2024-01-01,2024-02-01],[2024-01-05,2024-03-01)}": "{[2024-01-01,2024-03-01)}", "{}": "{}"},
     ["{[2024-01-01,2024-01-03),[today,2999-01-01)}"], []),
    ("cidr", {"10.0.0.0/8": "10.0.0.0/8", "10.1.2.3": "10.1.2.3/32", "::1": "::1/128"},
     ["10", "10.1"], ["10.1.2.3/8"]),
    ("inet", {"10.1.2.3/8": "10.1.2.3/8", "::FFFF:1.2.3.4": "::ffff:1.2.3.4/128"}, [], ["10.1"]),
    ("macaddr8", {"08002b:0102030405": "08:00:2b:01:02:03:04:05"}, ["08:00:2b:01:02:03"], []),
    ("bit(3)", {"B101": "101"}, [], ["10"]),
    ("varbit(3)", {"101": "101"}, [], ["1010"]),
    ("xml", {"<a> b</a>": "<a> b</a>"}, [], ["<a>"]),
    ("tsvector", {"b a a": "'a' 'b'", "a:2 a:1": "'a':1,2"}, ["a:20000"], []),
    ("uuid[]", {"{A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11}": "{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}"},
     [], ["{x}"]),
    ("bytea", {"\\x00FF": "\\x00ff"}, [], []),
    ("int[]", {"{+1,002}": "{1,2}"}, [], ["{1.5}"]),
]  # fmt: skip

OF_OUR_OWN = [
    ("part", {"(1.5,x)": "(1.50,x)", "(,)": "(,)", '(2,"a b")': '(2.00,"a b")'}, ["(1.005,abc)"],
     ["(1.5)"]),
    ("whole", {'("(1.5,abc)","{2024-01-01 10:00+00}",1)':
     '("(1.50,abc)","{""2024-01-01 10:00:00+00""}",1)'},
     ['("(1.005,abc)",,1)', '(,"{2024-01-01 10:00}",1)'], []),
    ("whole[]", {'{"(\\"(1.5,abc)\\",,1)","(,,)"}': '{"(\\"(1.50,abc)\\",,1)","(,,)"}'},
     ['{"(,,)","(\\"(1.005,abc)\\",,1)"}'], []),
    ("amounts", {"{1.5}": "{1.50}"}, ["{1.005}"], ["{-1.5}"]),
    ("amount[]", {"{1.5}": "{1.50}"}, ["{1.005}"], []),
    ("amount_range", {"[1.5,2]": "[1.50,2.00]"}, ["[1.005,2)", "(,1.005)"], []),
    ("mood", {"ok": "ok"}, [], ["Ok"]),
    ("mood[]", {"{ok}": "{ok}"}, [], []),
]  # fmt: skip
OURS = (
    "CREATE TYPE mood AS ENUM ('ok')",
    "CREATE TYPE part AS (n numeric(5,2), s text)",
    "CREATE TYPE whole AS (p part, z timestamptz[], i int)",
    "CREATE DOMAIN amount AS numeric(5,2)",
    "CREATE DOMAIN amounts AS numeric(5,2)[] CHECK (VALUE[1] > 0)",
    "CREATE TYPE amount_range AS RANGE (subtype = amount)",
)

SQLITE = [
    ("JSON", {"1.50": "1.5", "-0": "0", '"007"': '"007"', "9007199254740993": "9007199254740993",
     '{"a":12345678901234567890}': '{"a":12345678901234567890}', "null": "null", "1e3": "1000"},
     ["12345678901234567890", "1E400", "0.10000000000000000001"], []),
    ("JSON_TEXT", {"12345678901234567890": "12345678901234567890", "1E400": "1E400"}, [], []),
    ("", {"007": "007", "1e400": "1e400"}, [], []),
    ("CHAR(3)", {"ab ": "ab "}, [], []),
]  # fmt: skip

MARIADB = [
    ("char(3)", {"ab": "ab", "abc": "abc"}, ["ab ", "   "], []),
    ("varchar(3)", {"ab ": "ab "}, [], []),
    ("json", {'{"a":1,"a":2}': '{"a":1,"a":2}', "12345678901234567890123":
     "12345678901234567890123"}, [], []),
    ("inet6", {"0:0:0:0:0:0:0:1": "::1"}, [], ["1.2.3.4", "x"]),
]  # fmt: skip


class Column:
    """A table with one column of some type, and an import into it."""

    def __init__(self, url, folder, kind, made=()):
        self.url, self.folder = url, folder
        self.session = locations.target(url).connect()
        for statement in made:
            self.session.execute(statement)
        self.session.execute(f"CREATE TABLE t (id int, v {kind})")
        self.heard = []

    def load(self, values, **options):
        text = io.StringIO()
        csv.writer(text).writerows([("id", "v"), *enumerate(values, start=1)])
        path = self.folder / "t.csv"
        path.write_text(text.getvalue())
        options = {"max_rejects": "100%", **options}
        result = snapshots.load(path, database=self.url, listener=self.heard.append, **options)
        records = snapshots.rejects(result.record.import_id, database=self.url)
        return result, {values[one.line - 2]: one for one in records}

    def stored(self):
        text = "char" if self.url.startswith("mysql") else "text"
        return [
            str(v) for (v,) in self.session.execute(f"SELECT CAST(v AS {text}) FROM t ORDER BY id")
        ]

    @property
    def notices(self):
        return [event.text for event in self.heard if isinstance(event, Notice)]


@pytest.fixture
def column(tmp_path):
    opened = []

    def make(url, kind, made=()):
        opened.append(Column(url, tmp_path, kind, made))
        return opened[-1]

    yield make
    for one in opened:
        one.session.close()


def check(column, kept, altered, refused):
    result, rejects = column.load([*kept, *altered, *refused])
    assert column.stored() == list(kept.values())
    codes = {text: one.code for text, one in rejects.items()}
    given = dict.fromkeys(altered, "altered_by_target")
    assert codes == given | dict.fromkeys(refused, "refused_by_target")
    assert {rejects[text].column for text in altered} <= {"v"}
    assert result.counts.loaded == len(kept)
    assert result.counts.rejected == len(altered) + len(refused)


@pytest.mark.parametrize(
    ("kind", "kept", "altered", "refused"), POSTGRES, ids=lambda c: str(c)[:20]
)
def test_postgres(postgres_url, column, kind, kept, altered, refused):
    check(column(postgres_url, kind), kept, altered, refused)


@pytest.mark.parametrize(
    ("kind", "kept", "altered", "refused"), OF_OUR_OWN, ids=lambda c: str(c)[:20]
)
def test_types_that_a_user_has_made(postgres_url, column, kind, kept, altered, refused):
    check(column(postgres_url, kind, OURS), kept, altered, refused)


@pytest.mark.parametrize(("kind", "kept", "altered", "refused"), SQLITE, ids=lambda c: str(c)[:20])
def test_sqlite(sqlite_url, column, kind, kept, altered, refused):
    check(column(sqlite_url, kind), kept, altered, refused)


@pytest.mark.parametrize(("kind", "kept", "altered", "refused"), MARIADB, ids=lambda c: str(c)[:20])
def test_mariadb(mysql_url, column, kind, kept, altered, refused):
    check(column(mysql_url, kind), kept, altered, refused)


def test_a_reject_tells_the_other_value_its_place_and_its_record(postgres_url, column):
    made = column(postgres_url, "numeric(5,2)[]")
    result, rejects = made.load(["{1}", "{1.005}", "{2}"])
    reject = rejects["{1.005}"]
    assert (reject.line, reject.byte_offset, reject.column) == (3, 13, "v")
    assert reject.reason == '"{1.005}" would be stored as "{1.01}".'
    assert reject.raw == b"2,{1.005}"
    assert result.exit_code == 3


def test_a_sentence_shows_what_differs_in_a_long_value(postgres_url, column):
    made = column(postgres_url, "name[]")
    long = "{" + "x" * 63 + "end}"
    _, rejects = made.load([long])
    assert rejects[long].reason.endswith('xend}" would be stored as "…' + "x" * 30 + '}".')


def test_the_first_column_that_is_altered_is_named_and_the_kernel_comes_first(
    postgres_url, tmp_path
):
    session = locations.target(postgres_url).connect()
    session.execute("CREATE TABLE t (a timetz, b int, c oid)")
    path = tmp_path / "t.csv"
    path.write_text("b,c,a\n1,-1,12:00\nx,-1,12:00\n2,5,12:00\n3,5,12:00Z\n")
    result = snapshots.load(path, database=postgres_url, max_rejects="100%")
    found = list(snapshots.rejects(result.record.import_id, database=postgres_url))
    assert [(one.line, one.column, one.code) for one in found] == [
        (2, "c", "altered_by_target"), (3, "b", "not_an_integer"), (4, "a", "altered_by_target"),
    ]  # fmt: skip
    assert session.execute("SELECT a, b, c FROM t") == [("12:00:00+00", 3, 5)]
    session.close()


@pytest.mark.parametrize("lineage", [True, False])
@pytest.mark.parametrize("chunk_size", [8 << 20, 2000])
def test_altered_and_refused_rows_among_many(postgres_url, column, lineage, chunk_size):
    made = column(postgres_url, "numeric(5,2)[] CHECK (v[1] <> 77)")
    if lineage:
        made.session.execute("ALTER TABLE t ADD _import_id bigint, ADD _line bigint")
    values = [f"{{{n % 900}}}" for n in range(3000)]
    wrong = {7: "{1.005}", 500: "{1234}", 501: "{1.005,1}", 1700: "{x}", 2999: "{0.001}"}
    values = [wrong.get(n, value) for n, value in enumerate(values)]
    result, rejects = made.load(values, chunk_size=chunk_size, workers=1)
    refused = [n for n, value in enumerate(values) if value in ("{77}", "{1234}", "{x}")]
    assert result.counts.rejected == len(refused) + 3
    assert result.counts.loaded == 3000 - len(refused) - 3
    assert {n for n in wrong if rejects[wrong[n]].code == "altered_by_target"} == {7, 501, 2999}
    ids = [n for (n,) in made.session.execute("SELECT id FROM t ORDER BY id")]
    assert ids == [n + 1 for n in range(3000) if n not in {7, 501, 2999, *refused}]


def test_stopping_at_the_first_of_them(postgres_url, column):
    made = column(postgres_url, "timetz")
    result, rejects = made.load(["12:00Z", "12:00", "13:00Z", "13:00"], stop_on_error=True)
    assert list(rejects) == ["12:00"]
    assert (result.counts.records, result.counts.loaded) == (2, 1)


def test_a_limit_is_of_records_and_counts_altered_ones(postgres_url, column):
    made = column(postgres_url, "timetz")
    result, rejects = made.load(["12:00Z", "12:00", "13:00Z", "13:00"], limit=3)
    assert list(rejects) == ["12:00"]
    assert (result.counts.records, result.counts.loaded) == (3, 2)


def test_triggers_and_defaults_act_once_and_as_before(postgres_url, column):
    made = column(postgres_url, "timetz, n serial, twice text GENERATED ALWAYS AS (id * 2) STORED")
    for statement in (
        "CREATE TABLE log (id int)",
        "CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN INSERT INTO log VALUES (NEW.id); RETURN NEW; END $$",
        "CREATE TRIGGER note BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION note()",
    ):
        made.session.execute(statement)
    made.load(["12:00Z", "12:00", "13:00Z"])
    assert made.session.execute("SELECT id, n, twice FROM t ORDER BY id") == [
        (1, 1, "2"),
        (3, 2, "6"),
    ]
    assert made.session.execute("SELECT id FROM log ORDER BY id") == [(1,), (3,)]


def test_what_the_database_sets_by_default_does_not_matter(postgres_url, column):
    made = column(postgres_url, "interval, f real[], b bytea, x xml, d date[]")
    name = made.session.execute("SELECT current_database()")[0][0]
    for setting in ("intervalstyle = 'sql_standard'", "extra_float_digits = -3",
                    "bytea_output = 'escape'", "xmloption = 'document'",
                    "datestyle = 'German'"):  # fmt: skip
        made.session.execute(f"ALTER DATABASE {name} SET {setting}")
    path = made.folder / "other.csv"
    path.write_text("id,v,f,b,x,d\n1,-1 2:03:04,{0.123456},\\x00ff,a<b/>,{2024-01-02}\n")
    result = snapshots.load(path, database=postgres_url, table="t")
    assert result.counts.loaded == 1, result
    assert made.session.execute("SELECT v, f, b, x, d FROM t") == [
        ("-1 days +02:03:04", "{0.123456}", b"\x00\xff", "a<b/>", "{2024-01-02}")
    ]


def test_null_is_never_altered(postgres_url, column):
    made = column(postgres_url, "timetz")
    made.load(["", "NULL", "12:00Z"], null_values=("NULL",))
    assert made.stored() == ["None", "None", "12:00:00+00"]


def test_a_column_that_leaves_the_question_open_is_named(postgres_url, column):
    made = column(postgres_url, "aclitem")
    made.load(["=r/" + made.session.execute("SELECT current_user")[0][0]])
    assert [text for text in made.notices if "aclitem" in text and "'v'" in text]
    assert len(made.stored()) == 1


def test_a_user_who_may_make_no_temporary_table_is_told(postgres_url, column):
    made = column(postgres_url, "timetz")
    name = made.session.execute("SELECT current_database()")[0][0]
    made.load(["12:00Z"])
    for statement in (
        f"REVOKE TEMPORARY ON DATABASE {name} FROM PUBLIC",
        "DROP ROLE IF EXISTS no_temp",
        "CREATE ROLE no_temp LOGIN PASSWORD 'x'",
        "GRANT ALL ON ALL TABLES IN SCHEMA public TO no_temp",
        "GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO no_temp",
    ):
        made.session.execute(statement)
    before, _, after = postgres_url.rpartition("@")
    made.url = f"{before.split('//')[0]}//no_temp:x@{after}"
    made.load(["12:00"], table="t", again=True)
    assert [text for text in made.notices if "GRANT TEMPORARY" in text]
    assert made.stored() == ["12:00:00+00", "12:00:00+00"]
    made.session.execute("REVOKE ALL ON ALL TABLES IN SCHEMA public FROM no_temp")
    made.session.execute("REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM no_temp")
    made.session.execute("DROP ROLE no_temp")


@pytest.mark.parametrize("database", ["sqlite", "postgres"], indirect=True)
def test_a_contract_that_calls_a_date_a_text_lets_none_be_altered(database, tmp_path):
    session = locations.target(database).connect()
    session.execute("CREATE TABLE t (id int, v date)")
    path = tmp_path / "t.csv"
    path.write_text("id,v\n1,2024-01-05\n2,007\n3,now\n")
    contract = {"fields": [{"name": "id", "type": "integer"}, {"name": "v", "type": "string"}]}
    result = snapshots.load(path, database=database, contract=contract, max_rejects="100%")
    found = list(snapshots.rejects(result.record.import_id, database=database))
    codes = {one.line: one.code for one in found}
    if database.startswith("sqlite"):
        assert codes == {3: "altered_by_target"}
    else:
        assert codes == {3: "refused_by_target", 4: "altered_by_target"}
    session.close()


def test_mariadb_makes_no_date_of_what_a_contract_calls_a_text(mysql_url, column):
    made = column(mysql_url, "date, w datetime, x time")
    path = made.folder / "t.csv"
    path.write_text(
        "id,v,w,x\n1,2024-01-05,2024-01-05 10:00:00,12:00\n2,1/2/24,,\n3,24-01-05,,\n4,,20240105,\n"
        "5,,2024-01-05 10:00:00.7,\n6,,,12\n"
    )
    names = ("v", "w", "x")
    contract = {"fields": [{"name": "id", "type": "integer"},
                           *({"name": name, "type": "string"} for name in names)]}  # fmt: skip
    result = snapshots.load(path, database=mysql_url, contract=contract, max_rejects="100%")
    found = snapshots.rejects(result.record.import_id, database=mysql_url)
    assert [(one.line, one.column, one.code) for one in found] == [
        (3, "v", "not_a_date"), (4, "v", "not_a_date"), (5, "w", "not_a_timestamp"),
        (6, "w", "loses_precision"), (7, "x", "not_a_time"),
    ]  # fmt: skip
    assert made.session.execute("SELECT v, w, x FROM t") == [
        ("2024-01-05", "2024-01-05 10:00:00", "12:00:00")
    ]


def test_ordinary_tables_are_asked_nothing(postgres_url, tmp_path, monkeypatch):
    from snapshots.targets.postgres.session import PostgresSession

    session = locations.target(postgres_url).connect()
    session.execute("CREATE TABLE t (id int, v timestamptz, j jsonb, c char(3))")
    path = tmp_path / "t.csv"
    path.write_text("id,v,j,c\n1,2024-01-05 10:00Z,{},ab\n")
    monkeypatch.setattr(PostgresSession, "differences", None)
    said = []
    execute = PostgresSession.execute
    monkeypatch.setattr(
        PostgresSession,
        "execute",
        lambda self, sql, params=(): said.append(sql) or execute(self, sql, params),
    )
    assert snapshots.load(path, database=postgres_url).counts.loaded == 1
    assert not [sql for sql in said if "pg_range" in sql or "TEMP" in sql]
    session.close()


def test_a_name_that_the_server_does_not_know_is_that_records_fault(postgres_url, tmp_path):
    session = locations.target(postgres_url).connect()
    try:
        session.execute("CREATE TABLE t (id int, r regclass, o regrole)")
    finally:
        session.close()
    path = tmp_path / "t.csv"
    path.write_text("id,r,o\n1,pg_class,\n2,nope,\n3,pg_type,\n4,,nobody_of_that_name\n")
    result = snapshots.load(path, database=postgres_url, max_rejects="100%")
    assert (result.outcome, result.counts.loaded) == ("finished", 2)
    assert result.rejects_by_code == {"refused_by_target": 2}


@pytest.mark.parametrize("strict", [True, False])
def test_any_of_sqlite_keeps_a_value_in_a_strict_table_alone(sqlite_url, tmp_path, strict):
    session = locations.target(sqlite_url).connect()
    values = ["007", "1E400", "12345678901234567890", "0.10000000000000000001", " 5"]
    try:
        session.execute(f"CREATE TABLE t (v ANY){' STRICT' if strict else ''}")
        path = tmp_path / "t.csv"
        path.write_text("v\n" + "".join(f"{value}\n" for value in values))
        if strict:
            snapshots.load(path, database=sqlite_url)
            assert [v for (v,) in session.execute("SELECT v FROM t")] == values
        else:
            with pytest.raises(snapshots.SnapshotsError, match="type ANY as a number"):
                snapshots.load(path, database=sqlite_url)
            assert session.execute("SELECT v FROM t") == []
    finally:
        session.close()
