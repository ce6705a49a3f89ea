"""A look before all is sent: `--first N`, and `--dry-run --show N`, whose commands a shell runs."""

import shlex
import shutil
import subprocess

import pytest

import snapshots as package
from snapshots.errors import UsageError
from tests.delivery.test_send_bodies import Listening
from tests.support.command import objects, snapshots
from tests.support.http_server import serving
from tests.support.processes import PATIENCE
from tests.support.row_store import RowStore

ROWS = "id,name\n" + "".join(f"{n},name {n}\n" for n in range(40))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("SNAPSHOTS_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.csv").write_text(ROWS)
    return tmp_path


def ids(api):
    return sorted(api.rows)


@pytest.mark.parametrize("batch", [1, 4])
def test_the_first_ones_are_sent_and_then_the_others(folder, batch):
    with serving(RowStore()) as running:
        how = ("--to", f"{running.url}/rows", "--batch", batch, "--json", "--progress", "none")
        done = snapshots("send", "a.csv", *how, "--first", 10, cwd=folder)
        assert done.returncode == 0, done.stderr
        (result,) = objects(done)
        assert (result["outcome"], result["loaded"], result["pending"]) == ("limited", 10, 30)
        assert "Sent 10 records and stopped" in result["message"]
        assert "snapshots resume 1" in result["hint"]
        assert ids(running.handler) == list(range(10))
        assert snapshots("send", "a.csv", *how, "--first", 5, cwd=folder).returncode == 0
        assert ids(running.handler) == list(range(15))
        done = snapshots("resume", 1, "--json", cwd=folder)
        assert done.returncode == 0, done.stderr
        (result,) = objects(done)
        assert (result["state"], result["loaded"], result["ambiguous"]) == ("finished", 40, 0)
        assert len(running.handler.requests) == 40


def test_as_many_as_there_are_is_all_of_it(folder):
    with serving(RowStore()) as running:
        result = package.send("a.csv", f"{running.url}/rows", first=40)
        assert (result.outcome, result.counts.loaded) == ("finished", 40)


def test_of_changes_only_those_that_are_sent_count(folder):
    with serving(RowStore()) as running:
        how = {"key": ("id",), "deletes": True, "batch": 2}
        url = f"{running.url}/rows"
        assert package.send("a.csv", url, **how).counts.loaded == 40
        running.handler.taken()
        changed = [f"{n},changed {n}\n" if n % 4 == 0 else f"{n},name {n}\n" for n in range(1, 40)]
        (folder / "a.csv").write_text("id,name\n" + "".join(changed))
        first = package.send("a.csv", url, first=3, **how)
        assert (first.outcome, first.deletes) == ("limited", None)
        assert sorted(running.handler.taken()) == [("PUT", 4), ("PUT", 8), ("PUT", 12)]
        rest = package.send("a.csv", url, **how)
        assert (rest.outcome, rest.counts.loaded, rest.deletes.counts.loaded) == ("finished", 9, 1)
        assert len(running.handler.taken()) == 7
        assert len(running.handler.rows) == 39


def test_resume_after_many_parcels_that_were_compared_ahead(folder):
    (folder / "a.csv").write_text("id,name\n" + "".join(f"{n},{'x' * 90}\n" for n in range(9000)))
    with serving(RowStore()) as running:
        how = {"key": ("id",), "batch": 100}
        first = package.send("a.csv", f"{running.url}/rows", first=250, **how)
        assert (first.outcome, first.counts.loaded) == ("limited", 250)
        rest = package.resume(first.record.import_id)
        assert (rest.outcome, rest.counts.loaded) == ("finished", 9000)
        keys = running.handler.keys()
        assert len(running.handler.requests) == 9000
        assert all(len(of_row) == 1 for of_row in keys.values())


def run_in_a_shell(command, environment):
    return subprocess.run(
        ["sh", "-c", command], env=environment, capture_output=True, text=True, timeout=PATIENCE,
        check=True,
    )  # fmt: skip


HOSTILE = """id,a.x,name
1,"it's $HOME `id` \\ ""q"" !x",%41
2,"two
lines",*
"""


@pytest.mark.parametrize(
    "how",
    [
        (),
        ("--batch", "2", "--body", "ndjson"),
        ("--batch", "2", "--envelope", "it's", "--nested"),
        ("--batch", "2", "--action-line", '{"index": {"_id": "it\'s {a.x}"}}'),
        ("--body", "form"),
        ("--method", "PUT", "--key-header", "none"),
        ("--key", "id", "--header", "Content-Type: application/vnd.x+json"),
    ],
)
def test_the_commands_send_what_would_be_sent(folder, how, monkeypatch):
    assert shutil.which("curl"), "the tests run what is shown"
    (folder / "a.csv").write_text(HOSTILE)
    (folder / "sign ed.txt").write_text("from-a-file\n")
    secrets = {"API_TOKEN": "very-secret-token", "TENANT": "tenant-$x'y", "KEY": "k'ey&1"}
    for name, value in secrets.items():
        monkeypatch.setenv(name, value)
    with serving(Listening()) as running:
        to = f"{running.url}/rows/[x]" + ("" if "2" in how else "/{id}") + "?key=${KEY}&on=1"
        given = [
            "send", "a.csv", "--to", to, "--bearer-variable", "API_TOKEN", "--ordered",
            "--header", "X-Tenant: t=${TENANT};", "--header", "X-File: @sign ed.txt",
            "--header", "X-Plain: plain-secret", *how,
        ]  # fmt: skip
        done = snapshots(*given, "--dry-run", "--show", 5, "--json", cwd=folder, **secrets)
        assert done.returncode == 0, done.stderr
        commands = objects(done)[0]["requests"]
        assert not running.handler.requests
        for secret in (*secrets.values(), "from-a-file", "plain-secret"):
            assert secret not in done.stdout
        environment = {**secrets, "PATH": "/usr/bin:/bin", "X_PLAIN": "plain-secret"}
        for command in commands:
            run_in_a_shell(f"cd {shlex.quote(str(folder))}; {command}", environment)
        shown = running.handler.requests[:]
        running.handler.requests.clear()
        sent = snapshots(*given, "--progress", "none", cwd=folder, **secrets)
        assert sent.returncode == 0, sent.stderr
        assert len(shown) == len(running.handler.requests) > 0
        names = ("authorization", "x-tenant", "x-file", "x-plain", "content-type")
        for one, other in zip(shown, running.handler.requests, strict=True):
            assert (one.method, one.target, one.body) == (other.method, other.target, other.body)
            assert [one.headers[name] for name in names] == [other.headers[name] for name in names]
            assert bool(one.key) == bool(other.key)


@pytest.mark.parametrize("password", ["s3cret", "s3@cret", "s3cret${TAIL}"])
@pytest.mark.parametrize("variable", [False, True])
def test_the_password_of_a_proxy_is_not_shown(folder, password, variable):
    proxy = f"http://me:{password}@proxy:3128"
    given = ("send", "a.csv", "--to", "http://localhost:9/", "--dry-run", "--show", 1, "--json")
    if variable:
        done = snapshots(*given, cwd=folder, SNAPSHOTS_PROXY=proxy, TAIL="x")
    else:
        done = snapshots(*given, "--proxy", proxy, cwd=folder, TAIL="x")
    assert done.returncode == 0, done.stderr
    assert "cret" not in done.stdout + done.stderr
    (command,) = objects(done)[0]["requests"]
    assert '--proxy http://me:"$PROXY_PASSWORD"@proxy:3128' in command


def test_they_are_printed_below_what_would_be_sent(folder):
    done = snapshots("send", "a.csv", "--to", "http://localhost:9/", "--dry-run", "--show", 2,
                     cwd=folder)  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "40 would go to http://localhost:9/ by POST" in done.stdout
    assert done.stdout.count("curl --request POST") == 2
    words = shlex.split(done.stdout[done.stdout.index("curl") :].replace("\\\n", " "))
    assert '{"id":0,"name":"name 0"}' in words


def test_only_what_changed_is_shown(folder):
    with serving(RowStore()) as running:
        how = {"key": ("id",)}
        package.send("a.csv", f"{running.url}/rows", **how)
        (folder / "a.csv").write_text(ROWS.replace("name 7", "seven") + "99,new\n")
        done = package.send("a.csv", f"{running.url}/rows", dry_run=True, show=9, **how)
    assert [command.split()[2] for command in done.requests] == ["POST", "PUT"]


def test_showing_needs_a_dry_run(folder):
    with pytest.raises(UsageError, match="dry run"):
        package.send("a.csv", "http://localhost:9/", show=3)
