"""Requests that nobody makes by mistake: each is answered, and none as a defect of the service."""

import base64
import json
from urllib.parse import quote

import pytest

from tests.support.service_process import routes, served
from tests.web.api.test_problems import schemathesis

JSON = {"Content_Type": "application/json"}
ODD_WORDS = """
    %00 a%00b %FF %C3%28 %ED%A0%80 %F4%90%80%80 % %zz %25 ..%2f.. // %20 %0A %0D%0AX:1 %1b%5b31m
    %E2%80%AE %EF%BF%BF %F0%9F%98%80 ' %22 é : true null nan inf 0x10 1_000 %D9%A1 %C2%B2 1e9 1e999
    -1 0 9223372036854775807 9223372036854775808 18446744073709551615 18446744073709551616
    -9223372036854775809 id:eq:9223372036854775808 id:eq: id:eq:1e400 id:null %00:eq:1
    name:eq:%00 name:eq:%ED%A0%80 name:lt:%FF at:eq:-0001-01-01 at:eq:10000-01-01
    at:eq:0001-01-01T00:00:00%2B14:00 at:eq:9999-12-31T23:59:59-14:00 amount:eq:nan
    amount:eq:1e99999 0001-01-01T00:00:00%2B14:00 9999-12-31T23:59:59.999999-14:00 0001-01-01
    9999-12-31 10000-01-01 0000-01-01 2026-02-30 2026-01-01T24:00:00 2026-W01 2026-01-01T00:00:60
    2026-01-01T00:00:00%2B23:59:59.9 WyJhIl0= W10= WzFlOTk5XQ== W05hTl0= WyJcdWQ4MDAiXQ==
    WyJcdTAwMDAiXQ== WzEsMiwzXQ== W3RydWVd WzEuNV0= W251bGxd W1sxXV0=
    WzEwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwXQ==
"""
ODD = (*ODD_WORDS.split(), "", "9" * 400, "9" * 5000, "id:eq:" + "9" * 400)
"""Values of parameters, as they are written in a URL."""
TEXTS = (
    "\ud800", "a\udfff", "\0", "\x1b[31m", "\u202e", "a\nb", "\uffff", "😀", "", " ", "\x80", "%00",
    "a" * 5000, "é" * 100, "..", "{0}", "%s",
)  # fmt: skip
NUMBERS = (
    True, 0, -1, 1.5, 1e300, float("nan"), float("inf"), 2**63, 2**64, 10**400, -(2**63) - 1,
)  # fmt: skip
VALUES = (
    *TEXTS, *NUMBERS, None, [], {}, [[]], ["\ud800"], {"\ud800": 1}, {"\0": "\0"}, [None], [{}],
    [10**400],
)  # fmt: skip


@pytest.fixture
def client(database, tmp_path):
    """With an import that has rows and rejects."""
    (tmp_path / "a.csv").write_text("id,name,at,amount\n1,x,2026-01-01 10:00:00,1.5\n2,y\n")
    with served(database, tmp_path, "--rate-limit", "0") as client:
        done = client.wait(client.submit(file="a.csv", max_rejects="100%"))
        assert done["loaded"] == 1, done
        yield client


def status(client, method, path, body=None, **headers):
    """Of an answer that is not waited for to end; it has no 500 and is a problem, or good."""
    connection, answer = client.open(method, path, body, **headers)
    with connection:
        if answer.status >= 400:
            assert answer.headers["content-type"].split(";")[0] in {
                "application/problem+json", "text/html",
            }, (method, path)  # fmt: skip
        return answer.status


LATER = {"number": "0" * 32, "other": 1, "contract_name": "c"}
"""Parameters of paths besides the number of an import, a file and a table."""


def test_no_parameter_makes_a_defect(client):
    bad = []
    for method, path, operation in routes(client):
        there = path.format(import_id=1, name="b.csv", table="a", **LATER)
        for one in operation.get("parameters", ()):
            for value in ODD:
                written = quote(value, safe="%:+=/")
                asked = f"{there}?{one['name']}={written}"
                if one["in"] == "path":
                    asked = path.replace(f"{{{one['name']}}}", written)
                    asked = asked.format(import_id=1, name="b.csv", table="a", **LATER)
                if one["in"] in {"query", "path"} and status(client, method, asked) >= 500:
                    bad.append((method, asked[:200]))
    assert bad == []


def test_no_value_of_a_column_makes_a_defect(client):
    """In a condition, or as the place where a page begins."""
    bad = []
    for column in ("id", "name", "at", "amount", "_line"):
        for value in ODD:
            asked = f"/v1/tables/a/rows?where={column}:ge:{quote(value, safe='%:+=/')}"
            if status(client, "GET", asked) >= 500:
                bad.append(asked[:200])
        for value in VALUES:
            place = base64.urlsafe_b64encode(json.dumps([value, 1, 1]).encode()).decode()
            asked = f"/v1/tables/a/rows?sort={column}&after={place}"
            if status(client, "GET", asked) not in {200, 422}:
                bad.append((column, value))
    assert bad == []


def test_no_body_makes_a_defect(client):
    """Any value for any field, also for those within others."""
    schema = client.get("/v1/openapi.json").json["components"]["schemas"]
    fields = [*schema["NewImport"]["properties"], "\ud800", "\0", "x" * 5000]
    dialect = schema["DialectRequest"]["properties"]
    bad = []

    def give(path, body):
        # What Python writes for them is what others may send: NaN, and halves of characters.
        text = json.dumps(body).encode()
        if status(client, "POST", path, text, **JSON) >= 500:
            bad.append((path, text[:200]))

    for value in VALUES:
        for name in fields:
            give("/v1/imports", {"file": "none.csv", name: value})
        for name in dialect:
            give("/v1/imports", {"file": "none.csv", "dialect": {name: value}})
        for contract in (
            {"fields": value}, {"fields": [value]}, {"fields": [{"name": value}]},
            {"fields": [{"name": "a", "type": value}]},
            {"fields": [{"name": "a", "constraints": {"enum": [value]}}]},
            {"fields": [{"name": "a"}], "missingValues": [value]},
            {"fields": [{"name": "a"}], "primaryKey": [value], "title": value},
        ):  # fmt: skip
            give("/v1/imports", {"file": "none.csv", "contract": contract})
        give("/v1/imports/1/cancel", {"rows": value})
        give("/v1/imports/1/resume", {"max_rejects": value})
        give("/v1/imports", value)
    assert bad == []


def test_halves_of_characters_are_refused_wherever_they_stand(client):
    for body in (
        {"file": "a.csv", "contract": {"fields": [{"name": "\ud800"}]}},
        {"file": "a.csv", "contract": {"fields": [{"name": "a"}], "\udfff": 1}},
        {"file": "a.csv", "null_values": ["\ud83d"]},
        {"file": "a.csv", "table": "\udc00"},
        {"url": "https://example.org/\ud800.csv"},
        {"file": "a.csv", "\ud800": 1},
    ):
        answer = client.ask("POST", "/v1/imports", json.dumps(body).encode(), **JSON)
        assert (answer.status, answer.json["code"]) == (422, "invalid"), body
        assert answer.headers["content-type"] == "application/problem+json"


def test_times_at_the_ends_of_the_calendar(client):
    for name in ("since", "until"):
        for good in ("0001-01-01", "9999-12-31T23:59:59.999999Z", "0001-01-01T00:00:00-14:00"):
            assert client.get(f"/v1/imports?{name}={good}").status == 200, good
        for bad in ("0001-01-01T00:00:00%2B00:01", "9999-12-31T23:59:59-00:01", "0000-01-01"):
            answer = client.get(f"/v1/imports?{name}={bad}")
            assert (answer.status, answer.json["code"]) == (422, "invalid"), bad


def test_schemathesis_finds_nothing_on_any_database(client, tmp_path):
    done = schemathesis(client, tmp_path, examples=3)
    assert done.returncode == 0, done.stdout + done.stderr
