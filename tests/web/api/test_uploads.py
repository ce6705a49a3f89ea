"""Uploads in parts: what has arrived stays."""

import base64
import os
import socket
import time

import pytest

from snapshots.web.uploads.names import storable_name
from snapshots.web.uploads.resumable import begin, sweep_stale
from tests.support.processes import wait_for
from tests.support.service_process import database_beside, served

TEXT = b"id,name\n" + b"".join(b"%d,name %d\n" % (n, n) for n in range(50_000))
SIZE = len(TEXT)
PATCH = {"Content_Type": "application/offset+octet-stream", "Tus_Resumable": "1.0.0"}


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    folder = tmp_path_factory.mktemp("files")
    options = ("--rate-limit", "0", "--max-upload", "4MB")
    with served(database_beside(folder), folder, *options) as serving:
        serving.folder = folder
        yield serving


def named(name):
    return f"filename {base64.b64encode(name.encode()).decode()},filetype dGV4dC9jc3Y="


def begun(client, name="names.csv", size=SIZE):
    """The place of a new upload."""
    headers = {"Upload_Length": str(size), "Upload_Metadata": named(name), "Tus_Resumable": "1.0.0"}
    answer = client.ask("POST", "/v1/uploads", **headers)
    assert answer.status == 201, answer
    return answer.headers["location"]


def send(client, place, data, offset):
    return client.ask("PATCH", place, data, Upload_Offset=str(offset), **PATCH)


def offset(client, place):
    answer = client.ask("HEAD", place, Tus_Resumable="1.0.0")
    assert answer.status == 200, answer
    assert answer.headers["cache-control"] == "no-store"
    return int(answer.headers["upload-offset"])


def cut(client, place, data, at, until):
    """Sends a part whose connection is lost after some bytes."""
    head = (
        f"PATCH {place} HTTP/1.1\r\nHost: 127.0.0.1:{client.port}\r\nUpload-Offset: {at}\r\n"
        f"Content-Type: {PATCH['Content_Type']}\r\nTus-Resumable: 1.0.0\r\n"
        f"Content-Length: {len(data) - at}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", client.port)) as connection:
        connection.sendall(head.encode() + data[at:until])
        wait_for(lambda: offset(client, place) >= until)


def test_a_file_comes_in_parts_and_is_imported(client):
    place = begun(client)
    assert offset(client, place) == 0
    for at in range(0, len(TEXT), 200_000):
        answer = send(client, place, TEXT[at : at + 200_000], at)
        assert answer.status == 204, answer
        assert int(answer.headers["upload-offset"]) == min(at + 200_000, len(TEXT))
    assert offset(client, place) == len(TEXT)
    state = client.get(place).json
    assert (state["name"], state["offset"]) == ("names.csv", len(TEXT))
    assert client.wait(client.submit(file="names.csv"))["loaded"] == 50_000
    assert send(client, place, b"more", len(TEXT)).status == 409


def test_what_has_arrived_stays_when_the_connection_is_lost(client):
    place = begun(client, "cut.csv")
    for at, until in ((0, 100_000), (100_000, 250_001), (250_001, 250_002), (250_002, 600_000)):
        cut(client, place, TEXT, at, until)
        assert offset(client, place) == until
    assert send(client, place, TEXT[600_000:], 600_000).status == 204
    assert (client.folder / "cut.csv").read_bytes() == TEXT


def test_the_later_request_goes_on(client):
    """The service may not have noticed yet that a connection is lost."""
    place = begun(client, "later.csv")
    head = (
        f"PATCH {place} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpload-Offset: 0\r\n"
        f"Content-Type: {PATCH['Content_Type']}\r\nContent-Length: {len(TEXT)}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", client.port)) as silent:
        silent.sendall(head.encode() + TEXT[:1000])
        wait_for(lambda: offset(client, place) == 1000)
        assert send(client, place, TEXT[1000:], 1000).status == 204
    assert (client.folder / "later.csv").read_bytes() == TEXT


def test_a_part_at_another_place_is_refused(client):
    place = begun(client, "place.csv")
    answer = send(client, place, b"abc", 5)
    assert (answer.status, answer.headers["upload-offset"]) == (409, "0")
    assert send(client, place, TEXT + b"more", 0).status == 413
    assert client.ask("DELETE", place, Tus_Resumable="1.0.0").status == 204
    assert client.get(place).status == 404
    assert send(client, place, TEXT, 0).json["code"] == "no_such_file"


@pytest.mark.parametrize(
    ("status", "headers"),
    [
        (412, {"Upload_Length": "5", "Upload_Metadata": named("a"), "Tus_Resumable": "0.2.2"}),
        (413, {"Upload_Length": "5000000", "Upload_Metadata": named("a")}),
        (422, {"Upload_Length": "0", "Upload_Metadata": named("a")}),
        (422, {"Upload_Length": "-1", "Upload_Metadata": named("a")}),
        (422, {"Upload_Length": "5", "Upload_Metadata": "filename"}),
        (422, {"Upload_Length": "5", "Upload_Metadata": "filename !!!"}),
        (422, {"Upload_Length": "5"}),
        (422, {"Upload_Metadata": named("a")}),
    ],
)
def test_what_no_upload_may_be(client, status, headers):
    answer = client.ask("POST", "/v1/uploads", **headers)
    assert answer.status == status
    assert answer.json["detail"] or status == 412


def test_the_parts_must_be_bytes(client):
    place = begun(client, "type.csv")
    answer = client.ask("PATCH", place, b"a", Upload_Offset="0", Content_Type="text/csv")
    assert answer.status == 415
    assert client.ask("PATCH", place, b"a", Content_Type=PATCH["Content_Type"]).status == 422
    abilities = client.ask("OPTIONS", "/v1/uploads")
    assert abilities.headers["tus-max-size"] == str(4 << 20)
    assert "creation" in abilities.headers["tus-extension"]


def test_an_upload_survives_the_service(tmp_path):
    database = database_beside(tmp_path)
    with served(database, tmp_path) as client:
        place = begun(client)
        assert send(client, place, TEXT[:300_000], 0).status == 204
    with served(database, tmp_path) as client:
        assert offset(client, place) == 300_000
        assert send(client, place, TEXT[300_000:], 300_000).status == 204
    assert (tmp_path / "names.csv").read_bytes() == TEXT


def test_a_file_that_an_import_waits_for_is_not_replaced(tmp_path):
    with served(database_beside(tmp_path), tmp_path, "--workers", "0") as client:
        place = begun(client, "a.csv", 3)
        client.submit(file="a.csv")
        headers = {"Upload_Length": "3", "Upload_Metadata": named("a.csv")}
        assert client.ask("POST", "/v1/uploads", **headers).json["code"] == "conflict"
        assert send(client, place, b"1\n2", 0).json["code"] == "conflict"
        assert not (tmp_path / "a.csv").exists()
        state = client.get(place).json
        assert (state["offset"], state["done"]) == (3, False)
        assert client.ask("POST", "/v1/imports/1/cancel").status in {200, 202}
        wait_for(lambda: client.state(1) == "cancelled")
        assert send(client, place, b"", 3).status == 204
        assert client.get(place).json["done"]
        assert (tmp_path / "a.csv").read_bytes() == b"1\n2"


def test_old_parts_are_removed(tmp_path):
    old, new = begin(tmp_path, "a.csv", 5, 0), begin(tmp_path, "b.csv", 5, 0)
    os.utime(old.path, (time.time() - 90_000,) * 2)
    (tmp_path / ".other.part").touch()
    os.utime(tmp_path / ".other.part", (0, 0))
    assert sweep_stale(tmp_path) == 1
    assert {path.name for path in tmp_path.iterdir()} == {new.path.name, ".other.part"}


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ("C:\\Users\\Zoë\\Ventas año (2).csv", "Ventas_ano_2_.csv"),
        ("../../etc/passwd", "passwd"),
        (".htaccess", "file.htaccess"),
        ("映画.csv", "file.csv"),
        ("", "file.csv"),
        ("a" * 300 + ".csv.gz", "a" * 197 + ".gz"),
    ],
)
def test_names_are_made_storable(given, stored):
    assert storable_name(given) == stored
