"""`snapshots describe`: a contract that an import takes as it is, and the evidence in it."""

import gzip
import json

import pytest

import snapshots
from snapshots import locations
from snapshots.contract.contract import read_contract
from snapshots.contract.described import laid_out
from tests.support.command import objects
from tests.support.command import snapshots as command
from tests.support.input_files import beside_it, data, in_the_repository
from tests.support.web_server import serving


@pytest.fixture(autouse=True)
def _own_state(tmp_path, monkeypatch):
    monkeypatch.setenv("SNAPSHOTS_STATE_DIR", str(tmp_path / "state"))


UUIDS = [f"0b8f3f3e-57a4-4d1b-9c1c-00000000000{n}" for n in range(3)]
MADE = {
    "kinds": (
        "i,f,b,d,t,ts,tz,u,j,z\n"
        f"1,1.5,true,2024-02-29,10:00,2024-01-01 00:00:00,2024-01-01T00:00:00Z,{UUIDS[0]},"
        '"{""a"": 1}",007\n'
        f"-2,2,FALSE,2023-01-01,23:59:59.5,2023-01-01T00:00:00,2024-01-01 00:00:00+02:00,"
        f"{UUIDS[1]},[1],12\n"
    ),
    "exact decimals": "id,n,big\n1,0.12345678901234567891,99999999999999999999\n2,1.5,5\n",
    "dates of other forms": "id,d,e\n1,31/12/2024,20240131\n2,01/02/2023,20230131\n",
    "mixed": "id,x\n" + "".join(f"{n},{n}\n" for n in range(300)) + "300,n/a\n301,\n",
    "all empty": 'a,b,c\n1,,""\n2,,""\n',
    "empty and quoted": 'a,b\n1,""\n2,5\n3,\n',
    "one column": "x\n1\n2\n\n3\n",
    "the same name again": "a,a,A,a_2\n1,x,2.5,2024-01-01\n2,y,3.5,2024-01-02\n",
    "no name, and its name": ",column_1,x\n1,a,2\n2,b,3\n",
    "names": 'ñandú,数据,"q,uo""te", spaced ,_line,xmin,😀\né,字,t,1,2,3,4\nè,字,t,2,3,4,5\n',
    "no header": "1;2;a\n3;4;b\n5;6;c\n",
    "a header alone": "a,b\n",
    "broken": 'id,n\n1,x\n2,"y"z\n3,4\n4,5\n5,6\n',
    "ragged": "a,b\n1,2\n3\n4,5,6\n7,8\n9,1\n",
    "tabs": "id\tname\n1\tfoo\n2\tbar\n",
    "comments": "# made by hand\nid,name\n1,foo\n2,bar\n",
}


def shape(database):
    target = locations.target(database)
    session = target.connect(create=False)
    try:
        found = target.inspect(session, target.table_name("t"))
        return found and [(one.name, one.type, one.nullable) for one in found.columns]
    finally:
        session.close()


def outcome(path, database, **options):
    """What an import gives: counts and codes of rejects, or the sentence of its error."""
    try:
        done = snapshots.load(path, database=database, table="t", max_rejects="100%", **options)
    except snapshots.SnapshotsError as error:
        return type(error).__name__, error.message
    return done.outcome, done.counts, dict(done.rejects_by_code)


def described(path, tmp_path, *arguments):
    done = command("describe", path, *arguments, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout), done.stderr


def goes_round(path, tmp_path):
    """With its contract a file loads as without one. Returns whether it can be described."""
    one, other = (f"sqlite:///{tmp_path}/{name}.db" for name in ("plain", "contract"))
    plain = outcome(path, one)
    done = command("describe", path, cwd=tmp_path)
    if done.returncode:
        assert len(plain) == 2, (plain, done.stderr)
        assert plain[1] in done.stderr
        return False
    contract = tmp_path / "contract.json"
    contract.write_text(done.stdout, encoding="utf-8")
    assert outcome(path, other, contract=contract) == plain
    if plain[1].loaded:
        assert shape(other) == shape(one)
    return True


@pytest.mark.parametrize("name", MADE)
def test_a_file_loads_with_its_contract_as_without_one(tmp_path, name):
    path = tmp_path / "a.csv"
    path.write_text(MADE[name], encoding="utf-8")
    assert goes_round(path, tmp_path)


@pytest.mark.parametrize("name", sorted(in_the_repository() | beside_it()))
def test_real_files_load_with_their_contracts_as_without_one(tmp_path, name):
    goes_round(data(name), tmp_path)


def test_a_contract_fits_every_database(database, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(MADE["kinds"], encoding="utf-8")
    contract, _ = described(path, tmp_path)
    plain = outcome(path, database)
    plain_shape = shape(database)
    with_contract = snapshots.load(
        path, database=database, table="u", contract=contract, again=True
    )
    assert (with_contract.outcome, with_contract.counts, {}) == plain
    target = locations.target(database)
    session = target.connect(create=False)
    try:
        found = target.inspect(session, target.table_name("u"))
    finally:
        session.close()
    assert [(one.name, one.type, one.nullable) for one in found.columns] == plain_shape


def evidence(path, tmp_path, *arguments):
    contract, _ = described(path, tmp_path, *arguments)
    return {field["name"]: field["x-evidence"] for field in contract["fields"]}, contract


def test_the_evidence_says_what_was_seen_and_what_ruled_a_type_out(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(
        "id,n,when,code,note\n1,12,2024-05-01,007,ab\n2,-3,2023-12-31,12,\n3,12.5,2024-01-01,1,abcd\n",
        encoding="utf-8",
    )
    found, contract = evidence(path, tmp_path)
    assert found["id"] == {
        "values": 3, "empty": 0, "minLength": 1, "maxLength": 1, "minimum": "1", "maximum": "3",
    }  # fmt: skip
    assert found["n"] == {
        "values": 3, "empty": 0, "minLength": 2, "maxLength": 4, "minimum": "-3",
        "maximum": "12.5", "ruledOut": [{"line": 4, "value": "12.5", "types": ["integer"]}],
    }  # fmt: skip
    assert (found["when"]["minimum"], found["when"]["maximum"]) == ("2023-12-31", "2024-05-01")
    assert found["code"]["ruledOut"] == [{"line": 2, "value": "007"}]
    assert (found["note"]["values"], found["note"]["empty"]) == (2, 1)
    assert "minimum" not in found["note"]
    assert contract["x-evidence"] == {
        "input": str(path), "records": 3, "broken": 0, "complete": True,
    }  # fmt: skip


def test_a_late_value_is_named_with_its_line(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(MADE["mixed"], encoding="utf-8")
    found, _ = evidence(path, tmp_path)
    (ruled_out,) = found["x"]["ruledOut"]
    assert (ruled_out["line"], ruled_out["value"]) == (302, "n/a")
    assert ruled_out["types"] == ["integer", "float", "decimal"]
    assert "line 302" in found["x"]["note"]


def test_all_of_a_large_input_is_read(tmp_path):
    """An import samples it: the value in its middle would be a reject."""
    path = tmp_path / "a.csv.gz"
    row = "1,12,aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n"
    with gzip.open(path, "wt", compresslevel=1) as file:
        file.write("id,n,text\n" + row * 300_000 + "2,none,b\n" + row * 10)
    found, contract = evidence(path, tmp_path)
    assert found["n"]["ruledOut"][-1]["line"] == 300_002
    assert contract["x-evidence"]["records"] == 300_011
    kinds = {field["name"]: field["type"] for field in contract["fields"]}
    assert kinds == {"id": "integer", "n": "string", "text": "string"}


def test_a_limit_is_said(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(MADE["mixed"], encoding="utf-8")
    contract, err = described(path, tmp_path, "--limit", "100")
    assert contract["fields"][1]["type"] == "integer"
    assert contract["fields"][1]["x-evidence"]["maximum"] == "99"
    assert contract["x-evidence"] | {"input": ""} == {
        "input": "", "records": 100, "broken": 0, "complete": False,
    }  # fmt: skip
    assert "the first 100 records" in err
    assert "rejected" in err


def test_options_that_say_how_it_is_written(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes("caf\xe9;1,5\nna\xefve;n/a\n".encode("latin-1"))
    options = (
        "--no-headers", "-d", ";", "--encoding", "latin-1", "--null-value", "n/a",
        "--decimals", "exact",
    )  # fmt: skip
    contract, err = described(path, tmp_path, *options)
    assert [field["name"] for field in contract["fields"]] == ["column_1", "column_2"]
    assert contract["missingValues"] == ["", "n/a"]
    # What is written into the contract is not asked for again; how the file is written is.
    last = err.splitlines()[-1]
    assert last.endswith("--contract CONTRACT.json --delimiter ';' --encoding latin-1 --no-headers")
    (tmp_path / "CONTRACT.json").write_text(json.dumps(contract))
    again = command(*last.partition("snapshots ")[2].replace("';'", ";").split(), cwd=tmp_path)
    assert "2 records = 2 loaded + 0 rejected" in again.stdout + again.stderr
    texts, _ = described(path, tmp_path, *options, "--all-text")
    assert [field["type"] for field in texts["fields"]] == ["string", "string"]


def test_standard_input_and_urls(tmp_path):
    text = MADE["kinds"].encode()
    done = command("describe", "-", cwd=tmp_path, stdin=text)
    there = json.loads(done.stdout)
    with serving() as web:
        _, url = web.put("/a.csv", text)
        remote, _ = described(url, tmp_path)
    assert there["fields"] == remote["fields"]
    assert len(there["fields"]) == 10


def test_a_program_gets_one_object(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(MADE["broken"], encoding="utf-8")
    (found,) = objects(command("describe", path, "--json", cwd=tmp_path))
    assert {name: found[name] for name in ("records", "broken", "complete")} == {
        "records": 4, "broken": 1, "complete": True,
    }  # fmt: skip
    assert found["contract"] == described(path, tmp_path)[0]
    failed = command("describe", tmp_path / "none.csv", "--json", cwd=tmp_path)
    assert objects(failed)[0]["error"]["code"]


def test_the_contract_goes_into_a_new_file(tmp_path):
    path, out = tmp_path / "a.csv", tmp_path / "a.schema.json"
    path.write_text(MADE["kinds"], encoding="utf-8")
    done = command("describe", path, "--output", out, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "")
    assert f"--contract {out}" in done.stderr
    assert len(read_contract(out).columns) == 10
    before = out.read_bytes()
    again = command("describe", path, "--output", out, cwd=tmp_path)
    assert again.returncode == 2
    assert "exists" in again.stderr
    assert out.read_bytes() == before
    nowhere = command("describe", path, "--output", tmp_path / "no" / "a.json", cwd=tmp_path)
    assert nowhere.returncode == 2
    assert "mkdir -p" in nowhere.stderr
    full = command("describe", path, "--output", "/dev/full/a.json", cwd=tmp_path)
    assert full.returncode == 2


def test_one_file_at_a_time(tmp_path):
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_text("x\n1\n")
    for given in (("a.csv", "b.csv"), (".",), ("*.csv",)):
        done = command("describe", *given, cwd=tmp_path)
        assert done.returncode == 2
        assert "these are 2" in done.stderr
        assert "snapshots describe" in done.stderr
    (tmp_path / "b.csv").unlink()
    assert command("describe", ".", cwd=tmp_path).returncode == 0


def test_nothing_else_is_written(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(MADE["kinds"], encoding="utf-8")
    described(path, tmp_path)
    assert {one.name for one in tmp_path.iterdir()} <= {"a.csv", "state"}


def test_the_layout_is_json_of_the_same_meaning():
    value = {"fields": [{"name": "ñ", "n": list(range(60))}, {}], "empty": [], "t": "x" * 200}
    text = laid_out(value)
    assert json.loads(text) == value
    assert max(len(line) for line in text.splitlines() if "xxx" not in line) <= 300
    assert '"empty": []' in text
