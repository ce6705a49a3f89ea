"""Uploads: streamed, whole or not there at all."""

import pytest

from snapshots._native import Hasher
from tests.support.service_process import database_beside, served

TEXT = b"id,name\n" + b"".join(b"%d,name %d\n" % (n, n) for n in range(50_000))


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    folder = tmp_path_factory.mktemp("files")
    with served(database_beside(folder), folder, "--rate-limit", "0") as serving:
        yield serving


def form(name, data, boundary="x0y1"):
    disposition = f'Content-Disposition: form-data; name="file"; filename="{name}"'
    head = f"--{boundary}\r\n{disposition}\r\nContent-Type: text/csv\r\n\r\n"
    note = f'\r\n--{boundary}\r\nContent-Disposition: form-data; name="note"\r\n\r\nhello'
    return head.encode() + data + f"{note}\r\n--{boundary}--\r\n".encode()


def send_form(client, body, boundary="x0y1"):
    kind = f"multipart/form-data; boundary={boundary}"
    return client.ask("POST", "/v1/files", body, Content_Type=kind)


def test_a_file_is_uploaded_imported_and_deleted(client):
    pieces = (TEXT[at : at + 10_000] for at in range(0, len(TEXT), 10_000))
    put = client.ask("PUT", "/v1/files/names.csv", pieces, Transfer_Encoding="chunked")
    hasher = Hasher()
    hasher.update(TEXT)
    known = {"name": "names.csv", "bytes": len(TEXT), "content_hash": hasher.hexdigest()}
    assert (put.status, put.json) == (201, known)
    done = client.wait(client.submit(file="names.csv"))
    assert (done["loaded"], done["content_hash"]) == (50_000, hasher.hexdigest())
    assert client.ask("DELETE", "/v1/files/names.csv").status == 204
    gone = client.ask("DELETE", "/v1/files/names.csv")
    assert (gone.status, gone.json["code"]) == (404, "no_such_file")


def test_a_form_is_the_same(client):
    answer = send_form(client, form("form.csv", TEXT))
    assert (answer.status, answer.json["bytes"]) == (201, len(TEXT))
    assert answer.headers["location"] == "/v1/files/form.csv"
    assert {"name": "form.csv", "bytes": len(TEXT)} in client.get("/v1/files").json["files"]


@pytest.mark.parametrize(
    "body",
    [
        form("../up.csv", b"id\n1\n"),
        form("up.csv", b"id\n1\n")[:-20],
        b"--x0y1\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--x0y1--\r\n",
        form("up.csv", b"1").replace(b"--x0y1--\r\n", b"") + form("up2.csv", b"2"),
        b"no form at all",
        b"",
    ],
)
def test_a_form_that_is_none_leaves_nothing(client, body):
    answer = send_form(client, body)
    assert (answer.status, answer.json["code"]) == (422, "usage"), answer.json
    assert not [f for f in client.get("/v1/files").json["files"] if f["name"].startswith("up")]


def test_a_form_of_very_many_parts_is_refused(client):
    part = b"--x\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n"
    body = part * 200_000 + b"--x--\r\n"
    answer = client.ask("POST", "/v1/files", body, Content_Type="multipart/form-data; boundary=x")
    assert answer.status == 422
    assert "100 parts" in answer.json["detail"]


def test_a_file_that_is_needed_stays_as_it_is(tmp_path):
    with served(database_beside(tmp_path), tmp_path, "--workers", "0") as client:
        assert client.ask("PUT", "/v1/files/a.csv", b"id\n1\n").status == 201
        client.submit(file="a.csv")
        for method in ("PUT", "DELETE"):
            answer = client.ask(method, "/v1/files/a.csv", b"id\n2\n")
            assert (answer.status, answer.json["code"]) == (409, "conflict")
        assert (tmp_path / "a.csv").read_bytes() == b"id\n1\n"


def test_the_disk_is_never_filled(tmp_path):
    with served(database_beside(tmp_path), tmp_path, "--disk-floor", "900000GB") as client:
        answer = client.ask("PUT", "/v1/files/a.csv", b"id\n1\n")
        assert (answer.status, answer.json["code"]) == (507, "disk_full")
        answer = client.ask("POST", "/v1/imports", {"url": "https://example.org/a.csv"})
        assert (answer.status, answer.json["code"]) == (507, "disk_full")
        assert [path.name for path in tmp_path.iterdir() if path.suffix in {".csv", ".part"}] == []


def test_an_upload_that_is_cut_leaves_nothing(client):
    connection, _ = client.open("GET", "/healthz")
    connection.close()
    connection.putrequest("PUT", "/v1/files/cut.csv")
    connection.putheader("Content-Length", "1000000")
    connection.endheaders(TEXT[:100_000])
    connection.close()
    # Whatever is asked later on is answered when the cut one is over, or it is not there yet.
    names = {one["name"] for one in client.get("/v1/files").json["files"]}
    assert "cut.csv" not in names
    assert client.ask("POST", "/v1/imports", {"file": ".cut.csv.1.part"}).status == 422
