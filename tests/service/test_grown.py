"""Inputs that have grown, as clients of the service ask for them."""

from tests.service.test_queue import FIELDS, in_the_middle, is_in
from tests.support.input_files import rows
from tests.support.processes import held, wait_for
from tests.support.service_process import served
from tests.support.web_server import serving
from tests.support.worker_process import entry, submit, worker


def lines(start, end):
    return "".join(f"{n},name {n},1.5,2024-01-01 00:00:00\n" for n in range(start, end)).encode()


HEADER = b"id,name,amount,at\n"


def ids(database):
    return [n for (n,) in rows(database, "SELECT id FROM t ORDER BY id")]


def test_the_rest_of_an_uploaded_file(database, tmp_path):
    path = tmp_path / "t.csv"
    path.write_bytes(HEADER + lines(1, 10))
    with served(database, tmp_path, "--rate-limit", "0") as client:
        client.wait(client.submit(file="t.csv", contract=FIELDS))
        path.write_bytes(path.read_bytes() + lines(10, 15))
        stopped = client.wait(client.submit(file="t.csv", contract=FIELDS, grown="refuse"))
        assert stopped["error"]["code"] == "input_grown"
        tail = client.wait(client.submit(file="t.csv", contract=FIELDS))
        assert (tail["outcome"], tail["continues"], tail["loaded"]) == ("finished", 1, 5)
        again = client.wait(client.submit(file="t.csv", contract=FIELDS))
        assert (again["outcome"], again["same_as"]) == ("already_imported", tail["import_id"])
        path.write_bytes(HEADER + lines(20, 22))
        edited = client.wait(client.submit(file="t.csv", contract=FIELDS))
        assert (edited["replaces"], edited["replaced_rows"]) == (tail["import_id"], 14)
        bad = client.ask("POST", "/v1/imports", {"file": "t.csv", "grown": "no"})
        assert bad.status == 422
    assert ids(database) == [*range(1, 15), 20, 21]


def test_the_rest_of_a_url(database, tmp_path):
    with serving() as web:
        _, url = web.put("/t.csv", HEADER + lines(1, 10))
        allow = f"127.0.0.1:{web.port}"
        submit(database, url=url, contract=FIELDS)
        with worker(database, tmp_path, allow=allow):
            wait_for(is_in(database, 1, "finished"))
            web.put("/t.csv", HEADER + lines(1, 12), etag='"v2"')
            submit(database, url=url, contract=FIELDS)
            wait_for(is_in(database, 2, "finished"))
    assert entry(database, 2).continues == 1
    assert ids(database) == list(range(1, 12))


def test_one_that_grows_while_another_one_is_loading_it(database, tmp_path):
    path = tmp_path / "t.csv"
    path.write_bytes(HEADER + lines(1, 3000))
    submit(database, file="t.csv", contract=FIELDS, chunk_size=4096)
    with in_the_middle(database, tmp_path) as first:
        held(first)
        path.write_bytes(HEADER + lines(1, 4000))
        submit(database, file="t.csv", contract=FIELDS, chunk_size=4096)
        first.kill()
        with worker(database, tmp_path):
            wait_for(is_in(database, 1, "finished", "failed"))
            wait_for(is_in(database, 2, "finished", "failed"))
    assert (entry(database, 1).state, entry(database, 2).state) == ("finished", "finished")
    assert ids(database) == list(range(1, 4000))
