"""A service that watches a folder is watched itself: also while its database is away."""

import urllib.request
from urllib.parse import urlsplit

import pytest

from tests.support.database_servers import free_port
from tests.support.sync_process import Service, put
from tests.telemetry.account import agrees, samples

PATHS = ("a.csv", "empty.csv")


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "data"
    path.mkdir()
    return path


def scraped(port):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=30) as answer:
        return samples(answer.read().decode())


def values(told, name):
    """Of a metric, by database."""
    return {dict(labels)["database"]: value for (n, labels), value in told.items() if n == name}


def test_metrics_are_served_while_the_database_is_away(postgres_server, folder):
    place, port = urlsplit(postgres_server.url("found_later")), free_port()
    put(folder / "a.csv", 0, 10)
    postgres_server.stop()
    try:
        named = f"{place.netloc}{place.path}"
        with Service(named, folder, "--table", "t", "--metrics-port", str(port)) as service:
            service.wait_for(lambda: service.said("waiting"))
            told = scraped(port)
            shown = named.rpartition("@")[2]
            assert values(told, "snapshots_database_up") == {shown: 0}
            assert "s3cret" not in str(told)
            assert not values(told, "snapshots_records_total"), "nobody knows them yet"
            postgres_server.start()
            service.wait_ended("a.csv")
            told = scraped(port)
            (up,) = values(told, "snapshots_database_up").items()
            assert up == (f"postgresql://{place.username}@{shown}", 1)
            assert agrees(told, postgres_server.url("found_later"))
            assert service.terminate() == 0
    finally:
        if not postgres_server.ping():
            postgres_server.start()


def test_what_the_service_logs(sqlite_url, folder, tmp_path):
    (folder / "empty.csv").touch()
    put(folder / "a.csv", 0, 10)
    with Service(
        sqlite_url, folder, "--after-import", f"move {tmp_path / 'done'}",
        "--log-format", "json",
    ) as service:  # fmt: skip
        service.wait_for(lambda: service.said("file_settled") and service.said("file_refused"))
        assert service.terminate() == 0
        lines = [one for one in service.said() if "level" in one]
    assert lines[0]["event"] == "watching"
    of = {path: [one for one in lines if one.get("input") == str(folder / path)] for path in PATHS}
    assert [(one["event"], one["import_id"]) for one in of["a.csv"]] == [
        ("import_started", number := of["a.csv"][0]["import_id"]),
        ("import_finished", number),
        ("file_settled", number),
    ]
    assert of["a.csv"][2]["then"] == str(tmp_path / "done" / "a.csv")
    (refused,) = of["empty.csv"]
    assert (refused["event"], refused["level"]) == ("file_refused", "error")
    assert refused["import_id"] != number
    assert "empty" in refused["message"]
