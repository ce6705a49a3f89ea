"""Every type: values that come back as they went in are equal, and one that was changed is found,
with its line, its column and both values."""

import csv
import io

import pytest

from tests.verify.loaded import execute, load, told, verify

HOSTILE = [
    "plain", "", " blanks ", "tab\there", "two\nlines", "cr\rhere", "back\\slash", "\\N", "\\.",
    '"quoted"', "comma, semicolon;", "naïve 北京 🚲", "null", "NULL", "0", "\x01\x7f", "x" * 3000,
]  # fmt: skip

# The type, values of it in a file, and SQL for another value.
POSTGRES = [
    ("boolean", ["true", "f", "1"], "NOT v"),
    ("smallint", ["0", "-32768", "007"], "5"),
    ("integer", ["0", "-2147483648", "12"], "5"),
    ("bigint", ["0", "9223372036854775807", "12"], "5"),
    ("real", ["0.1", "-0.0", "1e30"], "1.5"),
    ("double precision", ["0.1", "-0.0", "5e-324", "1.7976931348623157e308"], "1.5"),
    ("numeric", ["1.50", "-0.00", "1e5", "12345678901234567890.123"], "7.7"),
    ("numeric(10,2)", ["1.5", "0", "-12345678.9"], "7.7"),
    ("money", ["1.5", "-12.34"], "7.7::numeric::money"),
    ("date", ["2024-02-29", "0001-01-01", "9999-12-31"], "'2000-01-01'"),
    ("time", ["00:00:00", "23:59:59.999999"], "'12:00'"),
    ("timestamp", ["2024-02-29 23:59:59.5", "0001-01-01 00:00:00"], "'2000-01-01'"),
    ("timestamp(0)", ["2024-02-29T23:59:59"], "'2000-01-01'"),
    ("timestamptz", ["2024-02-29T23:59:59+02:00", "1969-12-31 23:59:59.999999Z"], "now()"),
    ("text", HOSTILE, "'other'"),
    ("varchar(5000)", HOSTILE, "'other'"),
    ("char(9)", ["a", "blank s", "123456789"], "'other'"),
    ("uuid", ["00112233-4455-6677-8899-AABBCCDDEEFF"], "gen_random_uuid()"),
    ("json", ['{"b": 1,  "a": [1.50]}', "12", '"x"'], "'{}'"),
    ("jsonb", ['{"b": 1,  "a": [1.50, 1e2]}', "12", '"\\u00e9"', "null"], "'{}'"),
    ("integer[]", ["{1,2}", "{ 1 , NULL }", "{}"], "'{9}'"),
    ("text[]", ["{a,b}", '{"a b",NULL}'], "'{9}'"),
    ("jsonb[]", ['{"{\\"a\\":1}"}'], "'{1}'"),
    ("inet", ["192.168.0.1/32", "::1"], "'10.0.0.1'"),
    ("bytea", ["\\x00ff", "abc"], "'x'"),
    ("interval", ["1 day", "PT90M"], "'2 days'"),
    ("int4range", ["[1,5)", "[1,4]"], "'[7,8)'"),
    ("point", ["(1,2)"], "'(7,8)'"),
    ("xml", ["<a>1</a>"], "'<b/>'"),
    ("bit(3)", ["101"], "B'111'"),
]
MYSQL = [
    ("tinyint(1)", ["1", "0"], "1 - v"),
    ("tinyint", ["-128", "7"], "5"),
    ("smallint unsigned", ["65535", "7"], "5"),
    ("mediumint", ["-8388608", "7"], "5"),
    ("int", ["-2147483648", "007"], "5"),
    ("bigint unsigned", ["18446744073709551615", "7"], "5"),
    ("float", ["0.1", "16777216", "1e30", "3.4028235e38"], "1.5"),
    (
        "double",
        ["0.1", "2.2250738585072014e-308", "1.7976931348623157e308", "1234567.1234567"],
        "1.5",
    ),
    ("decimal(20,5)", ["1.5", "-0", "123456789012345.12345"], "7.7"),
    ("date", ["2024-02-29", "1000-01-01"], "'2000-01-01'"),
    ("time(6)", ["00:00:00", "23:59:59.999999", "-838:59:58.5", "100:00:00"], "'12:00'"),
    ("time", ["-00:00:01"], "'12:00'"),
    ("datetime(6)", ["2024-02-29 23:59:59.5", "1000-01-01 00:00:00"], "'2000-01-01'"),
    ("datetime", ["2024-02-29T23:59:59"], "'2000-01-01'"),
    ("timestamp NULL", ["2024-02-29 23:59:59"], "'2000-01-01'"),
    ("varchar(5000)", HOSTILE, "'other'"),
    ("longtext", HOSTILE, "'other'"),
    ("char(9)", ["a", " b", "123456789"], "'other'"),
    ("binary(3)", ["abc"], "'xyz'"),
    ("varbinary(9)", ["abc", "é"], "'xyz'"),
    ("blob", ["abc", "é\n"], "'xyz'"),
    ("enum('a','B c','0')", ["a", "B c", "0"], "IF(v = 'a', '0', 'a')"),
    ("set('a','b','c')", ["a,b", "c"], "'b'"),
    ("bit(1)", ["1", "0"], "1 - v"),
    ("bit(16)", ["513", "0"], "5"),
    ("year", ["2024", "1901"], "2000"),
    ("json", ['{"b": 1,  "a": [1.50]}', "12", '"x"'], "'{}'"),
    ("uuid", ["00112233-4455-6677-8899-AABBCCDDEEFF"], "UUID()"),
    ("inet6", ["::0001", "2001:db8::ff"], "'::9'"),
]
SQLITE = [
    ("BOOLEAN", ["true", "0"], "1 - v"),
    ("INTEGER", ["0", "-9223372036854775808", "007"], "5"),
    ("REAL", ["0.1", "5", "-0.0", "5e-324"], "1.5"),
    ("NUMERIC", ["0.1", "5", "5.0", "9223372036854775807"], "1.5"),
    ("DECIMAL_TEXT", ["1.50", "007", "12345678901234567890.123"], "'7.7'"),
    ("DATE", ["2024-02-29"], "'2000-01-01'"),
    ("TIME", ["23:59:59.5"], "'12:00:00'"),
    ("TIMESTAMP", ["2024-02-29T23:59:59.5"], "'2000-01-01'"),
    ("TIMESTAMPTZ", ["2024-02-29T23:59:59+02:00"], "'2000-01-01'"),
    ("TEXT", HOSTILE, "'other'"),
    ("BLOB", HOSTILE, "'other'"),
    ("UUID", ["00112233-4455-6677-8899-AABBCCDDEEFF"], "'x'"),
    ("JSON_TEXT", ['{"b": 1,  "a": [1.50]}', "12"], "'{}'"),
    ("JSON", ['{"b": 1,  "a": [1.50]}', "12", "1.0", "2.50"], "'{}'"),
]


def file_of(folder, values):
    """The values, of which NULL is none, between columns that are never touched."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC)
    writer.writerow(["n", "v", "last"])
    for number, value in enumerate(values):
        writer.writerow([number, value, "z"])
    path = folder / "v.csv"
    path.write_text(text.getvalue() + f"{len(values)},,z\n", newline="")
    return path


def is_found(database, tmp_path, sql_type, values, other):
    execute(
        database,
        f"CREATE TABLE t (n integer, v {sql_type}, last varchar(9), _import_id bigint,"
        " _line bigint)",
    )
    import_id = load(database, file_of(tmp_path, values))
    report = verify(database, import_id)
    assert (report.result, told(report), report.ledger) == ("equal", [], [])
    assert (report.equal, report.compared) == (len(values) + 1, True)
    (line,) = execute(database, "SELECT _line FROM t WHERE n = 0")[0]
    execute(database, f"UPDATE t SET v = {other} WHERE n = 0")
    (null,) = execute(database, f"SELECT _line FROM t WHERE n = {len(values)}")[0]
    report = verify(database, import_id)
    assert (report.result, report.changed, report.equal) == ("differs", 1, len(values))
    assert report.columns == {"v": 1}
    ((kind, at, column, expected, found),) = told(report)
    assert (kind, at, column) == ("changed", line, "v")
    assert expected != found
    assert None not in (expected, found)
    execute(database, "UPDATE t SET v = NULL WHERE n = 0")
    execute(database, f"UPDATE t SET v = {other} WHERE n = {len(values)}")
    report = verify(database, import_id)
    both = [(at, expected is None, found is None) for _, at, _, expected, found in told(report)]
    assert both[0] == (line, False, True)
    # SQL that is made of the value makes NULL of NULL.
    assert both[1:] in ([(null, True, False)], [])
    assert report.exit_code == 8


@pytest.mark.parametrize(("sql_type", "values", "other"), POSTGRES, ids=lambda it: str(it)[:20])
def test_of_postgresql(postgres_url, tmp_path, sql_type, values, other):
    is_found(postgres_url, tmp_path, sql_type, values, other)


@pytest.mark.parametrize(("sql_type", "values", "other"), MYSQL, ids=lambda it: str(it)[:20])
def test_of_mysql(mysql_url, tmp_path, sql_type, values, other):
    is_found(mysql_url, tmp_path, sql_type, values, other)


@pytest.mark.parametrize(("sql_type", "values", "other"), SQLITE, ids=lambda it: str(it)[:20])
def test_of_sqlite(sqlite_url, tmp_path, sql_type, values, other):
    is_found(sqlite_url, tmp_path, sql_type, values, other)
