"""Results by JSON Pointers, success by the body, and what is kept of answers."""

import json
import random
from urllib.parse import quote

import pytest

import snapshots as package
from snapshots.errors import UsageError
from snapshots.item_results import ItemResults
from snapshots.json_pointer import MISSING, check, same, value_at
from tests.endpoints.http.delivering import deliver, page
from tests.support.bulk_apis import Salesforce, elasticsearch_answer
from tests.support.command import objects, snapshots
from tests.support.http_server import Handler, as_json, response, serving


@pytest.fixture
def state(tmp_path, monkeypatch):
    monkeypatch.setenv("SNAPSHOTS_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def accounts(folder, names):
    rows = "".join(f"C{number},{name}\n" for number, name in enumerate(names))
    (folder / "a.csv").write_text(f"Code__c,Name\n{rows}")


def send(folder, url, *more):
    given = ("send", "a.csv", "--to", url, "--json", "--progress", "none", "--max-rejects", "100%")
    return snapshots(*given, *more, cwd=folder)


def answers(folder, *more):
    return snapshots("answers", "1", *more, cwd=folder)


SF = ("--results", "salesforce", "--keep", "/id", "--batch", "4")


def test_salesforce_decides_each_record_by_its_own_result(state):
    accounts(state, ["a", "", "b", "c", "", "d", "e"])
    api = Salesforce(locked=0.3)
    with serving(api) as running:
        done = send(state, f"{running.url}/composite/sobjects", *SF)
    assert done.returncode == 3, done.stderr
    (result,) = objects(done)
    assert (result["loaded"], result["rejected"], result["ambiguous"]) == (5, 2, 0)
    assert result["rejects_by_code"] == {"refused_by_target": 2}
    rejects = objects(snapshots("rejects", "1", "--json", cwd=state))
    why = "REQUIRED_FIELD_MISSING: Required fields are missing: [Name]"
    assert [(one["line"], one["reason"]) for one in rejects] == [(3, why), (6, why)]
    kept = objects(answers(state, "--json"))
    assert [one["line"] for one in kept] == [2, 4, 5, 7, 8]
    for one in kept:
        line = (state / "a.csv").read_text().splitlines()[one["line"] - 1]
        assert api.kept[one["answer"]]["Code__c"] == line.split(",")[0]


def test_what_was_kept_is_shown_in_every_way(state):
    accounts(state, ["a", "b", "c"])
    with serving(Salesforce()) as running:
        done = send(state, f"{running.url}/composite/sobjects", *SF)
    assert done.returncode == 0
    assert answers(state, "--limit", "1").stdout == "line 2: 001xx0000000001AAA\n"
    shown = answers(state, "--format", "csv").stdout.splitlines()
    assert shown[:2] == ["line,key,answer", "2,,001xx0000000001AAA"]
    found = list(package.answers(1))
    assert [(one.line, one.key, json.loads(one.answer)) for one in found] == [
        (line, None, f"001xx{line - 1:010d}AAA") for line in (2, 3, 4)
    ]
    empty = snapshots("send", "a.csv", "--to", "http://127.0.0.1:9/", "--dry-run", cwd=state)
    assert empty.returncode == 0
    assert (
        "has no import 9"
        in snapshots(
            "answers", "9", "--database", found and objects(done)[0]["database"], cwd=state
        ).stderr
    )


def test_with_a_key_the_answers_name_it(state):
    accounts(state, ["a", "b"])
    with serving(Salesforce()) as running:
        url = f"{running.url}/composite/sobjects"
        assert send(state, url, *SF, "--key", "Code__c").returncode == 0
        kept = objects(answers(state, "--json"))
        assert [one["key"] for one in kept] == [{"Code__c": "C0"}, {"Code__c": "C1"}]
        accounts(state, ["a", "b", "new"])
        done = send(state, url, *SF, "--key", "Code__c", "--again")
        assert objects(done)[0]["loaded"] == 1
        (last,) = objects(snapshots("answers", "2", "--json", cwd=state))
        assert (last["line"], last["key"]) == (4, {"Code__c": "C2"})


def test_rejects_that_are_sent_again_keep_their_answers(state):
    accounts(state, ["a", "bad", "c"])
    with serving(Picky()) as running:
        more = ("--success-path", "/status", "--success-value", '"done"', "--keep", "/id")
        send(state, running.url, *more)
        assert len(objects(answers(state, "--json"))) == 2
        snapshots("rejects", "1", "--export", "fix.csv", cwd=state)
        text = (state / "fix.csv").read_text().replace("C1,bad", "C1,good")
        (state / "fix.csv").write_text(text)
        done = snapshots("resend", "1", "fix.csv", cwd=state)
        assert done.returncode == 0, done.stdout + done.stderr
    kept = objects(answers(state, "--json"))
    assert [one["line"] for one in kept] == [2, 3, 4]
    assert kept[1]["answer"] == 3


class Said(Handler):
    """Answers each request with the next of some bodies; then with the last one."""

    def __init__(self, *bodies, status=200):
        self._bodies = list(bodies)
        self._status = status
        self.received = []

    def on_request(self, request, connection):
        self.received.append(json.loads(request.body))
        body = self._bodies.pop(0) if len(self._bodies) > 1 else self._bodies[0]
        if isinstance(body, bytes):
            return response(self._status, body)
        return as_json(self._status, body)


def test_elasticsearch_items_have_a_status_each(state):
    created = {"_id": "x1", "status": 201, "result": "created"}
    bad = {"type": "mapper_parsing_exception", "reason": "failed to parse field [year]"}
    busy = {"type": "es_rejected_execution_exception", "reason": "queue is full"}
    said = Said(
        elasticsearch_answer(
            ("index", created),
            ("create", {"_id": "x2", "status": 400, "error": bad}),
            ("index", {"_id": "x3", "status": 429, "error": busy}),
        ),
        elasticsearch_answer(("index", {"_id": "x3", "status": 200, "result": "updated"})),
    )
    accounts(state, ["a", "b", "c"])
    with serving(said) as running:
        more = ("--results", "elasticsearch", "--keep", "/_id", "--batch", "3")
        done = send(state, f"{running.url}/_bulk", *more)
    (result,) = objects(done)
    assert (result["loaded"], result["rejected"]) == (2, 1)
    # What was busy is sent again, and nothing else.
    assert [len(one) for one in said.received] == [3, 1]
    (reject,) = objects(snapshots("rejects", "1", "--json", cwd=state))
    assert reject["reason"] == f"HTTP 400: {json.dumps(bad)}"
    assert [one["answer"] for one in objects(answers(state, "--json"))] == ["x1", "x3"]


RULES = """
items = "/data/saved"
success = "/state"
success_value = "ok"
error = "/why/text"
code = "/why/code"
retry = ["busy"]
"""


@pytest.mark.parametrize("where", ["file", "project"])
def test_pointers_in_a_settings_file(state, where):
    def saved(*items):
        return {"data": {"saved": list(items)}}

    ok = {"state": "ok", "ref": {"no": 5}}
    busy = {"state": "no", "why": {"code": "busy", "text": "later"}}
    bad = {"state": "no", "why": {"code": "bad", "text": "no name"}}
    said = Said(saved(ok, busy, bad), saved(ok))
    accounts(state, ["a", "b", "c"])
    with serving(said) as running:
        if where == "file":
            (state / "r.toml").write_text(RULES)
            more = ("--results", "r.toml", "--batch", "3", "--keep", "/ref")
            done = send(state, running.url, *more)
        else:
            (state / "snapshots.toml").write_text(f"""
[api]
url = "{running.url}"
batch = 3

[resources.rows]
file = "a.csv"
keep = "/ref"
max_rejects = "100%"

[resources.rows.results]
{RULES}
""")
            done = snapshots("run", ".", "--json", cwd=state)
    assert done.returncode == 3, done.stderr
    (reject,) = objects(snapshots("rejects", "1", "--json", cwd=state))
    assert (reject["line"], reject["reason"]) == (4, "bad: no name")
    kept = objects(answers(state, "--json"))
    assert [(one["line"], one["answer"]) for one in kept] == [(2, {"no": 5}), (3, {"no": 5})]
    assert [len(one) for one in said.received] == [3, 1]


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ([{"success": True}], "1 results for 2 records"),
        ([{"success": True}] * 3, "3 results for 2 records"),
        ({"results": []}, "no array"),
        (b"<html>", "not JSON"),
        (b"", "not JSON"),
    ],
)
def test_an_answer_that_does_not_fit_its_records_leaves_them_ambiguous(state, body, why):
    accounts(state, ["a", "b"])
    with serving(Said(body)) as running:
        done = send(state, running.url, "--results", "salesforce", "--batch", "2")
        (result,) = objects(done)
        assert (result["loaded"], result["rejected"], result["pending"]) == (0, 0, 2)
        assert why in done.stdout + done.stderr
        assert len(running.handler.received) == 1
    with serving(Said([{"success": True}] * 2), int(running.url.rpartition(":")[2])):
        done = snapshots("resume", "1", "--json", cwd=state)
        (result,) = objects(done)
    assert (result["loaded"], result["pending"], result["ambiguous"]) == (2, 0, 2)


@pytest.mark.parametrize(
    ("body", "status", "outcome"),
    [
        ({"ok": True}, 200, "delivered"),
        ({"ok": 1}, 200, "rejected"),
        ({"ok": False, "error": "no"}, 201, "rejected"),
        ({"other": True}, 200, "rejected"),
        ("", 204, "delivered"),
        ("so", 200, "undeliverable"),
    ],
)
def test_success_by_the_body(body, status, outcome):
    text = body if isinstance(body, str) else json.dumps(body)
    done = deliver(f"/status/{status}?body={quote(text)}", page(1), success=("/ok", True))
    assert done.outcomes == [outcome]
    if outcome == "rejected":
        assert json.loads(done.verdicts[0].body) == body


class Picky(Handler):
    """Answers 200 to everything, and says in the body what it thinks of it."""

    def __init__(self):
        self.taken = []

    def on_request(self, request, connection):
        rows = json.loads(request.body)
        rows = rows if isinstance(rows, list) else [rows]
        if any(row["Name"] == "bad" for row in rows):
            return as_json(200, {"status": "error", "message": "a bad name"})
        self.taken += rows
        return as_json(200, {"status": "done", "id": len(self.taken)})


def test_a_page_that_the_body_refuses_is_halved(state):
    accounts(state, ["a", "bad", "c", "d"])
    with serving(Picky()) as running:
        more = ("--batch", "4", "--success-path", "/status", "--success-value", '"done"')
        done = send(state, running.url, *more)
        assert [row["Name"] for row in running.handler.taken] == ["a", "c", "d"]
    assert objects(done)[0]["rejected"] == 1
    (reject,) = objects(snapshots("rejects", "1", "--json", cwd=state))
    assert "a bad name" in reject["reason"]


def test_the_id_of_a_single_record_is_kept(state):
    accounts(state, ["a", "bad", "c"])
    with serving(Picky()) as running:
        more = ("--success-path", "/status", "--success-value", '"done"', "--keep", "/id")
        send(state, running.url, *more, "--concurrency", "1")
    kept = objects(answers(state, "--json"))
    assert [(one["line"], one["answer"]) for one in kept] == [(2, 1), (4, 2)]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--keep", "id"), "'id' is not a JSON Pointer"),
        (("--keep", "/id", "--batch", "2"), "has no value for each of them"),
        (("--success-path", "/a~2"), "is not a JSON Pointer"),
        (("--success-value", "1"), "no meaning without --success-path"),
        (("--success-path", "/ok", "--success-value", "ok"), "--success-value is not JSON"),
        (("--results", "salesfroce"), "did you mean"),
        (("--results", "none.toml"), "cannot be read"),
        (("--results", "bad.toml"), "either status or success"),
        (("--results", "odd.toml"), "'itms' is unknown here"),
    ],
)
def test_what_makes_no_sense_is_refused(state, options, said):
    accounts(state, ["a"])
    (state / "bad.toml").write_text('items = "/x"')
    (state / "odd.toml").write_text('itms = "/x"')
    done = send(state, "http://127.0.0.1:9/", *options)
    assert said.lower() in (done.stdout + done.stderr).lower()
    assert done.returncode == 2


RFC_6901 = {
    "foo": ["bar", "baz"], "": 0, "a/b": 1, "c%d": 2, "e^f": 3, "g|h": 4, "i\\j": 5, 'k"l': 6,
    " ": 7, "m~n": 8,
}  # fmt: skip


@pytest.mark.parametrize(
    ("pointer", "value"),
    [
        ("", RFC_6901), ("/foo", ["bar", "baz"]), ("/foo/0", "bar"), ("/", 0), ("/a~1b", 1),
        ("/c%d", 2), ("/e^f", 3), ("/g|h", 4), ("/i\\j", 5), ('/k"l', 6), ("/ ", 7), ("/m~0n", 8),
        ("/foo/2", MISSING), ("/foo/00", MISSING), ("/foo/-", MISSING), ("/foo/bar", MISSING),
        ("/x", MISSING), ("/foo/0/x", MISSING),
    ],
)  # fmt: skip
def test_pointers_as_the_rfc_has_them(pointer, value):
    assert value_at(RFC_6901, check(pointer, "here")) is value or (
        value_at(RFC_6901, pointer) == value
    )


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        (1, 1.0, True), (0, False, False), ("1", 1, False), (None, MISSING, False),
        ({"a": 1, "b": [1]}, {"b": [1.0], "a": 1}, True), ({"a": 1}, {"a": True}, False),
        ([1, 2], [1], False), ({"a": 1}, {}, False), ([], {}, False),
    ],
)  # fmt: skip
def test_values_are_equal_as_json_says(one, other, equal):
    assert same(one, other) == same(other, one) == equal


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        (r'{"id": "a\ud800b", "n": NaN}', "a?b"),
        (r'{"id": "\ud83d\ude00"}', "\U0001f600"),
        (r'{"id": {"n": NaN, "\udfff": 1}}', {"n": None, "?": 1}),
    ],
)
def test_what_is_kept_can_be_shown_in_every_way(state, body, kept):
    accounts(state, ["a"])

    class Odd(Handler):
        def on_request(self, request, connection):
            return response(200, body)

    with serving(Odd()) as running:
        assert send(state, running.url, "--keep", "/id").returncode == 0
    for form in ("table", "csv", "jsonl"):
        done = answers(state, "--format", form)
        assert done.returncode == 0, done.stderr
    assert [one["answer"] for one in objects(answers(state, "--json"))] == [kept]


@pytest.mark.parametrize("wrong", ["foo", "foo/bar", "/~", "/a~2", "#/foo"])
def test_texts_that_are_no_pointers(wrong):
    with pytest.raises(UsageError, match="JSON Pointer"):
        check(wrong, "here")


def test_rules_survive_the_ledger():
    from snapshots.engine.plan.endpoint import Endpoint

    rules = ItemResults(items="/a", success="/ok", code="/c", retry=("x", "y"))
    kept = Endpoint("http://x/", results=rules, keep="/id", per_day=5)
    again = Endpoint.from_the_ledger(json.loads(json.dumps(kept.for_the_ledger())))
    assert again == kept
    plain = Endpoint("http://x/").for_the_ledger()
    assert not {"access", "keep", "per_day", "success_path"} & set(plain)


def test_results_of_many_records_at_random(state):
    """Each record is decided once by its own result, whatever the others say."""
    rng = random.Random(11)
    accounts(state, [rng.choice(["x", "y", ""]) for _ in range(3000)])
    api = Salesforce(locked=0.1, trouble=0.05)
    with serving(api) as running:
        more = ("--results", "salesforce", "--batch", "100", "--keep", "/id")
        done = send(state, f"{running.url}/composite/sobjects", *more)
    (result,) = objects(done)
    lines = (state / "a.csv").read_text().splitlines()[1:]
    good = [line for line in lines if not line.endswith(",")]
    assert (result["loaded"], result["rejected"]) == (len(good), len(lines) - len(good))
    kept = {one["line"]: one["answer"] for one in objects(answers(state, "--json"))}
    assert len(kept) == len(good) == len(api.kept)
    for line, made in kept.items():
        assert api.kept[made]["Code__c"] == lines[line - 2].split(",")[0]
