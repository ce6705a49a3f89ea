"""What only MySQL and MariaDB have: many ways to change a value without a word."""

import socket
import struct
import threading
from contextlib import suppress
from decimal import Decimal

import pymysql
import pytest

from snapshots import locations
from snapshots._native import Chunk, Converter
from snapshots.errors import CannotConnect, ContractError, RefusedRows, TargetError
from snapshots.formats.kernel_json import converter_spec
from snapshots.model import Column, Contract, Dialect, TableName, Type
from snapshots.row_encoding import MARIADB_BULK, TEXT
from snapshots.targets.mysql.exact_types import DATA_TYPES
from snapshots.targets.mysql.infile import InfileConnection
from snapshots.targets.mysql.types import UUID_SQL
from tests.conformance.rows import blocks, column, contract, count, load, table

T = TableName("t")


@pytest.fixture
def target(mysql_url):
    return locations.target(mysql_url)


EXACT = [
    ("year", "1999", 1999), ("year", "70", None), ("year", "0", None), ("year", "0070", None),
    ("bit(8)", "5", b"\x05"), ("bit(8)", "256", None), ("bit(1)", "1", b"\x01"),
    ("enum('a','1b','b''c')", "a", "a"), ("enum('a','1b','b''c')", "b'c", "b'c"),
    ("enum('a','b')", "A", None), ("enum('a','b')", "1", None), ("enum('a','b')", "", None),
    ("enum('a','b')", "a ", None),
    ("set('x','y','1')", "x,y", "x,y"), ("set('x','y','1')", "y,x", None),
    ("set('x','y','1')", "1", "1"), ("set('x','y')", "3", None), ("set('x','y')", "X", None),
    ("set('x','y')", "", ""),
    ("char(3) character set ascii collate ascii_bin", "x  ", None),
    ("char(3) character set ascii collate ascii_bin", "x", "x"),
    ("char(3)", "ab", "ab"), ("char(3)", "ab ", None), ("char(3)", "😀é", "😀é"),
    ("binary(3)", "abc", b"abc"), ("binary(3)", "ab", None), ("varbinary(3)", "é", "é".encode()),
    ("varchar(3) character set latin1", "é", "é"),
    ("varchar(3) character set latin1", "😀", None),
    ("varchar(3) character set utf8mb3", "😀", None),
    ("timestamp", "1960-01-01 00:00:00", None),
    ("date", "2024-02-30", None), ("int unsigned", "-1", None), ("tinyint", "128", None),
    ("decimal(4,2)", "1.5000", "1.50"), ("decimal(4,2)", "1.505", None),
    ("varchar(3)", "abcd", None), ("tinytext", "x" * 256, None),
    ("json", '{"a": 1}', '{"a": 1}'), ("json", "{", None),
]  # fmt: skip


IN_BULK = [case for case in EXACT if case[0].split("(")[0] not in DATA_TYPES]


@pytest.mark.parametrize(
    ("kind", "given", "stored", "encoding"),
    [(*case, TEXT) for case in EXACT] + [(*case, MARIADB_BULK) for case in IN_BULK],
)
def test_a_value_is_stored_as_it_was_given_or_refused(
    target, session, kind, given, stored, encoding
):
    session.execute(f"CREATE TABLE t (n int, v {kind}) DEFAULT CHARACTER SET utf8mb4")
    made = contract(column("n", "integer"), column("v"))  # texts: the database alone decides
    made_of = lambda: load_rows(session, made, [["1", given], ["2", None]], encoding)  # noqa: E731
    if stored is None:
        with pytest.raises(RefusedRows), session.transaction():
            made_of()
        assert count(session, target) == 0
    else:
        with session.transaction():
            made_of()
        assert session.execute("SELECT v FROM t ORDER BY n") == [(stored,), (None,)]


def load_rows(session, made, rows, encoding):
    return session.load(T, [c.name for c in made.columns], blocks(made, rows, encoding))


def test_which_tables_take_rows_in_bulk(target, session):
    session.execute(f"CREATE TABLE plain (i bigint, u {UUID_SQL}, x varchar(9), d datetime(6))")
    assert target.encoding_for(session, None) == MARIADB_BULK
    assert target.encoding_for(session, target.inspect(session, TableName("plain"))) == MARIADB_BULK
    for number, kind in enumerate(("year", "bit(3)", "enum('a')", "set('a')", "char(3)")):
        session.execute(f"CREATE TABLE t{number} (a int, v {kind})")
        shape = target.inspect(session, TableName(f"t{number}"))
        assert target.encoding_for(session, shape) == TEXT


@pytest.fixture
def session_with_packets(target, session):
    """Makes a session with a server whose longest packet has so many bytes."""
    ((before,),) = session.execute("SELECT @@GLOBAL.max_allowed_packet")
    opened = []

    def connect(size):
        session.execute(f"SET GLOBAL max_allowed_packet = {size}")
        opened.append(target.connect())
        return opened[-1]

    yield connect
    session.execute(f"SET GLOBAL max_allowed_packet = {before}")
    for other in opened:
        other.close()


def test_a_server_with_small_packets_takes_no_rows_in_bulk(target, session_with_packets):
    session = session_with_packets(1 << 20)
    assert target.encoding_for(session, None) == TEXT
    made = contract(column("n", "integer"), column("s"))
    t = table(target, session, made)
    load(target, session, t, made, [["1", "x"]])
    with pytest.raises(TargetError, match="cannot continue it"):
        load_rows(session, made, [["1", "x"]], MARIADB_BULK)


def test_a_row_too_long_for_a_packet_is_refused(target, session_with_packets):
    session = session_with_packets(4 << 20)
    made = contract(column("n", "integer"), column("s"))
    table(target, session, made)
    with pytest.raises(RefusedRows, match="max_allowed_packet"), session.transaction():
        load_rows(session, made, [["1", "x" * 5_000_000]], MARIADB_BULK)
    with session.transaction():
        assert load_rows(session, made, [["1", "x" * 4_000_000], ["2", "y"]], MARIADB_BULK) == 2


def test_an_unsigned_bigint_takes_all_its_values(target, session):
    session.execute("CREATE TABLE t (n bigint unsigned)")
    made = contract(Column("n", "n", target.inspect(session, T).columns[0].type))
    values = ["0", "9223372036854775807", "9223372036854775808", "18446744073709551615"]
    load(target, session, T, made, [[v] for v in values])
    assert session.execute("SELECT n FROM t ORDER BY n") == [(int(v),) for v in values]


TYPES = {
    "tinyint(1)": Type("boolean"),
    "tinyint": Type("integer", bits=8),
    "mediumint unsigned": Type("integer", bits=24, unsigned=True),
    "bigint(20) unsigned zerofill": Type("integer", bits=64, unsigned=True),
    "decimal": Type("decimal", precision=10, scale=0),
    "decimal(8,3)": Type("decimal", precision=8, scale=3),
    "float": Type("float", bits=32),
    "double": Type("float"),
    "float(5,3)": Type("decimal", precision=5, scale=3),
    "float(10,2)": Type("decimal", precision=6, scale=2),
    "double(20,2) unsigned": Type("decimal", precision=15, scale=2),
    "datetime": Type("timestamp", fraction=0),
    "timestamp(3) NULL": Type("timestamp", fraction=3),
    "time(6)": Type("time"),
    "year": Type("integer", bits=16, unsigned=True),
    "varchar(20)": Type("text", max_chars=20),
    "tinytext": Type("text", max_bytes=255),
    "mediumblob": Type("text", max_bytes=2**24 - 1),
    "longtext": Type("text"),
    "bit(1)": Type("boolean"),
    "bit(9)": Type("integer", unsigned=True),
    "enum('a')": Type("text"),
    "json": Type("json"),
    "point": None,
}


def test_existing_types(target, session):
    columns = ", ".join(f"c{n} {kind}" for n, kind in enumerate(TYPES))
    session.execute(f"CREATE TABLE t ({columns})")
    found = [c.type for c in target.inspect(session, T).columns]
    assert found == list(TYPES.values())


@pytest.mark.parametrize(
    ("kind", "kept", "refused"),
    [
        ("float(10,2)", ["1234.56", "-9999.99", "0.01", "8388.61"], ["12345678.12", "12345.67"]),
        ("float(20,0)", ["999999", "16777"], ["16777217"]),
        (
            "double(20,2)",
            ["9999999999999.99", "-4503599627370.51", "0.07"],
            ["123456789012345678.12", "99999999999999.99"],
        ),
    ],
)
def test_a_float_with_a_scale_keeps_what_it_takes(target, session, kind, kept, refused):
    session.execute(f"CREATE TABLE t (n int, v {kind})")
    v = target.inspect(session, T).columns[1].type
    made = Contract((column("n", "integer"), Column("v", "v", v)))
    load(target, session, T, made, [[str(n), text] for n, text in enumerate(kept)])
    stored = session.execute("SELECT CAST(v AS char) FROM t ORDER BY n")
    assert [Decimal(text) for (text,) in stored] == [Decimal(text) for text in kept]
    for text in refused:
        chunk = Chunk.of(f"1,{text}\n".encode())
        spec = converter_spec(Dialect(header=False), made, ["n", "v"], "text", None)
        assert len(Converter(spec).convert(chunk, 0, 1, 1 << 20).rejects()) == 1


@pytest.mark.parametrize("kind", ["float(10,8)", "double(20,17)"])
def test_a_float_that_can_keep_nothing_is_refused(target, session, kind):
    session.execute(f"CREATE TABLE t (v {kind})")
    with pytest.raises(ContractError, match="rounds its numbers") as error:
        target.inspect(session, T)
    assert "decimal" in error.value.hint


def test_what_innodb_cannot_create_is_the_contracts_fault(session):
    columns = ", ".join(f"c{n} int" for n in range(1018))
    with pytest.raises(ContractError):
        session.execute(f"CREATE TABLE t ({columns})")


def test_without_local_infile_rows_are_inserted(target, session, monkeypatch):
    made = contract(column("n", "integer", bits=32), column("s"), primary_key=("n",))
    t = table(target, session, made)
    monkeypatch.setattr(session, "_local_infile", False)
    monkeypatch.setattr(session, "_max_packet", 5000)
    texts = ["", "'", "''", "\\", "\\N", "\\'", "a\tb\nc\r", "\\\\N'", "😀", "),('", None, "N"]
    rows = [[str(n), texts[n % len(texts)]] for n in range(1000)]
    with session.transaction():
        assert load(target, session, t, made, rows) == 1000
    stored = session.execute("SELECT n, s FROM t ORDER BY n")
    assert stored == [(int(n), s) for n, s in rows]
    with pytest.raises(RefusedRows), session.transaction():
        load(target, session, t, made, [["5000", "x"], ["0", "twice"]])
    with pytest.raises(RefusedRows, match="max_allowed_packet"), session.transaction():
        load(target, session, t, made, [["5000", "x" * 10_000]])
    assert count(session, target) == 1000


def test_a_server_without_local_infile(target, session):
    ((before,),) = session.execute("SELECT @@GLOBAL.local_infile")
    session.execute("SET GLOBAL local_infile = 0")
    try:
        other = target.connect()
        made = contract(column("n", "integer"), column("s"))
        t = table(target, other, made)
        assert load(target, other, t, made, [["1", "x"], ["2", None]]) == 2
        other.execute("CREATE TABLE y (n int, s enum('x'))")
        with pytest.raises(TargetError) as error:
            load(target, other, TableName("y"), made, [["1", "x"]])
        assert "local_infile" in error.value.hint
        other.close()
    finally:
        session.execute(f"SET GLOBAL local_infile = {before}")


def test_tables_without_transactions_are_refused(target, session):
    session.execute("CREATE TABLE t (a int) ENGINE = MyISAM")
    with pytest.raises(TargetError, match="MyISAM") as error:
        target.inspect(session, T)
    assert "InnoDB" in error.value.hint


def test_zero_is_not_an_auto_increment(target, session):
    session.execute("CREATE TABLE t (n int AUTO_INCREMENT PRIMARY KEY, s text)")
    made = contract(column("n", "integer", bits=32), column("s"))
    load(target, session, T, made, [["0", "x"]])
    assert session.execute("SELECT n FROM t") == [(0,)]


def test_after_a_deadlock_nothing_can_pass_for_committed(target, session):
    session.execute("CREATE TABLE t (a int PRIMARY KEY, b int)")
    session.executemany("INSERT INTO t VALUES (?, ?)", [(1, 0), (2, 0)])
    other = target.connect()

    def cross(session, first, second, meet):
        with session.transaction():
            session.execute("UPDATE t SET b = b + 1 WHERE a = ?", (first,))
            meet.wait(300)
            with suppress(TargetError):
                session.execute("UPDATE t SET b = b + 1 WHERE a = ?", (second,))

    meet, errors = threading.Barrier(2), []

    def run(*arguments):
        try:
            cross(*arguments, meet)
        except TargetError as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=a) for a in ((session, 1, 2), (other, 2, 1))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(300)
    assert [error.retryable for error in errors] == [True]
    assert session.execute("SELECT b FROM t") == [(1,), (1,)]
    other.close()


def test_a_server_gets_no_file_that_it_asks_for(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("the secret")
    with socket.create_server(("127.0.0.1", 0)) as server:
        received = []
        thread = threading.Thread(target=_rogue, args=(server, str(secret).encode(), received))
        thread.start()
        place = {"host": "127.0.0.1", "port": server.getsockname()[1]}
        connection = InfileConnection(user="u", password=b"p", autocommit=True, **place)
        with pytest.raises(pymysql.err.OperationalError, match="requested a file"):
            connection.query("SELECT 1")
        thread.join(10)
    assert b"the secret" not in b"".join(received)


def test_a_rogue_server_is_no_connection(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=_rogue, args=(server, b"/etc/hostname", []))
        thread.start()
        url = f"mysql://u:p@127.0.0.1:{server.getsockname()[1]}/d"
        with pytest.raises(CannotConnect):
            locations.target(url).connect()
        thread.join(10)


_OK = b"\0\0\0\2\0\0\0"


def _rogue(server, file, received):
    """A server that lets everybody in and answers a query by asking for a file."""
    connection, _ = server.accept()
    with connection:
        greeting = b"\x0a5.7.0\0" + struct.pack("<I", 1) + b"12345678\0" + struct.pack("<H", 0xF7FF)
        greeting += (
            b"\x21" + struct.pack("<HH", 2, 0x0008) + b"\x15" + bytes(10) + b"123456789012\0"
        )
        _packet(connection, 0, greeting + b"mysql_native_password\0")
        received.append(connection.recv(65536))
        _packet(connection, 2, _OK)
        received.append(connection.recv(65536))
        _packet(connection, 1, _OK)
        received.append(connection.recv(65536))
        _packet(connection, 1, b"\xfb" + file)
        connection.settimeout(5)
        while data := connection.recv(65536):
            received.append(data)


def _packet(connection, number, payload):
    connection.sendall(struct.pack("<I", len(payload))[:3] + bytes([number]) + payload)
