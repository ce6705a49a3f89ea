"""Arrays of objects as programs write them: all elements on one line, and what is no object."""

import json

import pytest

import snapshots as api
from snapshots.errors import DialectError
from tests.support.command import snapshots as command
from tests.support.input_files import rows as rows_of

COUNT = 400


@pytest.fixture
def file(tmp_path):
    """Writes a file, and returns its path."""

    def write(content, name="a.json"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def elements():
    """Every tenth is no object, and every ninth has the key of the first."""
    return [n if n % 10 == 5 else {"id": 1 if n % 9 == 0 else n, "v": n} for n in range(1, COUNT)]


def test_elements_that_share_a_line_are_told_apart(database, file, tmp_path):
    """Rows, rejects and keys are found by their line, so that each element has one of its own."""
    path, every = file(json.dumps(elements())), elements()
    how = {"database": database, "primary_key": ("id",), "max_rejects": "100%", "chunk_size": 999}
    result = api.load(str(path), mode="upsert", **how)
    assert result.outcome == "finished", (result.message, result.hint)
    found = {one.line: one for one in api.rejects(1, database=database)}
    expected, seen = {}, set()
    for line, one in enumerate(every, 1):
        if not isinstance(one, dict):
            expected[line] = "not_an_object"
        elif one["id"] in seen:
            expected[line] = "duplicate_key"
        else:
            seen.add(one["id"])
    assert {line: one.code for line, one in found.items()} == expected
    text = path.read_bytes()
    for line, one in found.items():
        raw = json.dumps(every[line - 1]).encode()
        assert text[one.byte_offset :].startswith(raw), one
    loaded = sorted((int(line), int(v)) for line, v in rows_of(database, "SELECT _line, v FROM a"))
    assert loaded == [(n, n) for n in range(1, COUNT) if n not in expected]
    done = command("verify", "1", "--database", database, cwd=tmp_path)
    assert done.returncode == 0, done.stdout


def test_one_of_several_rejects_of_a_line_is_replayed(sqlite_url, file, tmp_path):
    path = file('[{"id": 1}, {"id": "x"}, {"id": "y"}, {"id": 4}]')
    contract = {"fields": [{"name": "id", "type": "integer"}]}
    api.load(str(path), database=sqlite_url, contract=contract, max_rejects="100%")
    fix = tmp_path / "fix.csv"
    api.export_rejects(1, fix, database=sqlite_url)
    fix.write_text(fix.read_text("utf-8-sig").replace(",x", ",2"), "utf-8")
    command("replay", "1", fix, "--database", sqlite_url, cwd=tmp_path)
    assert rows_of(sqlite_url, "SELECT id FROM a ORDER BY _line") == [(1,), (2,), (4,)]
    assert [one.line for one in api.rejects(1, database=sqlite_url)] == [3]


def test_lines_are_true_where_elements_do_not_share_them(sqlite_url, file):
    text = '[\n{"id": 1},\n5\n, {"id": 2}\n]'
    styles = (text, json.dumps([{"id": 1}, 5, {"id": 2}], indent=1), '[{\n"id":1\n}, 5\n]')
    for number, style in enumerate(styles, 1):
        api.load(str(file(style, f"{number}.json")), database=sqlite_url, max_rejects="100%")
        (reject,) = api.rejects(number, database=sqlite_url)
        before = style.encode()[: reject.byte_offset]
        assert (reject.code, reject.line) == ("not_an_object", before.count(b"\n") + 1), style


@pytest.mark.parametrize("first", ["17", "null", '"a, b"', "-1.5e3", "true", '[1, {"a": 2}]'])
@pytest.mark.parametrize("between", [", ", ",\n"])
def test_what_is_no_object_may_come_first(sqlite_url, file, first, between):
    path = file(f'[{first}{between}{{"id": 1}}{between}{{"id": 2}}]')
    result = api.load(str(path), database=sqlite_url, max_rejects="100%")
    assert (result.counts.loaded, result.counts.rejected) == (2, 1)
    (reject,) = api.rejects(1, database=sqlite_url)
    assert (reject.code, reject.byte_offset) == ("not_an_object", 1)


def test_an_array_of_no_objects_is_no_csv(sqlite_url, file):
    with pytest.raises(DialectError, match="No record is a JSON object"):
        api.load(str(file("[1, 2, 3]")), database=sqlite_url)


def test_an_array_without_its_end_is_told_of(sqlite_url, file, tmp_path):
    for text, says in (('[{"id": 1},\n{"id": 2},\n', True), ('[{"id": 1}]\n\n', False)):
        done = command("import", file(text), "--database", sqlite_url, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert ("may have been cut off" in done.stderr) == says


@pytest.mark.parametrize(
    ("first", "code"),
    [('b", "id": 7}', "not_json"), ("# made by a program", "not_json"), ("17", "not_an_object")],
)
def test_a_log_that_begins_with_something_else(sqlite_url, file, first, code):
    text = first + "\n" + "".join(f'{{"id": {n}, "text": "a, b"}}\n' for n in range(5))
    result = api.load(str(file(text, "log.jsonl")), database=sqlite_url, max_rejects="100%")
    assert (result.counts.loaded, result.rejects_by_code) == (5, {code: 1})


def test_json_below_the_name_of_its_column_is_a_column(sqlite_url, file):
    """As database clients write it."""
    result = api.load(str(file('payload\n{"id": 1}\n{"id": 2}\n', "p.csv")), database=sqlite_url)
    assert result.counts.loaded == 2
    assert rows_of(sqlite_url, "SELECT payload FROM p")[0] == ('{"id": 1}',)


@pytest.mark.parametrize("sign", ["\t", "|", ";"])
def test_columns_of_json_in_a_table_with_delimiters(sqlite_url, file, sign):
    """A line begins and ends like an object, and is none."""
    lines = ["payload", "id", "meta"], ['{"a": 1}', "1", '{"b": 2}'], ['{"a": 2}', "2", '{"b": 3}']
    path = file("".join(sign.join(line) + "\n" for line in lines), "t.tsv")
    assert api.load(str(path), database=sqlite_url).counts.loaded == 2
    assert rows_of(sqlite_url, "SELECT id, meta FROM t ORDER BY 1")[0] == (1, '{"b": 2}')


@pytest.mark.parametrize("header", ["json (v1)", "#payload", "json_object('a',a)", "doc,"])
def test_a_column_of_json_may_have_an_odd_name(sqlite_url, file, header):
    path = file(header + '\n{"id": 1}\n{"id": 2}\n', "p.csv")
    result = api.load(str(path), database=sqlite_url, header=True, delimiter="")
    assert result.counts.loaded == 2


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_a_mark(sqlite_url, file, encoding):
    path = file('{"id": 1, "n": "Bö"}\n{"id": 2}\n'.encode(encoding), "a.jsonl")
    assert api.load(str(path), database=sqlite_url).counts.loaded == 2
    assert rows_of(sqlite_url, "SELECT n FROM a")[0] == ("Bö",)


@pytest.mark.parametrize(
    "text", ["{'id': 1}\n{'id': 2}\n", '{"x": NaN}\n{"x": -Infinity}\n', '{"x": None}\n']
)
def test_what_python_prints_is_named(sqlite_url, file, text):
    with pytest.raises(DialectError) as caught:
        api.load(str(file(text, "a.jsonl")), database=sqlite_url)
    assert "not JSON" in caught.value.hint
