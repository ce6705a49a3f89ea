"""`snapshots send` as a user types it, against an API in the test's own process."""

import json
import threading
import time
from collections import Counter

import pytest

import snapshots as package
from tests.support.command import objects, snapshots
from tests.support.http_server import as_json, response, serving
from tests.support.processes import wait_for
from tests.support.recording_api import Api

ROWS = "id,name,amount\n007,Ann,1.50\n008,Bob,\n009,Cy,3\n"
SCHEMA = {
    "fields": [
        {"name": "id", "type": "string"},
        {"name": "full name", "type": "string", "x-source": "name"},
        {"name": "amount", "type": "number"},
    ]
}


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "a.csv").write_text(ROWS)
    (tmp_path / "schema.json").write_text(json.dumps(SCHEMA))
    return tmp_path


def send(running, folder, *more, name="a.csv", **environment):
    return snapshots(
        "send", name, "--to", f"{running.url}/rows", "--contract", "schema.json", "--progress",
        "none", *more, cwd=folder, **environment,
    )  # fmt: skip


def test_rows_are_objects_with_the_names_and_types_of_the_contract(folder):
    with serving(Api()) as running:
        done = send(running, folder, "--ordered")
        assert done.returncode == 0, done.stderr
        assert "3 records = 3 delivered + 0 rejected + 0 skipped" in done.stdout
        assert running.handler.rows == [
            {"id": "007", "full name": "Ann", "amount": 1.5},
            {"id": "008", "full name": "Bob", "amount": None},
            {"id": "009", "full name": "Cy", "amount": 3},
        ]
        assert all(b"1.50" not in r.body or b":1.50" in r.body for r, _ in running.handler.requests)


def test_progress_moves_within_a_small_file(folder):
    (folder / "b.csv").write_text("n\n" + "".join(f"{n}\n" for n in range(60)))

    def slow(_row):
        time.sleep(0.04)
        return 201

    with serving(Api(slow)) as running:
        more = ("--to", f"{running.url}/rows", "--ordered", "--progress", "json")
        done = snapshots("send", "b.csv", *more, cwd=folder)
    assert done.returncode == 0, done.stderr
    events = map(json.loads, done.stderr.splitlines())
    shares = [e["bytes_done"] / e["bytes_total"] for e in events if e["event"] == "progress"]
    assert any(0.1 < share < 0.9 for share in shares)
    assert shares == sorted(shares)


def test_missing_values_may_be_left_out_and_rows_sent_in_arrays(folder):
    with serving(Api()) as running:
        done = send(running, folder, "--nulls", "omit", "--batch", 2, "--method", "PUT")
        assert done.returncode == 0, done.stderr
        pages = sorted(json.loads(r.body)[0]["id"] for r, _ in running.handler.requests)
        assert pages == ["007", "009"]
        assert {"id": "008", "full name": "Bob"} in running.handler.rows
        assert {r.method for r, _ in running.handler.requests} == {"PUT"}


def test_a_file_is_sent_to_a_url_once(folder):
    with serving(Api()) as running:
        send(running, folder)
        again = send(running, folder)
        assert again.returncode == 5
        assert "Already delivered as 1" in again.stdout
        assert len(running.handler.requests) == 3
        keys = {r.key for r, _ in running.handler.requests}
        assert len(keys) == 3
        assert send(running, folder, "--again").returncode == 0
        assert len({r.key for r, _ in running.handler.requests} - keys) == 3


def entry_day(folder):
    """When the first delivery was."""
    return objects(snapshots("list", "--json", cwd=folder))[0]["started_at"][:10]


def test_what_was_sent_is_not_thereby_imported(folder):
    with serving(Api()) as running:
        send(running, folder)
        (status,) = objects(snapshots("list", "a.csv", "--json", cwd=folder))
        assert status["presence"] == "delivered"
    done = snapshots("import", "a.csv", cwd=folder)
    assert done.returncode == 0, done.stderr
    both = snapshots("list", "a.csv", cwd=folder).stdout
    assert "imported: import 2" in both
    assert f"delivered: delivery 1 ({entry_day(folder)}) to {running.url}/rows" in both
    kinds = [entry["kind"] for entry in objects(snapshots("list", "--json", cwd=folder))]
    assert kinds == ["delivery", "import"]


@pytest.mark.parametrize("batch", [1, 3])
def test_what_the_api_refuses_is_a_reject_with_its_words(folder, batch):
    with serving(Api(lambda row: 422 if row["id"] == "008" else 201)) as running:
        done = send(running, folder, "--batch", batch, "--json")
        assert done.returncode == 3, done.stderr
        (result,) = objects(done)
        assert (result["loaded"], result["rejected"], result["pending"]) == (2, 1, 0)
    (reject,) = objects(snapshots("rejects", 1, "--json", cwd=folder))
    assert (reject["line"], reject["code"]) == (3, "refused_by_target")
    assert reject["reason"] == "HTTP 422: no, thank you"
    assert reject["raw"] == "008,Bob,"


def test_in_an_encoding_of_its_own_a_reject_has_the_bytes_of_the_file(folder):
    (folder / "a.csv").write_bytes("id,name,amount\n1,Zoë,1\n2,Jörg,2\n".encode("latin-1"))
    with serving(Api(lambda row: 422 if row["id"] == "2" else 201)) as running:
        assert send(running, folder, "--encoding", "latin-1").returncode == 3
        assert running.handler.rows[0]["full name"] == "Zoë"
    (reject,) = package.rejects(1, database=f"sqlite:///{folder}/snapshots.db")
    assert (reject.raw, reject.byte_offset) == ("2,Jörg,2".encode("latin-1"), 23)


def test_stopping_at_an_error_sends_nothing_behind_it(folder):
    with serving(Api(lambda row: 422 if row["id"] == "008" else 201)) as running:
        done = send(running, folder, "--stop-on-error", "--concurrency", 1)
        assert done.returncode == 4
        assert [row["id"] for row in running.handler.rows] == ["007"]
        assert len(running.handler.requests) == 2
        onward = snapshots("resume", 1, "--max-rejects", 5, cwd=folder)
        assert onward.returncode == 3, onward.stderr
        assert [row["id"] for row in running.handler.rows] == ["007", "009"]


def test_stopping_at_an_error_sends_nothing_behind_it_of_its_own_page_either(folder):
    rows = [f"{n},name,1" for n in range(1, 9)]
    (folder / "a.csv").write_text("\n".join(["id,name,amount", *rows, ""]))
    with serving(Api(lambda row: 422 if row["id"] == "3" else 201)) as running:
        done = send(running, folder, "--stop-on-error", "--ordered", "--batch", 8)
        assert done.returncode == 4
        assert [row["id"] for row in running.handler.rows] == ["1", "2"]
        onward = snapshots("resume", 1, "--max-rejects", 5, cwd=folder)
        assert onward.returncode == 3, onward.stderr
        assert sorted(row["id"] for row in running.handler.rows) == list("1245678")


@pytest.mark.parametrize("batch", [1, 3])
def test_in_order_nothing_is_sent_behind_what_is_tried_again_later(folder, batch):
    with serving(Api(lambda row: 500 if row["id"] == "008" else 201)) as running:
        order = ("--ordered", "--retry-seconds", 0.3, "--batch", batch)
        done = send(running, folder, *order, "--json")
        assert done.returncode == 6, done.stderr
        (result,) = objects(done)
        assert (result["loaded"], result["rejected"], result["pending"]) == (1, 0, 2)
        running.handler.status = lambda row: 201
        assert snapshots("resume", 1, cwd=folder).returncode == 0
        assert [row["id"] for row in running.handler.rows] == ["007", "008", "009"]


def test_a_record_of_a_page_that_is_not_settled_leaves_the_delivery_unfinished(folder):
    """Each by its own result: the one in the middle fails until its time is over."""

    class Results(Api):
        def on_request(self, request, connection):
            rows = json.loads(request.body)
            codes = [self.status(row) for row in rows]
            good = codes.count(201)
            self.requests.append((request, 201))
            results = [{"code": code} for code in codes]
            counts = {"failedCount": len(codes) - good, "successCount": good}
            return as_json(207, {"results": results, "generalErrors": [], **counts})

    with serving(Results(lambda row: 503 if row["id"] == "008" else 201)) as running:
        more = ("--results", "combocurve", "--batch", 3, "--retry-seconds", 0.3, "--json")
        done = send(running, folder, *more)
        assert done.returncode == 6, done.stderr
        (result,) = objects(done)
        assert (result["loaded"], result["pending"], result["state"]) == (2, 1, "interrupted")


def test_a_bad_record_stops_it_behind_the_good_ones_before_it(folder):
    (folder / "a.csv").write_text("id,name,amount\n1,a,1\n2,b,2\n3,c,x\n4,d,4\n")
    with serving(Api()) as running:
        done = send(running, folder, "--stop-on-error", "--ordered")
        assert done.returncode == 4
        assert [row["id"] for row in running.handler.rows] == ["1", "2"]
    (reject,) = objects(snapshots("rejects", 1, "--json", cwd=folder))
    assert (reject["line"], reject["column"]) == (4, "amount")


def test_what_the_api_does_not_settle_is_pending_and_tried_again_by_resume(folder):
    with serving(Api(lambda row: 500 if row["id"] == "008" else 201)) as running:
        done = send(running, folder, "--retry-seconds", 0.3, "--json")
        assert done.returncode == 6, done.stderr
        (result,) = objects(done)
        assert (result["loaded"], result["rejected"], result["pending"]) == (2, 0, 1)
        assert result["state"] == "interrupted"
        assert "HTTP 500" in result["message"]
        assert "snapshots resume 1" in result["hint"]
        shown = snapshots("show", 1, cwd=folder)
        assert "pending:       1" in shown.stdout
        running.handler.status = lambda row: 201
        onward = snapshots("resume", 1, "--json", cwd=folder)
        assert onward.returncode == 0, onward.stderr
        times = Counter(row["id"] for row in running.handler.rows)
        assert times == {"007": 1, "008": 1, "009": 1}
        keys = {r.key for r, _ in running.handler.requests if b'"008"' in r.body}
        assert len(keys) == 1


def test_a_limit_is_a_part_on_purpose(folder):
    with serving(Api()) as running:
        done = send(running, folder, "--limit", 2, "--ordered")
        assert done.returncode == 0
        assert "Stopped at the limit of 2 records." in done.stderr
        assert len(running.handler.rows) == 2
        assert send(running, folder).returncode == 0
        assert [row["id"] for row in running.handler.rows] == ["007", "008", "009"]


def test_of_a_file_that_has_changed_the_hint_is_to_send_it(folder):
    with serving(Api()) as running:
        assert send(running, folder, "--limit", 1).returncode == 0
        (folder / "a.csv").write_text(ROWS.replace("Ann", "Eve"))
        onward = snapshots("resume", 1, cwd=folder)
    assert onward.returncode == 1
    assert "The input has changed since delivery 1 began." in onward.stderr
    assert "send the current input like any other" in onward.stderr.replace("Send", "send")


def test_a_dry_run_says_what_would_be_sent_and_sends_nothing(folder):
    (folder / "a.csv").write_text(ROWS + "010,Di,x\n")
    with serving(Api()) as running:
        done = send(running, folder, "--dry-run", "--batch", 2)
        assert done.returncode == 3, done.stderr
        assert f"3 would go to {running.url}/rows by POST, at most 2 in a request" in done.stdout
        assert 'the first: {"id":"007","full name":"Ann","amount":1.50}' in done.stdout
        (result,) = objects(send(running, folder, "--dry-run", "--json"))
        assert (result["outcome"], result["loaded"], result["rejected"]) == ("dry_run", 3, 1)
        assert send(running, folder, "--dry-run", "--header", "X: ${NOT_SET}").returncode == 2
        assert not running.handler.requests
        assert not (folder / "snapshots.db").exists()
        assert send(running, folder).returncode == 3
        known = send(running, folder, "--dry-run", "--progress", "plain")
        assert "already delivered as 1" in known.stderr


def test_secrets_come_from_variables_and_files_and_are_kept_nowhere(folder):
    (folder / "tenant").write_text("tenant-secret\n")
    with serving(Api(lambda row: 500)) as running:
        done = send(
            running, folder, "--bearer-variable", "TOKEN", "--api-key-variable", "KEY",
            "--header", "X-Tenant: @tenant", "--header", "X-Written: written-secret",
            "--retry-seconds", 0.1, TOKEN="token-secret", KEY="key-secret",
        )  # fmt: skip
        assert done.returncode == 6
        headers = running.handler.requests[0][0].headers
        assert headers["authorization"] == "Bearer token-secret"
        assert headers["x-api-key"] == "key-secret"
        assert headers["x-tenant"] == "tenant-secret"
        assert headers["x-written"] == "written-secret"
        kept = b"".join(path.read_bytes() for path in folder.glob("snapshots.db*"))
        assert b"-secret" not in kept + (done.stdout + done.stderr).encode()
        running.handler.status = lambda row: 201
        unset = snapshots("resume", 1, cwd=folder)
        assert unset.returncode == 2
        assert "X-Written" in unset.stderr
        onward = send(
            running, folder, "--bearer-variable", "TOKEN", "--api-key-variable", "KEY",
            "--header", "X-Tenant: @tenant", "--header", "X-Written: again", TOKEN="t", KEY="k",
        )  # fmt: skip
        assert onward.returncode == 0, onward.stderr
        assert running.handler.requests[-1][0].headers["x-written"] == "again"


def test_secrets_that_an_api_repeats_are_shown_and_kept_nowhere(folder):
    class Talkative(Api):
        def on_request(self, request, connection):
            token = request.headers["authorization"].removeprefix("Bearer ")
            said = f"{token} of {request.headers['x-tenant']} may not at {request.target}"
            return response(422, said)

    with serving(Talkative()) as running:
        done = snapshots(
            "send", "a.csv", "--to", f"{running.url}/${{PLACE}}?k=${{KEY}}", "--progress", "none",
            "--bearer-variable", "TOKEN", "--header", "X-Tenant: ${TENANT}", cwd=folder,
            TOKEN="token-secret", TENANT="tenant-secret", PLACE="place-secret", KEY="key-secret",
        )  # fmt: skip
        assert done.returncode == 3, done.stderr
    away = snapshots(
        "send", "a.csv", "--to", "http://127.0.0.1:9/${PLACE}?k=${KEY}", "--retry-seconds", 0.1,
        cwd=folder, PLACE="place-secret", KEY="key-secret",
    )  # fmt: skip
    assert "http://127.0.0.1:9/${PLACE}" in away.stderr
    shown = snapshots("rejects", 1, cwd=folder).stdout
    assert "*** of *** may not at /***?***" in shown
    kept = b"".join(path.read_bytes() for path in folder.glob("snapshots.db*"))
    said = "".join(one.stdout + one.stderr for one in (done, away)) + shown
    assert b"-secret" not in kept + said.encode()


@pytest.mark.parametrize(
    ("more", "code", "said"),
    [
        (["--rate", "nan"], 2, "more than 0"),
        (["--batch", 1 << 63], 2, "--batch"),
        (["--timeout", "inf"], 2, "more than 0"),
        (["--bearer-variable", "NOT_SET"], 2, "the environment variable NOT_SET is not set"),
        (["--header", "nonsense"], 2, "NAME: VALUE"),
        (["--to", "http://h/?api_key=abc"], 2, "${VARIABLE}"),
        (["--to", "ftp://h/x"], 2, "HTTP URL"),
        (["--to", "http://user:pw@h/x"], 2, "password"),
        (["--to", "http://127.0.0.1:9/x", "--retry-seconds", "0.2"], 6, "cannot be reached"),
    ],
)
def test_what_cannot_work_is_said(folder, more, code, said):
    with serving(Api()) as running:
        done = send(running, folder, *more)
        assert done.returncode == code, done.stderr
        assert said.lower() in (done.stdout + done.stderr).lower()
        assert not running.handler.requests


def test_a_wrong_token_rejects_nothing(folder):
    with serving(Api(lambda row: 401)) as running:
        done = send(running, folder, "--json")
        assert done.returncode == 6
        (result,) = objects(done)
        assert (result["loaded"], result["rejected"]) == (0, 0)
        running.handler.status = lambda row: 201
        assert send(running, folder).returncode == 0
        assert len(running.handler.rows) == 3


def test_two_senders_of_one_file_are_one(folder, monkeypatch):
    monkeypatch.setenv("SNAPSHOTS_STATE_DIR", str(folder / "state"))
    database = f"sqlite:///{folder}/snapshots.db"
    with serving(Api()) as running:
        api = running.handler
        api.held.clear()
        first = threading.Thread(
            target=package.send,
            args=(folder / "a.csv", f"{running.url}/rows"),
            kwargs={"database": database, "contract": SCHEMA},
        )
        first.start()
        wait_for(lambda: api.requests)
        with pytest.raises(package.SnapshotsError, match="is already running"):
            package.send(
                folder / "a.csv", f"{running.url}/rows", database=database, contract=SCHEMA
            )
        api.held.set()
        first.join()
        assert len(api.rows) == 3
    (record,) = package.history(database)
    assert (record.kind, record.state, record.loaded) == ("delivery", "finished", 3)


def test_a_stream_is_sent_as_well(folder):
    with serving(Api()) as running:
        done = snapshots(
            "send", "-", "--to", f"{running.url}/rows", cwd=folder, stdin=ROWS.encode()
        )
        assert done.returncode == 0, done.stderr
        assert sorted(row["id"] for row in running.handler.rows) == ["007", "008", "009"]
