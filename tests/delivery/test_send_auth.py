"""How deliveries prove who they are: basic, OAuth2, a command, a file; renewed in time."""

import json
import os
import stat
import subprocess
import threading
import time

import pytest

import snapshots as package
from snapshots.endpoints.http import ClientCredentials
from snapshots.errors import SnapshotsError
from tests.support import snapshots_process
from tests.support.command import objects, snapshots
from tests.support.http_server import Handler, as_json, response, serving
from tests.support.oauth_server import CLIENT, SECRET, OAuthApi
from tests.support.processes import PATIENCE, wait_for
from tests.support.proxy_servers import Tinyproxy

ROWS = 60


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "a.csv").write_text("id\n" + "".join(f"{n}\n" for n in range(ROWS)))
    return tmp_path


def send(folder, running, *more, **variables):
    given = ("send", "a.csv", "--to", f"{running.url}/rows", "--json", "--progress", "none")
    return snapshots(*given, *more, cwd=folder, **variables)


def oauth(running, *more):
    return (
        *("--token-url", f"{running.url}/token", "--client-id", CLIENT),
        *("--client-secret", "${THE_SECRET}", *more),
    )


def delivered(done, api, rows=ROWS):
    assert done.returncode == 0, (done.stdout, done.stderr)
    (result,) = objects(done)
    assert (result["loaded"], result["ambiguous"]) == (rows, 0)
    assert sorted(row["id"] for row in api.rows) == list(range(rows)), "sent twice, or lost"


def nowhere(secret, folder, *done):
    """A secret is neither said nor in the ledger nor in another file of the program."""
    texts = [one.stdout + one.stderr for one in done]
    files = [path for path in folder.rglob("*") if path.is_file() and path.suffix != ".txt"]
    assert secret not in "".join(texts)
    assert not [path for path in files if secret.encode() in path.read_bytes()]


@pytest.mark.parametrize("where", ["header", "body"])
def test_oauth2_tokens_are_got_with_the_credentials_of_the_client(folder, where):
    api = OAuthApi(scope="rows:write rows:read")
    with serving(api) as running:
        more = ("--scope", "rows:write rows:read", "--audience", "rows", "--client-auth", where)
        done = send(folder, running, *oauth(running, *more), THE_SECRET=SECRET)
    delivered(done, api)
    (form,) = api.given
    assert form["audience"] == "rows"
    assert ("client_secret" in form) == (where == "body")
    assert not api.refused
    nowhere(SECRET, folder, done)
    nowhere("token-1-of-tests", folder, done)


def test_a_token_is_renewed_before_its_end(folder):
    api = OAuthApi(says=3)
    (folder / "a.csv").write_text("id\n" + "".join(f"{n}\n" for n in range(90)))
    with serving(api) as running:
        more = ("--rate", "15", "--concurrency", "1")
        done = send(folder, running, *oauth(running, *more), THE_SECRET=SECRET)
    delivered(done, api, 90)
    assert len(api.given) >= 2
    assert not api.refused


@pytest.mark.parametrize(("kind", "says"), [(None, "NaN"), ("BEARER", "soon"), ("", 1e400)])
def test_a_token_whose_kind_or_end_is_not_clear_is_used_until_it_is_refused(folder, kind, says):
    api = OAuthApi(kind=kind, says=says)
    (folder / "a.csv").write_text("id\n" + "".join(f"{n}\n" for n in range(30)))
    with serving(api) as running:
        more = ("--rate", "15", "--concurrency", "1")
        done = send(folder, running, *oauth(running, *more), THE_SECRET=SECRET)
    delivered(done, api, 30)
    assert len(api.given) == 1


@pytest.mark.parametrize(("batch", "uses"), [(1, 20), (7, 6)])
def test_a_refused_token_is_renewed_once_for_all_requests(folder, batch, uses):
    """The server says nothing of the end of its tokens, which are good for so many requests: for
    more than others can make while one that was refused waits for the processor."""
    api = OAuthApi(uses=uses, says=None)
    with serving(api) as running:
        more = ("--batch", str(batch), "--concurrency", "3")
        done = send(folder, running, *oauth(running, *more), THE_SECRET=SECRET)
    delivered(done, api)
    requests = -(-ROWS // batch)
    assert len(api.given) == -(-requests // uses), "parallel refusals renewed more than once"


def test_a_token_that_is_refused_when_it_is_new_ends_the_delivery(folder):
    api = OAuthApi(uses=0)
    with serving(api) as running:
        done = send(folder, running, *oauth(running), THE_SECRET=SECRET)
    assert done.returncode == 6, done.stdout
    assert "does not accept these credentials" in done.stdout + done.stderr
    assert len(api.given) == 2
    assert api.rows == []
    for number in (1, 2):
        nowhere(f"token-{number}-of-tests", folder, done)
    # Each request was made again once.
    assert len(api.refused) <= 2 * 8


def test_a_token_endpoint_that_has_trouble_is_asked_again(folder):
    api = OAuthApi(trouble=2)
    with serving(api) as running:
        delivered(send(folder, running, *oauth(running), THE_SECRET=SECRET), api)
    assert api.asked == 3


def test_a_token_endpoint_that_refuses_says_why(folder):
    api = OAuthApi()
    with serving(api) as running:
        done = send(folder, running, *oauth(running), THE_SECRET="wr0ng-secret")
        said = done.stdout + done.stderr
        assert done.returncode == 6
        assert "gives no token: 401 invalid_client" in said
        assert "wr0ng-secret" not in said
        done = send(folder, running, *oauth(running, "--scope", "x"), THE_SECRET=SECRET)
        assert "invalid_scope" in done.stdout + done.stderr
        elsewhere = (*oauth(running)[2:], "--token-url", f"{running.url}/rows/token")
        done = send(folder, running, *elsewhere, THE_SECRET=SECRET)
        assert "gives no token: 401" in done.stdout + done.stderr
    began = time.monotonic()
    with serving(api) as running:
        dead = ("--token-url", "http://127.0.0.1:9/token", *oauth(running)[2:])
        done = send(folder, running, *dead, THE_SECRET=SECRET)
    assert "token endpoint cannot be reached" in done.stdout + done.stderr
    assert time.monotonic() - began < PATIENCE
    assert api.rows == []


def test_a_token_is_got_through_the_proxy_of_the_delivery(folder):
    api = OAuthApi()
    with Tinyproxy() as proxy, serving(api) as running:
        done = send(folder, running, *oauth(running, "--proxy", proxy.url()), THE_SECRET=SECRET)
        delivered(done, api)
        assert "POST http://127.0.0.1" in proxy.connections.read_text()
        assert f"{running.url}/token" in proxy.connections.read_text()


@pytest.mark.parametrize("when", ["first", "renewal"])
def test_killed_while_a_token_is_got(folder, when):
    api = OAuthApi(says=None)
    if when == "first":
        api.held.clear()
    with serving(api) as running:
        given = ("send", "a.csv", "--to", f"{running.url}/rows", "--json", "--progress", "none")
        command = (*given, *oauth(running, "--rate", "40", "--concurrency", "2"))
        environment = {
            **os.environ, "THE_SECRET": SECRET, "SNAPSHOTS_STATE_DIR": str(folder / "state")
        }  # fmt: skip
        quiet = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        process = snapshots_process.start(command, env=environment, cwd=folder, **quiet)
        if when == "renewal":
            wait_for(lambda: len(api.rows) > 5)
            api.held.clear()
            api.revoke()
        asked = api.asked
        wait_for(lambda: api.asked > asked or (when == "first" and api.asked))
        process.kill()
        process.communicate()
        before = [row["id"] for row in api.rows]
        threading.Timer(0.2, api.held.set).start()
        done = snapshots(*command, cwd=folder, THE_SECRET=SECRET)
    assert done.returncode == 0, done.stderr
    (result,) = objects(done)
    assert result["loaded"] == ROWS
    assert {row["id"] for row in api.rows} == set(range(ROWS))
    assert len(api.rows) - ROWS <= len(before)


def test_a_stop_does_not_wait_for_a_token(folder):
    api = OAuthApi()
    api.held.clear()
    with serving(api) as running:
        secret = ClientCredentials(f"{running.url}/token", CLIENT, SECRET)
        assert SECRET not in repr(secret)
        stop, ended = threading.Event(), []

        def work():
            from snapshots import locations
            from snapshots.engine.plan.endpoint import Endpoint
            from snapshots.engine.plan.options import Options
            from snapshots.engine.run.importer import import_input

            request = Endpoint(f"{running.url}/rows", auth=secret)
            target = locations.target(f"sqlite:///{folder}/x.db")
            options = Options(request=request)
            ended.append(import_input(str(folder / "a.csv"), target, options, lambda _: None, stop))

        thread = threading.Thread(target=work)
        thread.start()
        wait_for(lambda: api.asked)
        stop.set()
        thread.join(PATIENCE)
        assert ended[0].outcome == "interrupted"
        api.held.set()


class WantsHeader(Handler):
    """Takes rows with one value of the header Authorization, which may change."""

    also = None

    def __init__(self, accepted):
        self.accepted = accepted
        self.rows = []
        self.seen = []

    def on_request(self, request, connection):
        given = request.headers.get("authorization")
        if not self.seen or self.seen[-1] != given:
            self.seen.append(given)
        if given not in (self.accepted, self.also):
            return as_json(401, {"error": "no"})
        self.rows.append(json.loads(request.body))
        return response(201)


@pytest.mark.parametrize("how", ["variable", "file", "both"])
def test_basic(folder, how):
    api = WantsHeader("Basic c29tZW9uZTpwYXNzIHdvcmQ6Mg==")
    (folder / "secret.txt").write_text("someone:pass word:2\n")
    given = {"variable": "someone:${PASS}", "file": "@secret.txt", "both": "${WHO}"}[how]
    with serving(api) as running:
        variables = {"PASS": "pass word:2", "WHO": "someone:pass word:2"}
        done = send(folder, running, "--basic", given, **variables)
    delivered(done, api)
    nowhere("pass word:2", folder, done)


COMMAND = """#!/bin/sh
echo run >> runs.txt
n=$(wc -l < runs.txt | tr -d ' ')
"""


def command(folder, text):
    path = folder / "token.sh"
    path.write_text(COMMAND + text)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def runs(folder):
    return len((folder / "runs.txt").read_text().splitlines())


def test_a_command_prints_a_token_and_runs_again_when_that_is_refused(folder):
    script = command(folder, 'echo "plain-token-$n"\n')
    api = WantsHeader("Bearer plain-token-2")
    with serving(api) as running:
        done = send(folder, running, "--auth-command", str(script))
    delivered(done, api)
    assert runs(folder) == 2
    nowhere("plain-token", folder / "state" if (folder / "state").exists() else folder, done)


def test_a_command_runs_again_before_the_end_that_it_states(folder):
    says = '"access_token": "t-1", "expires_in": 2'
    script = command(folder, f"echo '{{{says}}}'\n")
    api = WantsHeader("Bearer t-1")
    with serving(api) as running:
        more = ("--rate", "15", "--concurrency", "1")
        done = send(folder, running, "--auth-command", str(script), *more)
    delivered(done, api)
    assert runs(folder) >= 2
    assert api.seen == ["Bearer t-1"]


@pytest.mark.parametrize(
    "printed", ["t-1", '"t-1"', '{"token": "t-1"}', '{"accessToken": "t-1", "expiresIn": 900}']
)
def test_the_forms_in_which_commands_print_tokens(folder, printed):
    api = WantsHeader("Bearer t-1")
    with serving(api) as running:
        done = send(folder, running, "--auth-command", str(command(folder, f"echo '{printed}'\n")))
    delivered(done, api)
    assert api.seen == ["Bearer t-1"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("echo 'no login' >&2; exit 3\n", "exit code 3: no login"),
        ("exit 0\n", "The token is empty"),
        ("printf 'a\\tb'\n", "no header can carry"),
        ("echo '{\"other\": 1}'\n", "The token is empty"),
    ],
)
def test_a_command_that_fails_says_so(folder, text, said):
    script = command(folder, text)
    with serving(WantsHeader("x")) as running:
        done = send(folder, running, "--auth-command", f"{script}")
    assert done.returncode == 6, done.stdout
    assert said in done.stdout + done.stderr


def test_a_command_that_is_none(folder):
    with serving(WantsHeader("x")) as running:
        done = send(folder, running, "--auth-command", "./nothing-here --now")
        assert "cannot be run" in done.stdout + done.stderr
        done = send(folder, running, "--auth-command", "a 'b")
        assert "is no command" in done.stdout + done.stderr


def test_a_token_file_is_read_again_when_it_changes(folder):
    token = folder / "token.txt"
    token.write_text("first-token\n")
    api = WantsHeader("Bearer first-token")
    api.also = "Bearer second-token"
    with serving(api) as running:
        result = []

        def work():
            more = ("--token-file", str(token), "--rate", "20", "--concurrency", "1")
            result.append(send(folder, running, *more))

        thread = threading.Thread(target=work)
        thread.start()
        wait_for(lambda: len(api.rows) > 3)
        # As those do who replace secrets: all at once.
        (folder / "new.txt").write_text("second-token")
        (folder / "new.txt").replace(token)
        thread.join(PATIENCE)
    delivered(result[0], api)
    assert api.seen == ["Bearer first-token", "Bearer second-token"]
    nowhere("second-token", folder, *result)


def test_a_file_that_changes_after_a_refusal_is_read_at_once(folder):
    token = folder / "token.txt"
    token.write_text("old-token")
    api = WantsHeader("Bearer new-token")

    class Swaps(WantsHeader):
        def on_request(self, request, connection):
            answer = super().on_request(request, connection)
            (folder / "new.txt").write_text("new-token")
            (folder / "new.txt").replace(folder / "token.txt")
            return answer

    api = Swaps("Bearer new-token")
    with serving(api) as running:
        delivered(send(folder, running, "--token-file", str(token)), api)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--basic", "me:plain"), "a secret in --basic would be visible"),
        (("--token-url", "http://x/"), "needs --client-id and --client-secret"),
        (
            ("--token-url", "http://x/", "--client-id", "a", "--client-secret", "b"),
            "a secret in --client-secret would be visible",
        ),
        (("--client-id", "a"), "no meaning without --token-url"),
        (("--basic", "${A}", "--token-file", "x"), "both prove who we are"),
        (("--basic", "${A}", "--bearer-variable", "B"), "two ways prove who we are"),
        (("--token-file", "missing.txt"), "the token cannot be read"),
        (("--basic", "${NOT_SET_AT_ALL}"), "NOT_SET_AT_ALL is not set"),
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_is_sent(folder, options, said):
    with serving(WantsHeader("x")) as running:
        done = send(folder, running, *options, A="a:b", B="c")
        assert said in (done.stdout + done.stderr).lower() or said in done.stderr
        assert done.returncode == 2
        assert running.handler.seen == []


def test_a_resumed_delivery_proves_it_in_the_same_way(folder):
    api = OAuthApi()
    with serving(api) as running:
        done = send(folder, running, *oauth(running, "--limit", "10"), THE_SECRET=SECRET)
        assert objects(done)[0]["loaded"] == 10
        done = snapshots("resume", "1", "--json", cwd=folder, THE_SECRET=SECRET)
        delivered(done, api)
        missing = send(folder, running, *oauth(running, "--again", "--limit", "1"))
        assert "THE_SECRET is not set" in missing.stdout + missing.stderr


def test_from_python(folder, monkeypatch):
    monkeypatch.setenv("SNAPSHOTS_STATE_DIR", str(folder / "state"))
    api = OAuthApi(uses=20, says=None)
    with serving(api) as running:
        auth = ClientCredentials(f"{running.url}/token", CLIENT, SECRET)
        place = f"sqlite:///{folder}/x.db"
        result = package.send(folder / "a.csv", f"{running.url}/rows", database=place, auth=auth)
    assert result.counts.loaded == ROWS
    assert len(api.given) == 3
    wrong = ClientCredentials("http://127.0.0.1:9/token", CLIENT, SECRET)
    with serving(api) as running:
        result = package.send(
            folder / "a.csv", f"{running.url}/rows", database=place, auth=wrong, again=True
        )
        assert (result.outcome, result.exit_code) == ("failed", 6)
        assert isinstance(result.message, str)
    assert issubclass(SnapshotsError, Exception)


def test_in_a_project(folder):
    api = OAuthApi()
    with serving(api) as running:
        (folder / "snapshots.toml").write_text(f"""
[api]
url = "{running.url}"
auth = "oauth2"
token_url = "{running.url}/token"
client_id = "{CLIENT}"
client_secret = "${{THE_SECRET}}"

[resources.rows]
file = "a.csv"
""")
        done = snapshots("run", ".", "--json", cwd=folder, THE_SECRET=SECRET)
        delivered(done, api)
        text = (folder / "snapshots.toml").read_text()
        for old, new, said in [
            ('"${THE_SECRET}"', '"plain"', "a secret in --client-secret would be visible"),
            ('auth = "oauth2"', 'auth = "basic"', "auth is 'basic', which has no token_url"),
            ('auth = "oauth2"', 'auth = "oauth3"', "is not a valid value"),
        ]:
            (folder / "snapshots.toml").write_text(text.replace(old, new))
            done = snapshots("run", ".", cwd=folder, THE_SECRET=SECRET)
            assert said in done.stderr.lower()
            assert done.returncode == 6
