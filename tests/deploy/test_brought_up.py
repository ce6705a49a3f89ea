"""compose.yaml, brought up for real: podman, runc and podman-compose, no registry.

Needs root, the packages podman, runc, netavark, aardvark-dns, iptables and debootstrap, and
podman-compose of PyPI. The toolchain of Rust is the one of this machine. Grafana is not started.
"""

import json
import os
import shutil
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import pytest

from tests.deploy import images
from tests.deploy.images import PREFIX, run

pytestmark = [pytest.mark.soak, pytest.mark.timeout(3600)]

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "examples" / "data" / "taxi+_zone_lookup.csv"
RECORDS = 265
TOKEN = "for-trials-only"
LIMITS = """
[containers]
default_ulimits = ["nofile=4096:4096", "nproc=4096:4096"]
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
"""
"""What is allowed where the system has neither systemd nor unlimited limits."""
OVERRIDE = f"""
services:
  postgres: {{image: {PREFIX}/postgres}}
  prometheus: {{image: {PREFIX}/prometheus}}
  pushgateway: {{image: {PREFIX}/pushgateway}}
  api: {{environment: {{SNAPSHOTS_ALLOW_HOST: "files:8080"}}}}
  worker: {{environment: {{SNAPSHOTS_ALLOW_HOST: "files:8080"}}}}
  files:
    image: {PREFIX}/debian
    command: [python3, -m, http.server, "8080", --directory, /files]
    volumes: [./files:/files:ro]
"""
STARTED = ("snapshots", "api", "worker", "pushgateway", "prometheus", "files")


@pytest.fixture(scope="module", autouse=True)
def limits(tmp_path_factory):
    """For podman, however it is called."""
    file = tmp_path_factory.mktemp("podman") / "containers.conf"
    file.write_text(LIMITS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CONTAINERS_CONF", str(file))
        yield


@pytest.fixture(scope="module")
def compose(tmp_path_factory, limits):
    """A function that calls podman-compose on a copy of what the repository has."""
    images.make(tmp_path_factory.mktemp("images"))
    images.build(
        "localhost/snapshots:0.1.0", ROOT, f"--file={ROOT}/Containerfile",
        f"--build-arg=RUST={PREFIX}/rust", f"--build-arg=PYTHON={PREFIX}/debian",
    )  # fmt: skip
    folder = tmp_path_factory.mktemp("compose")
    shutil.copy(ROOT / "compose.yaml", folder)
    shutil.copytree(ROOT / "deploy", folder / "deploy")
    (folder / "override.yaml").write_text(OVERRIDE)
    for name in ("data", "files"):
        (folder / name).mkdir()

    def call(*arguments):
        return run(
            "podman-compose", "--file=compose.yaml", "--file=override.yaml", *arguments,
            cwd=folder, env={**os.environ, "SNAPSHOTS_DB_PASSWORD": "of-this-test"},
        )  # fmt: skip

    call.folder = folder
    try:
        call("up", "--detach", "postgres")
        wait(lambda: healthy("postgres"))
        call("up", "--detach", *STARTED)
        for name in ("snapshots", "api", "worker", "pushgateway", "prometheus"):
            wait(lambda name=name: healthy(name))
        yield call
    finally:
        # podman-compose takes down one of each.
        for name in containers("worker")[1:]:
            run("podman", "rm", "--force", name)
        call("down", "--volumes")


def containers(service):
    wanted = f"label=com.docker.compose.service={service}"
    return run("podman", "ps", "--all", "--filter", wanted, "--format={{.Names}}").split()


def container(service):
    return containers(service)[0]


def healthy(service):
    """By its own health check, which nobody runs where systemd does not."""
    command = ["podman", "healthcheck", "run", container(service)]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def inside(*command):
    return run("podman", "exec", "snapshots", *command)


def wait(condition, seconds=120):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.3)


def ask(url, body=None, token=TOKEN):
    request = urllib.request.Request(url, None if body is None else json.dumps(body).encode())
    request.add_header("Content-Type", "application/json")
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


def measured(query):
    url = f"http://127.0.0.1:9090/api/v1/query?query={urllib.parse.quote(query)}"
    return [float(one["value"][1]) for one in ask(url, token=None)["data"]["result"]]


def listed():
    return [json.loads(line) for line in inside("snapshots", "list", "--json").splitlines()]


def finished(**wanted):
    found = [row for row in listed() if wanted.items() <= row.items()]
    return found and found[0]["state"] == "finished" and found[0]


def test_what_is_put_into_data_is_imported(compose):
    shutil.copy(SAMPLE, compose.folder / "data" / "zones.csv")
    wait(lambda: finished(input="/data/zones.csv"))
    assert finished(input="/data/zones.csv")["loaded"] == RECORDS
    assert "finished  /data/zones.csv" in inside("bash", "-c", "snapshots list")


def test_a_url_is_imported_by_a_worker(compose):
    lines = SAMPLE.read_text().splitlines(keepends=True)
    (compose.folder / "files" / "fewer.csv").write_text("".join(lines[:101]))
    made = ask("http://127.0.0.1:8000/v1/imports", {"url": "http://files:8080/fewer.csv"})
    at = f"http://127.0.0.1:8000/v1/imports/{made['import_id']}"
    wait(lambda: ask(at)["state"] == "finished")
    assert ask(at)["loaded"] == 100
    with pytest.raises(urllib.error.HTTPError, match="401"):
        ask(at, token=None)


def test_prometheus_asks_all_of_them(compose):
    shutil.copy(SAMPLE, compose.folder / "data" / "zones.csv")
    wait(lambda: finished(input="/data/zones.csv"))
    ended = len([row for row in listed() if row["state"] == "finished"])
    wait(lambda: measured("max(snapshots_imports{state='finished'})") == [ended])
    wait(lambda: measured("sum(up)") == [3])
    assert measured("max(snapshots_unaccounted_records)") == [0]


@pytest.mark.parametrize("service", ["snapshots", "api", "worker", "postgres", "prometheus"])
def test_a_container_has_no_rights(compose, service):
    name = container(service)
    assert run("podman", "exec", name, "id", "-u").strip() != "0"
    assert "CapEff:\t0000000000000000" in run("podman", "exec", name, "cat", "/proc/1/status")
    written = ["podman", "exec", name, "touch", "/usr/local/x"]
    refused = subprocess.run(written, capture_output=True, text=True, check=False).stderr
    assert "Read-only file system" in refused


def test_workers_are_scaled(compose):
    compose("up", "--detach", "--no-recreate", "--scale=worker=3", "worker")
    assert len(containers("worker")) == 3
