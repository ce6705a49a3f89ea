"""`snapshots.toml`: files and queries go to any API."""

import pytest

from snapshots.errors import ProjectError
from snapshots.project import new_project, read_any_project
from tests.sources.sql.servers import execute
from tests.support.command import objects, snapshots
from tests.support.http_server import serving
from tests.support.recording_api import Api
from tests.support.row_store import RowStore

URL = "https://api.example.com/v1"


def written(folder, text):
    (folder / "snapshots.toml").write_text(text)
    return folder


def test_init_writes_a_project_that_runs(tmp_path):
    (tmp_path / "crew.2024.csv").write_text("id,name\n1,Ana\n2,Ben\n")
    with serving(Api()) as running:
        done = snapshots("init", "p", "crew.2024.csv", "--to", running.url, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        run = snapshots("run", "p", "--json", cwd=tmp_path)
        assert run.returncode == 0, run.stderr
        assert running.handler.rows == [{"id": 1, "name": "Ana"}, {"id": 2, "name": "Ben"}]
        assert {request.path for request, _ in running.handler.requests} == {"/crew"}
        assert snapshots("run", "p", cwd=tmp_path).returncode == 5
    again = snapshots("init", "p", "crew.2024.csv", "--to", running.url, cwd=tmp_path)
    assert "has a snapshots.toml already" in again.stderr


@pytest.mark.parametrize(
    ("files", "names"),
    [
        (("crew.csv", "more/crew.csv", "crew.csv.gz"), ("crew", "crew-2", "crew-3")),
        (("films été.csv", ".hidden.csv", "фильмы.csv"), ("films-t", "hidden", "rows")),
        (('a "b"\n\t.csv', "-"), ("a-b", "rows")),
        (("https://example.org/d/a.csv.gz?x=1", "s3://bucket/b.csv"), ("a", "b")),
    ],
)
def test_init_names_whatever_files_there_are(tmp_path, files, names):
    new_project(tmp_path, URL, files)
    found = read_any_project(tmp_path).resources
    assert tuple(one.name for one in found) == names
    for one, file in zip(found, files, strict=True):
        assert one.given == file if "://" in file else one.given.endswith(f"/{file}")


@pytest.mark.parametrize("url", ["ftp://x", "https://u:p@x/", f"{URL}?key=plain"])
def test_init_leaves_nothing_behind_that_cannot_be_read(tmp_path, url):
    with pytest.raises(ProjectError):
        new_project(tmp_path, url, ("a.csv",))
    assert not (tmp_path / "snapshots.toml").exists()


def test_init_says_why_it_cannot_write(tmp_path):
    (tmp_path / "p").write_text("")
    with pytest.raises(ProjectError, match="cannot be written"):
        new_project(tmp_path / "p", URL, ("a.csv",))


def test_a_query_of_the_base_address_stays_behind_the_path(tmp_path):
    text = f"""
[api]
url = "{URL}/?key=${{KEY}}"
key_header = "X-none"
[resources.a]
file = "a.csv"
[resources.b]
file = "a.csv"
path = "b/{{id}}"
key_header = "none"
[resources.c]
file = "a.csv"
path = ""
"""
    found = [one.options.request for one in read_any_project(written(tmp_path, text)).resources]
    assert [one.url for one in found] == [
        f"{URL}/a?key=${{KEY}}", f"{URL}/b/{{id}}?key=${{KEY}}", f"{URL}/?key=${{KEY}}",
    ]  # fmt: skip
    assert [one.key_header for one in found] == ["X-none", "", "X-none"]


def test_a_project_has_a_proxy_and_certificates_of_its_own(tmp_path):
    (tmp_path / "ca.pem").write_text("")
    text = """
[api]
url = "U"
proxy = "http://me:${PASSWORD}@proxy:3128"
ca = "ca.pem"
http2 = true
[resources.a]
file = "a.csv"
""".replace("U", URL)
    (one,) = read_any_project(written(tmp_path, text)).resources
    request = one.options.request
    assert (request.proxy, request.http2) == ("http://me:${PASSWORD}@proxy:3128", True)
    assert (request.ca, request.cert, request.cert_key) == (str(tmp_path / "ca.pem"), None, None)
    with pytest.raises(ProjectError, match="does not exist"):
        read_any_project(written(tmp_path, text.replace("ca.pem", "ba.pem")))


def test_files_and_queries_have_settings_of_their_own_and_secrets_stay_hidden(
    tmp_path, postgres_url
):
    execute(postgres_url, "CREATE TABLE items (id int, name text)")
    execute(postgres_url, "INSERT INTO items VALUES (1, 'a'), (2, 'b')")
    (tmp_path / "crew.csv").write_text("id,name\n7,Ana\n")
    (tmp_path / "items.sql").write_text("SELECT id, name FROM items ORDER BY id")
    with serving(RowStore()) as running:
        text = f"""
[api]
url = "{running.url}/v1"
auth = "bearer"
token = "${{MY_TOKEN}}"
batch = 2

[resources.items]
query = "items.sql"
from = "{postgres_url}"
key = ["id"]
deletes = true

[resources.crew]
file = "crew.csv"
path = "/people"
method = "PUT"
batch = 1
"""
        written(tmp_path, text)
        running.handler.rows[7] = {}
        secret = {"MY_TOKEN": "very-secret-token"}
        heads = []
        running.handler.on_head = lambda request, _: heads.append(request)
        done = snapshots("run", ".", "--json", cwd=tmp_path, **secret)
        assert done.returncode == 0, done.stderr
        assert [(r.method, r.path) for r in heads] == [("POST", "/v1/items"), ("PUT", "/v1/people")]
        assert {r.headers["authorization"] for r in heads} == {"Bearer very-secret-token"}
        execute(postgres_url, "DELETE FROM items WHERE id = 2")
        del heads[:]
        again = snapshots("run", ".", "--json", cwd=tmp_path, **secret)
        assert [result["outcome"] for result in objects(again)] == ["finished", "already_delivered"]
        assert [(r.method, r.path) for r in heads] == [("DELETE", "/v1/items")]
        assert b"very-secret-token" not in (tmp_path / "snapshots.db").read_bytes()
        unset = snapshots("run", ".", cwd=tmp_path)
        assert "MY_TOKEN" in unset.stderr


@pytest.mark.parametrize(
    ("text", "line", "message", "hint"),
    [
        ('[api]\nurl = "U"\nmetod = "PUT"\n', 3, "'metod' is unknown", "method"),
        ('[api]\nurl = "ftp://x"\n', 2, "not the address", "https"),
        ('[api]\nurl = "U"\n', None, "no resource", "[resources.wells]"),
        ('[api]\nurl = "U"\n[resources.a]\nfil = "a.csv"\n', 4, "'fil' is unknown", "file"),
        ('[api]\nurl = "U"\n[resources.a]\npath = "a"\n', 3, "a file, or a query", "from"),
        ('[api]\nurl = "U"\nauth = "bearer"\ntoken = "abc"\n', 4, "plain text", "${VARIABLE}"),
        ('[api]\nurl = "U"\ntoken = "${A}"\n', 3, "has no token", "auth"),
        ('[api]\nurl = "U"\n[resources.a]\nfile = "a"\ndeletes = true\n', 3, "without a key", "id"),
        ('[api]\nurl = "U"\n[resources.a]\nfile = "a"\nkey = 7\n', 5, "list of texts", "key ="),
        ('[api]\nurl = "U"\n[resources.a]\nfile = "a"\ndeletes = 1\n', 5, "true or false", ""),
        ('[resource.a]\nfile = "a"\n', 1, "'resource' is unknown", "resources"),
    ],
)
def test_what_is_mistyped_is_named_with_its_line(tmp_path, text, line, message, hint):
    if "[resources" not in text and line is not None and "resource" not in text:
        text += '[resources.a]\nfile = "a.csv"\n'
    with pytest.raises(ProjectError, match=message) as error:
        read_any_project(written(tmp_path, text.replace('"U"', f'"{URL}"')))
    assert line is None or f"line {line}" in error.value.place
    assert hint in error.value.hint


def test_a_folder_is_a_project_of_one_kind(tmp_path):
    (tmp_path / "combocurve.toml").write_text("")
    with pytest.raises(ProjectError, match=r"snapshots\.toml and combocurve\.toml"):
        read_any_project(written(tmp_path, ""))
