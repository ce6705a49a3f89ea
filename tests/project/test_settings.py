"""combocurve.toml: what it may say, and where errors say they are."""

import pytest

from snapshots.errors import ProjectError
from snapshots.project import read_project
from tests.project.folders import SERVER, project


@pytest.fixture(autouse=True)
def keys(monkeypatch):
    monkeypatch.setenv("COMBOCURVE_API_KEY", "k3y")
    monkeypatch.setenv("COMBOCURVE_TOKEN", "t0ken")


def test_the_defaults_are_combocurves(tmp_path):
    found = read_project(project(tmp_path))
    assert (found.server.port, found.server.database, found.server.tls) == (5432, None, "prefer")
    assert found.api.url == "https://test-api.combocurve.com/v1"
    assert (found.api.method, found.api.page_size, found.api.limit) == ("PUT", 100, 1000)
    assert found.api.credentials.key == "k3y"
    assert found.api.credentials.token == "t0ken"


def test_what_is_given_stands_before_what_the_file_says(tmp_path):
    folder = project(tmp_path, SERVER + "[api]\nlimit = 5\npage_size = 7\n")
    assert read_project(folder, limit=6).api.limit == 6
    assert read_project(folder).api.page_size == 7


def test_variables_are_looked_up_also_within_a_value_and_for_a_port(tmp_path, monkeypatch):
    monkeypatch.setenv("WHO", "reader")
    monkeypatch.setenv("WHERE", "5433")
    text = SERVER.replace('"reader"', '"the-${WHO}"') + 'port = "${WHERE}"\n'
    server = read_project(project(tmp_path, text)).server
    assert (server.user, server.port) == ("the-reader", 5433)


def test_resources_are_sent_in_an_order_that_makes_sense(tmp_path):
    queries = dict.fromkeys(("daily_productions", "zones", "wells", "areas"), "SELECT 1 AS a")
    found = read_project(project(tmp_path, SERVER + '[api.paths]\nzones = "/z/ones"\n', **queries))
    assert [(one.name, one.path, one.mapped) for one in found.resources] == [
        ("wells", "/wells", True),
        ("areas", "/areas", False),
        ("zones", "/z/ones", True),
        ("daily-productions", "/daily-productions", True),
    ]


def test_daily_production_may_be_called_so(tmp_path):
    (one,) = read_project(project(tmp_path, daily_production="SELECT 1 AS a")).resources
    assert (one.path, one.contract) == ("/daily-productions", "daily-productions")


@pytest.mark.parametrize(
    ("text", "place", "says"),
    [
        ("", "combocurve.toml", r"\[connection\] is missing"),
        ("[connection]\n", "line 1, connection.type", "'type' is missing"),
        (
            '[connection]\ntype = "oracle"\n',
            "line 2, connection.type",
            "'oracle' is not a valid value",
        ),
        ("[connection]\ntype = 5\n", "line 2, connection.type", "a whole number; it must be a te"),
        ('[connection]\n\ntype = "mysql"\n', "line 3, connection.type", r"\[mysql\] is missing"),
        (
            '[connection]\ntype = "mysql"\nkind = 1\n',
            "line 3, connection.kind",
            "key 'kind' is unknown",
        ),
        (SERVER + 'pasword = "x"\n', "line 9, postgres.pasword", "key 'pasword' is unknown"),
        (SERVER + "[mysql]\n", "line 9, mysql", "section 'mysql' is unknown"),
        (SERVER + "port = true\n", "line 9, postgres.port", "true or false; it must be"),
        (SERVER + "port = 70000\n", "line 9, postgres.port", "value is 70000"),
        (SERVER + 'tls = "yes"\n', "line 9, postgres.tls", "'yes' is not a valid value"),
        (SERVER + 'tls_ca = "none.pem"\n', "line 9, postgres.tls_ca", "does not exist"),
        (SERVER + 'database = "${NOWHERE}"\n', "line 9, postgres.database", "NOWHERE is not set"),
        (SERVER.replace("user", "usr"), "line 6, postgres.usr", "key 'usr' is unknown"),
        (SERVER.replace('user = "reader"', ""), "line 5, postgres.user", "'user' is missing"),
        (SERVER + "[api]\nlimit = 0\n", "line 10, api.limit", "value is 0"),
        (SERVER + '[api]\nurl = "ftp://x"\n', "line 10, api.url", "not the address"),
        (SERVER + '[api]\nmethod = "GET"\n', "line 10, api.method", "'GET' is not a valid value"),
        (SERVER + "[api]\ntimeout = -1\n", "line 10, api.timeout", "value is -1"),
        (SERVER + "[api]\ntimeout = nan\n", "line 10, api.timeout", "value is nan"),
        (SERVER + f"[api]\nlimit = {1 << 63}\n", "line 10, api.limit", "value is 9223"),
        ("a = " + "[" * 5000 + "]" * 5000, "combocurve.toml", "nested too deep"),
        (SERVER + "[api]\nheaders = 1\n", "line 10, api.headers", "must be a section"),
        (SERVER + "[api.headers]\nx-a = 1\n", "line 10, api.headers.x-a", "must be a text"),
        (SERVER + "[api\n", "line 9", "not valid TOML"),
    ],
)
def test_an_error_names_file_line_and_key(tmp_path, text, place, says):
    project(tmp_path, text)
    with pytest.raises(ProjectError, match=says) as caught:
        read_project(tmp_path)
    assert caught.value.place.startswith(str(tmp_path / "combocurve.toml"))
    assert caught.value.place.endswith(place)
    assert "hunter2" not in f"{caught.value} {caught.value.hint}"


def test_a_path_for_a_resource_that_is_not_there_is_a_slip(tmp_path):
    project(tmp_path, SERVER + '[api.paths]\nwels = "/w"\n')
    with pytest.raises(ProjectError, match="names 'wels'") as caught:
        read_project(tmp_path)
    assert caught.value.hint == "Did you mean 'wells'?"


@pytest.mark.parametrize("missing", ["combocurve.toml", "resources/wells.sql", "."])
def test_a_folder_that_is_no_project_is_told_what_it_lacks(tmp_path, missing):
    folder = project(tmp_path / "p")
    if missing == ".":
        folder = tmp_path / "nowhere"
    else:
        (folder / missing).unlink()
    with pytest.raises(ProjectError) as caught:
        read_project(folder)
    assert caught.value.place == str(folder)
    assert {"combocurve.toml": "no combocurve.toml", "resources/wells.sql": "no resources/<name>",
            ".": "no such folder"}[missing] in caught.value.message  # fmt: skip


@pytest.mark.parametrize(
    ("variable", "says"),
    [("COMBOCURVE_API_KEY", "API key is missing"), ("COMBOCURVE_TOKEN", "token nor")],
)
def test_without_a_key_or_a_token_nothing_is_begun(tmp_path, monkeypatch, variable, says):
    monkeypatch.delenv(variable)
    project(tmp_path)
    with pytest.raises(ProjectError, match=says) as caught:
        read_project(tmp_path)
    assert variable in caught.value.hint
    project(tmp_path, SERVER + '[api]\nauth = "none"\n')
    assert read_project(tmp_path).api.credentials is None


def test_secrets_are_in_no_representation(tmp_path):
    found = repr(read_project(project(tmp_path, SERVER + '[api.headers]\nx-key = "s3cret"\n')))
    assert not [secret for secret in ("hunter2", "k3y", "t0ken", "s3cret") if secret in found]


def test_a_byte_order_mark_at_the_beginning_is_none_of_the_file(tmp_path, monkeypatch):
    """As editors on Windows write it: in the settings, in queries, and in files of variables."""
    folder = project(tmp_path / "p", "\ufeff" + SERVER, wells="\ufeffSELECT 1 AS a")
    found = read_project(folder)
    assert [one.name for one in found.resources] == ["wells"]
