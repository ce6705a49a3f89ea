"""`snapshots send` with every form of a body: what the API gets, and what makes no sense."""

import json
from collections import Counter
from pathlib import Path
from urllib.parse import parse_qsl

import pytest

import snapshots as package
from snapshots.errors import ContractError, UsageError
from tests.support.command import objects, snapshots
from tests.support.http_server import Handler, response, serving

ROWS = 'id,a.x,b,a.y\n1,ä,p&q=1,\n2,two,,2.50\n3,"3\n",c,3\n'


class Listening(Handler):
    """Keeps the requests, and answers as it is told."""

    def __init__(self, status=lambda request: 201):
        self.requests = []
        self._status = status

    def on_request(self, request, connection):
        self.requests.append(request)
        return response(self._status(request))

    @property
    def bodies(self):
        return [request.body.decode() for request in self.requests]


@pytest.fixture
def send(tmp_path, monkeypatch):
    monkeypatch.setenv("SNAPSHOTS_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)

    def send_(text=ROWS, status=lambda request: 201, path="rows", **more):
        (tmp_path / "a.csv").write_text(text)
        with serving(Listening(status)) as running:
            options = {"ordered": True, "max_rejects": "100%", **more}
            result = package.send("a.csv", f"{running.url}/{path}", **options)
            return result, running.handler

    return send_


LINE = '{"index": {"_id": "{id}"}}'
A, B, C = (
    '{"id":1,"a.x":"ä","b":"p&q=1","a.y":null}',
    '{"id":2,"a.x":"two","b":null,"a.y":2.50}',
    '{"id":3,"a.x":"3\\n","b":"c","a.y":3}',
)
ACTED = 'id,a.x,b\n1,ä,"é"""\n2,"\n",x\n3.50,y,x\n'
NESTED = '{"id":1,"a":{"x":"ä","y":null},"b":"p&q=1"}'


@pytest.mark.parametrize(
    ("options", "bodies", "kind"),
    [
        ({}, [A, B, C], "application/json"),
        ({"body": "array"}, [f"[{A}]", f"[{B}]", f"[{C}]"], "application/json"),
        ({"batch": 2}, [f"[{A},{B}]", f"[{C}]"], "application/json"),
        ({"batch": 2, "body": "ndjson"}, [f"{A}\n{B}\n", f"{C}\n"], "application/x-ndjson"),
        (
            {
                "batch": 2,
                "action_line": '{"{id}-{b}": {"{a.x}": [1, null, "{id}"]}}',
                "text": ACTED,
            },
            [
                '{"1-é\\"":{"ä":[1,null,"1"]}}\n{"id":1,"a.x":"ä","b":"é\\""}\n'
                '{"2-x":{"\\n":[1,null,"2"]}}\n{"id":2,"a.x":"\\n","b":"x"}\n',
                '{"3.50-x":{"y":[1,null,"3.50"]}}\n{"id":3.50,"a.x":"y","b":"x"}\n',
            ],
            "application/x-ndjson",
        ),
        ({"envelope": 'r"s'}, [f'{{"r\\"s":{one}}}' for one in (A, B, C)], "application/json"),
        ({"batch": 9, "envelope": "rows"}, [f'{{"rows":[{A},{B},{C}]}}'], "application/json"),
        ({"batch": 9, "batch_bytes": 95}, [f"[{A},{B}]", f"[{C}]"], "application/json"),
        ({"batch": 9, "batch_bytes": 1}, [f"[{A}]", f"[{B}]", f"[{C}]"], "application/json"),
    ],
)
def test_bodies_are_what_was_asked_for(send, options, bodies, kind):
    result, api = send(**options)
    assert (result.outcome, result.counts.loaded) == ("finished", 3)
    assert api.bodies == bodies
    assert {request.headers["content-type"] for request in api.requests} == {kind}
    assert all(len(request.key) == 32 for request in api.requests)


def test_a_form_has_the_values_as_texts(send):
    _, api = send(body="form")
    assert {one.headers["content-type"] for one in api.requests} == {
        "application/x-www-form-urlencoded"
    }
    assert [parse_qsl(body, True, True) for body in api.bodies] == [
        [("id", "1"), ("a.x", "ä"), ("b", "p&q=1"), ("a.y", "")],
        [("id", "2"), ("a.x", "two"), ("b", ""), ("a.y", "2.50")],
        [("id", "3"), ("a.x", "3\n"), ("b", "c"), ("a.y", "3")],
    ]
    _, api = send(body="form", nulls="omit")
    assert parse_qsl(api.bodies[1]) == [("id", "2"), ("a.x", "two"), ("a.y", "2.50")]


def test_dotted_names_are_objects_in_objects(send):
    _, api = send(nested=True)
    assert api.bodies[0] == NESTED
    _, api = send(nested=True, nulls="omit", envelope="row", text="a.b.c,a.d,e\n1,,2\n,,3\n")
    assert api.bodies == ['{"row":{"a":{"b":{"c":1}},"e":2}}', '{"row":{"e":3}}']


def test_dates_are_numbers_where_the_contract_says_so(send):
    def field(name, kind, unit, **more):
        return {"name": name, "type": kind, "x-snapshots": {"wire": f"epoch_{unit}"}, **more}

    contract = {
        "fields": [
            field("day", "date", "seconds", format="%d.%m.%Y"),
            field("at", "datetime", "milliseconds"),
            field("zone", "datetime", "seconds", **{"x-type": "timestamptz"}),
            {"name": "plain", "type": "date"},
        ]
    }
    text = (
        "day,at,zone,plain\n"
        "01.01.1970,1970-01-01 00:00:00.5,2024-02-29T12:00:00+02:00,2024-02-29\n"
        "31.12.1969,1969-12-31 23:59:59.999,1969-12-31T23:59:59.25Z,\n"
        ",2024-02-29T00:00:00.000001,,2024-01-01\n"
        "32.01.1970,,,\n"
    )
    result, api = send(text, contract=contract)
    assert api.bodies == [
        '{"day":0,"at":500,"zone":1709200800,"plain":"2024-02-29"}',
        '{"day":-86400,"at":-1,"zone":-0.75,"plain":null}',
        '{"day":null,"at":1709164800000.001,"zone":null,"plain":"2024-01-01"}',
    ]
    assert result.rejects_by_code == {"not_a_date": 1}
    with pytest.raises(ContractError, match="dates with or without a time"):
        send("n\n1\n", contract={"fields": [field("n", "integer", "seconds")]})
    with pytest.raises(ContractError, match="epoch"):
        send("day\n1\n", contract={"fields": [field("day", "date", "minutes")]})


def test_dates_as_numbers_are_keys_and_cursors_as_well(send):
    contract = {
        "fields": [
            {"name": "day", "type": "date", "x-snapshots": {"wire": "epoch_seconds"}},
            {"name": "n", "type": "integer"},
        ]
    }
    days = "day,n\n2024-01-01,1\n2024-01-02,2\n"
    with serving(Listening()) as running:

        def again(text, **more):
            running.handler.requests.clear()
            Path("a.csv").write_text(text)
            result = package.send(
                "a.csv", f"{running.url}/rows", contract=contract, max_deletes="100%", **more
            )
            assert result.outcome == "finished", result
            return sorted((one.method, one.body.decode()) for one in running.handler.requests)

        again(days, key=["day"], deletes=True)
        assert again(days[:19], key=["day"], deletes=True) == [("DELETE", '{"day":1704153600}')]
    with serving(Listening()) as running:
        again(days, changed_since="day")
        assert again(f"{days}2024-01-03,3\n", changed_since="day") == [
            ("POST", '{"day":1704153600,"n":2}'), ("POST", '{"day":1704240000,"n":3}'),
        ]  # fmt: skip


BY_METHOD = "id,how,name\n1,POST,a\n2,PUT,b\n3,PUT,c\n4,patch,d\n5,,e\n6,DELETE,f\n7,PATCH,g\n"


def test_each_record_has_its_method_which_is_not_sent(send):
    result, api = send(BY_METHOD, method_column="how", path="rows/{id}")
    assert [(one.method, one.target, one.body) for one in api.requests] == [
        ("POST", "/rows/1", b'{"id":1,"name":"a"}'),
        ("PUT", "/rows/2", b'{"id":2,"name":"b"}'),
        ("PUT", "/rows/3", b'{"id":3,"name":"c"}'),
        ("DELETE", "/rows/6", b'{"id":6,"name":"f"}'),
        ("PATCH", "/rows/7", b'{"id":7,"name":"g"}'),
    ]
    assert result.rejects_by_code == {"not_in_enum": 1, "missing_value": 1}


def test_a_request_holds_records_of_one_method(send):
    _, api = send(BY_METHOD, method_column="how", batch=5, body="ndjson")
    assert [(one.method, one.body.count(b"\n")) for one in api.requests] == [
        ("POST", 1), ("PUT", 2), ("DELETE", 1), ("PATCH", 1),
    ]  # fmt: skip


def test_what_is_not_there_is_deleted_and_others_are_rejected(send):
    def status(request):
        return 404 if request.method in ("DELETE", "PATCH") else 200

    result, _ = send(BY_METHOD, status, method_column="how", path="rows/{id}")
    assert (result.counts.loaded, result.rejects_by_code["refused_by_target"]) == (4, 1)


def test_pages_with_a_culprit_are_halved_in_every_form(send):
    for options in ({"body": "ndjson"}, {"envelope": "rows", "nested": True}):
        result, api = send(
            "id,a.n\n" + "".join(f"{n},{n}\n" for n in range(40)),
            lambda request: 400 if b"27" in request.body else 201,
            batch=16, **options, again=True,
        )  # fmt: skip
        assert (result.counts.loaded, result.counts.rejected) == (39, 1)
        kinds = Counter(request.headers["content-type"] for request in api.requests)
        assert len(kinds) == 1


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"body": "object", "batch": 2}, "one object of each record"),
        ({"body": "form", "batch": 2}, "one form of each record"),
        ({"body": "form", "nested": True}, "a form has none"),
        ({"body": "ndjson", "envelope": "x"}, "an object on each line"),
        ({"body": "form", "envelope": "x"}, "is no JSON"),
        ({"envelope": ""}, "needs a name"),
        ({"batch_bytes": 100}, "one record anyway"),
        ({"action_line": LINE, "body": "array"}, "--body array has no lines"),
        ({"action_line": LINE, "envelope": "x"}, "an object on each line"),
        ({"action_line": LINE, "key": ["id"], "deletes": True}, "DELETE requests"),
        ({"action_line": "index"}, "is not JSON"),
        ({"action_line": '{"a": NaN}'}, "NaN is no value"),
        ({"action_line": "[1]"}, "no JSON object"),
        ({"action_line": "{}"}, "no JSON object"),
        ({"action_line": ""}, "is not JSON"),
        ({"action_line": '{"a": "{id"}'}, "brace that belongs to no column: {id"),
        ({"action_line": '{"a": "\\ud800"}'}, "no Unicode"),
        ({"action_line": "[" * 100_000}, "is not JSON"),
        ({"method_column": "b", "method": "PUT"}, "so does --method"),
        ({"method_column": "b", "key": ["id"]}, "so does --key"),
    ],
)
def test_what_makes_no_sense_is_refused(send, options, words):
    with pytest.raises(UsageError, match=words):
        send(**options)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"nested": True, "text": "a,a.b\n1,2\n"}, "a column 'a' as well"),
        ({"nested": True, "text": "a.,b\n1,2\n"}, "part of 'a.' is empty"),
        ({"action_line": '{"index": {"_id": "{key}"}}'}, "'key', which the input does not have"),
        ({"method_column": "how"}, "'how', which the input does not have"),
    ],
)
def test_columns_that_cannot_be_sent_so_are_named(send, options, words):
    with pytest.raises(ContractError, match=words):
        send(**options)


def test_the_command_line_takes_all_of_it(tmp_path):
    (tmp_path / "a.csv").write_text(BY_METHOD)
    with serving(Listening()) as running:
        done = snapshots(
            "send", "a.csv", "--to", f"{running.url}/rows", "--method-column", "how", "--batch", 3,
            "--batch-bytes", "1KB", "--body", "ndjson", "--nested", "--max-rejects", "90%",
            "--json", "--progress", "none", cwd=tmp_path,
        )  # fmt: skip
        assert done.returncode == 3, done.stderr
        assert (objects(done)[0]["loaded"], len(running.handler.requests)) == (5, 4)
        # A resumed or repeated delivery knows the form from the ledger.
        done = snapshots("resend", 1, "--json", cwd=tmp_path)
        assert "Traceback" not in done.stderr
    assert json.loads(done.stdout)["loaded"] == 0
