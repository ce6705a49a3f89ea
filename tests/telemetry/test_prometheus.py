"""A real Prometheus, configured as in deploy/: what it holds is what the ledger holds."""

import json
import os
import re
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest

from snapshots import locations
from tests.support.command import snapshots
from tests.support.database_servers import find, free_port
from tests.support.http_server import serving as serving_api
from tests.support.processes import wait_for
from tests.support.prometheus_servers import SCRAPE_SECONDS, Prometheus, Pushgateway
from tests.support.recording_api import Api
from tests.support.sync_process import Service, put
from tests.telemetry.account import agrees, from_the_ledger, samples

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
DASHBOARD = json.loads((DEPLOY / "grafana" / "dashboards" / "snapshots.json").read_text())
QUERIES = [
    (panel["title"], target["expr"]) for panel in DASHBOARD["panels"] for target in panel["targets"]
]


@pytest.fixture(scope="module")
def port():
    """Of the command that serves metrics."""
    return free_port()


@pytest.fixture(scope="module")
def gateway():
    with Pushgateway() as server:
        yield server


@pytest.fixture(scope="module")
def prometheus(port, gateway):
    """With the configuration of deploy/, but for where things are and how often they are asked."""
    text = (DEPLOY / "prometheus" / "prometheus.yml").read_text()
    for there, here in {
        "snapshots:9464": f"127.0.0.1:{port}",
        "pushgateway:9091": f"127.0.0.1:{gateway.port}",
        "15s": f"{SCRAPE_SECONDS}s",
        "alerts.yml": str(DEPLOY / "prometheus" / "alerts.yml"),
    }.items():
        assert there in text
        text = text.replace(there, here)
    with Prometheus(text) as server:
        yield server


@pytest.fixture
def folder(tmp_path):
    rows = [f"{n},name {n}" for n in range(5000)]
    rows[100:100] = ["1,2,3", "", "only one"]
    (tmp_path / "people.csv").write_text("\n".join(["id,name", *rows]) + "\n")
    (tmp_path / "more.csv").write_text("id,name\n1,Ann\n2,Bob\n")
    return tmp_path


@contextmanager
def serving(folder, database, port, *names):
    """`snapshots import NAMES... -`: when they are loaded it waits at its standard input."""
    process = subprocess.Popen(
        [
            sys.executable, "-m", "snapshots", "import", *names, "-", "--table", "people",
            "--database", database, "--metrics-port", str(port), "--chunk-size", "16kB", "--json",
        ],
        cwd=folder,
        env={**os.environ, "SNAPSHOTS_STATE_DIR": str(folder / "state")},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        for _ in names:
            assert json.loads(process.stdout.readline())["outcome"] == "finished"
        yield
    finally:
        process.communicate(timeout=300)


def display(database):
    return locations.target(database).display()


def ledger_in(prometheus, database):
    """The samples that the ledger decides, as Prometheus has them."""
    return {
        (name, labels): value
        for name in {name for name, _ in from_the_ledger(database)}
        for labels, value in prometheus.query(f'{name}{{database="{display(database)}"}}').items()
    }


def wait_for_the_ledger(prometheus, database):
    """Until the last scrape was later than the last commit."""
    for (name, labels), value in from_the_ledger(database).items():
        selector = ",".join(f'{label}="{text}"' for label, text in labels)
        prometheus.wait_for(f"{name}{{{selector}}}", {labels: value})


def test_what_is_scraped_is_the_ledger(prometheus, port, folder, database):
    with serving(folder, database, port, "people.csv", "more.csv"):
        wait_for_the_ledger(prometheus, database)
        assert agrees(ledger_in(prometheus, database), database)
        finished = f'snapshots_imports{{state="finished",database="{display(database)}"}}'
        assert list(prometheus.query(finished).values()) == [2]


def test_what_a_folder_brings_is_the_ledger(prometheus, port, folder, database):
    data = folder / "data"
    data.mkdir()
    options = ("--table", "people", "--chunk-size", "16kB", "--metrics-port", str(port))
    with Service(database, data, *options) as service:
        (data / "empty.csv").touch()
        (folder / "people.csv").rename(data / "people.csv")
        for n in range(20):
            put(data / f"{n}.csv", 10_000 * (n + 1), 5)
        service.wait_ended("people.csv", *(f"{n}.csv" for n in range(20)))
        service.wait_refused("empty.csv")
        wait_for_the_ledger(prometheus, database)
        assert agrees(ledger_in(prometheus, database), database)
        of = f'database="{display(database)}"'
        queued = f"snapshots_queued_inputs{{{of}}}"
        wait_for(lambda: prometheus.query(queued).popitem()[1] == 0)
        states = prometheus.query(f"snapshots_imports{{{of}}} > 0")
        assert {dict(labels)["state"]: n for labels, n in states.items()} == {
            "finished": 21,
            "failed": 1,
        }
        assert service.terminate() == 0


def test_what_is_pushed_is_the_ledger(prometheus, gateway, folder, database):
    for name in ("people.csv", "more.csv"):
        done = snapshots(
            "import", name, "--database", database, "--pushgateway", gateway.url(), cwd=folder
        )
        assert "warning" not in done.stderr
        wait_for_the_ledger(prometheus, database)
        assert agrees(ledger_in(prometheus, database), database)


def pushed(gateway, database):
    """What the Pushgateway keeps of a database."""
    with urllib.request.urlopen(gateway.url("/metrics"), timeout=30) as answer:
        told = samples(answer.read().decode())
    return {
        (name, dict(labels).get("state"))
        for name, labels in told
        if ("database", display(database)) in labels and not name.startswith("push_")
    }


def test_nothing_is_pushed_that_is_true_of_the_moment_only(gateway, folder, sqlite_url):
    """Nobody would take it back: the command is gone."""
    (folder / "data").mkdir()
    (folder / "more.csv").rename(folder / "data" / "more.csv")
    common = ("--database", sqlite_url, "--pushgateway", gateway.url(), "--metrics-port", 0)
    for command in (
        ("import", "people.csv", *common),
        ("sync", "--data-dir", "data", "--once", "--settle", 0, *common),
    ):
        assert snapshots(*command, cwd=folder).returncode in {0, 3}
        names = pushed(gateway, sqlite_url)
        states = {state for name, state in names if name == "snapshots_imports"}
        assert states == {"finished", "failed", "interrupted", "cancelled", "undone"}
        assert ("snapshots_last_success_timestamp_seconds", None) in names
        assert ("snapshots_chunk_duration_seconds_count", None) in names
        assert not {"snapshots_database_up", "snapshots_queued_inputs"} & {n for n, _ in names}
        assert all(name.startswith("snapshots_") for name, _ in names)


def test_what_is_sent_is_counted_beside_what_is_imported(prometheus, gateway, folder, sqlite_url):
    common = ("--database", sqlite_url, "--pushgateway", gateway.url())
    assert snapshots("import", "people.csv", *common, cwd=folder).returncode == 3
    with serving_api(Api(lambda row: 422 if row["id"] == 2 else 201)) as api:
        to = ("--to", f"{api.url}/rows", "--max-rejects", "100%")
        sent = snapshots("send", "more.csv", *to, *common, cwd=folder)
        assert "2 records = 1 delivered + 1 rejected + 0 skipped" in sent.stdout
        api.handler.status = lambda _row: 503
        (folder / "last.csv").write_text("id,name\n3,Cy\n")
        snapshots("send", "last.csv", *to, "--retry-seconds", 0, *common, cwd=folder)
    found = from_the_ledger(sqlite_url)
    assert {name: n for (name, _), n in found.items()}["snapshots_pending_records"] == 1
    wait_for_the_ledger(prometheus, sqlite_url)
    assert agrees(ledger_in(prometheus, sqlite_url), sqlite_url)


def shown(prometheus, expression):
    """What an expression gives, or nothing after 30 s: a busy machine may miss a scrape."""
    deadline = time.monotonic() + 300
    while not (found := prometheus.query(expression)) and time.monotonic() < deadline:
        time.sleep(0.2)
    return found


def test_every_panel_of_the_dashboard_has_something_to_show(prometheus, port, folder, sqlite_url):
    with serving(folder, sqlite_url, port, "people.csv"):
        prometheus.wait_for("sum_over_time(up{job='snapshots'}[10s]) > bool 3", {frozenset(): 1})
        for title, expression in QUERIES:
            asked = expression.replace("$__rate_interval", "10s").replace("$database", ".*")
            assert "$" not in asked
            assert shown(prometheus, asked), f"{title}: {asked}"


def test_a_query_that_is_wrong_is_seen(prometheus):
    with pytest.raises(AssertionError, match="parse error"):
        prometheus.query("rate(snapshots_records_total)")
    assert not prometheus.query("snapshots_no_such_thing")


def test_the_dashboard_and_the_alerts_name_only_metrics_that_are_documented():
    documented = (DEPLOY.parent / "docs" / "reference" / "metrics.md").read_text()
    rules = (DEPLOY / "prometheus" / "alerts.yml").read_text()
    expressions = [expr for _, expr in QUERIES] + re.findall(r"snapshots_\w+", rules)
    named = {name for text in expressions for name in re.findall(r"snapshots_\w+", text)}
    assert len(named) > 8
    for name in named:
        assert f"`{re.sub('_bucket$', '', name)}`" in documented, name


def test_the_alerts_are_loaded_and_none_is_raised_by_a_good_import(
    prometheus, port, folder, sqlite_url
):
    with serving(folder, sqlite_url, port, "more.csv"):
        (group,) = prometheus.ask("rules")["groups"]
        assert len(group["rules"]) == 8
        assert {rule["health"] for rule in group["rules"]} <= {"ok", "unknown"}
        wait_for_the_ledger(prometheus, sqlite_url)
        assert not prometheus.query(f'ALERTS{{database="{display(sqlite_url)}"}}')


def test_the_rules_pass_their_tests():
    done = subprocess.run(
        [find("promtool"), "test", "rules", Path(__file__).with_name("alerts.yml")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_alert_for_what_is_down_knows_every_job():
    config = (DEPLOY / "prometheus" / "prometheus.yml").read_text()
    rules = (DEPLOY / "prometheus" / "alerts.yml").read_text()
    (named,) = re.findall(r'up\{job=~"([^"]+)"\} == 0', rules)
    assert named.split("|") == re.findall(r"job_name: (\w+)", config)


def test_the_configuration_is_valid():
    done = subprocess.run(
        [find("promtool"), "check", "config", DEPLOY / "prometheus" / "prometheus.yml"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
