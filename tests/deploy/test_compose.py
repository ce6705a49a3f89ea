"""compose.yaml is valid, safe by default, and fits what it starts."""

import re
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest

from tests.deploy.kustomize import load
from tests.deploy.options import assert_understood, assert_variables

ROOT = Path(__file__).resolve().parents[2]
COMPOSE = ROOT / "compose.yaml"
CONTAINERFILE = (ROOT / "Containerfile").read_text()
TRIAL = "for-trials-only"
(WHOLE,) = load(COMPOSE)
SERVICES = WHOLE["services"]
OURS = {name: one for name, one in SERVICES.items() if "build" in one}


def validate(path):
    """By the JSON schema of the Compose Specification."""
    program = Path(sys.executable).with_name("check-jsonschema")
    return subprocess.run(
        [program, "--builtin-schema", "vendor.compose-spec", path],
        capture_output=True,
        text=True,
        check=False,
    )


def test_it_is_valid_by_the_specification():
    done = validate(COMPOSE)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_mistake_is_seen(tmp_path):
    wrong = tmp_path / "compose.yaml"
    wrong.write_text(COMPOSE.read_text().replace("healthcheck:", "healthchek:", 1))
    assert validate(wrong).returncode == 1


@pytest.mark.parametrize("name", SERVICES)
def test_each_service_is_watched_restarted_and_out_of_reach(name):
    service = SERVICES[name]
    assert service["healthcheck"]["test"][0] == "CMD"
    assert service["restart"] == "unless-stopped"
    assert "no-new-privileges:true" in service["security_opt"]
    assert service["cap_drop"] == ["ALL"]
    assert service["read_only"]
    assert "privileged" not in service
    assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))


@pytest.mark.parametrize("name", SERVICES)
def test_images_are_pinned(name):
    image = SERVICES[name]["image"]
    assert re.search(r":v?\d+\.\d+", image), image


@pytest.mark.parametrize("name", SERVICES)
def test_what_is_mounted_is_there(name):
    for volume in SERVICES[name]["volumes"]:
        source = volume.split(":")[0]
        if source == "./data":
            continue
        if source.startswith("./"):
            assert (ROOT / source).exists(), source
        else:
            assert source in WHOLE["volumes"]


def test_every_volume_is_used():
    used = {v.split(":")[0] for service in SERVICES.values() for v in service["volumes"]}
    assert set(WHOLE["volumes"]) <= used


def test_a_secret_that_is_set_here_says_that_it_is_for_trials():
    secrets = {
        value
        for service in SERVICES.values()
        for key, value in service.get("environment", {}).items()
        if re.search("PASSWORD|SECRET|TOKEN", key) and value.lower() != "true"
    }
    assert secrets == {f"${{SNAPSHOTS_DB_PASSWORD:-{TRIAL}}}"}
    assert WHOLE["secrets"]["tokens"]["file"] == "${SNAPSHOTS_TOKENS:-./deploy/trial-tokens}"
    digest = sha256(TRIAL.encode()).hexdigest()
    assert (ROOT / "deploy" / "trial-tokens").read_text().splitlines() == [
        f"# For trials: the token is {TRIAL}.",
        f"{TRIAL} write sha256:{digest}",
    ]


@pytest.mark.parametrize("name", OURS)
def test_the_command_line_is_understood(name):
    assert_understood(*OURS[name]["command"])
    assert_variables(OURS[name]["environment"])


def test_what_can_be_scaled_has_no_name_of_its_own():
    assert {name for name in OURS if "container_name" in OURS[name]} == {"snapshots"}


def test_prometheus_asks_where_something_answers():
    (configuration,) = load(ROOT / "deploy" / "prometheus" / "prometheus.yml")
    jobs = configuration["scrape_configs"]
    named = [t for job in jobs for one in job.get("static_configs", []) for t in one["targets"]]
    found = [
        f"{name}:{one['port']}"
        for job in jobs
        for one in job.get("dns_sd_configs", [])
        for name in one["names"]
    ]
    assert sorted(named + found) == ["pushgateway:9091", "snapshots:9464", "worker:9464"]
    for name in ("snapshots", "worker"):
        assert "--metrics-port=9464" in SERVICES[name]["command"]
        assert "--metrics-address=0.0.0.0" in SERVICES[name]["command"]


def test_grafana_finds_prometheus_and_the_dashboard():
    provisioning = ROOT / "deploy" / "grafana" / "provisioning"
    (sources,) = load(provisioning / "datasources" / "prometheus.yml")
    (source,) = sources["datasources"]
    assert source["url"] == "http://prometheus:9090"
    (dashboards,) = load(provisioning / "dashboards" / "snapshots.yml")
    (provider,) = dashboards["providers"]
    mounts = [volume.split(":")[1] for volume in SERVICES["grafana"]["volumes"]]
    assert provider["options"]["path"] in mounts
    dashboard = (ROOT / "deploy" / "grafana" / "dashboards" / "snapshots.json").read_text()
    assert set(re.findall(r'"uid": "(\w+)"', dashboard)) == {source["uid"], "snapshots"}


def test_the_image_is_pinned_small_and_has_no_root():
    images = dict(re.findall(r"^ARG (\w+)=(\S+)", CONTAINERFILE, re.MULTILINE))
    assert all(re.search(r":\d+\.\d+\.\d+-slim-", image) for image in images.values())
    stages = re.findall(r"^FROM \$\{(\w+)\}", CONTAINERFILE, re.MULTILINE)
    assert stages == ["RUST", "PYTHON", "PYTHON"]
    last = CONTAINERFILE.split("FROM ")[-1]
    assert re.search(r"^USER [1-9]\d*$", last, re.MULTILINE)
    assert "cargo" not in last
    installed = re.findall(r"pip install (.*)", CONTAINERFILE)
    assert installed
    assert all("--require-hashes" in one or "--no-deps /dist/" in one for one in installed)


def test_the_image_is_built_from_what_is_there():
    allowed = {
        line[1:] for line in (ROOT / ".dockerignore").read_text().split() if line.startswith("!")
    }
    copies = re.findall(r"^COPY (?!--from)(.+) \S+$", CONTAINERFILE, re.MULTILINE)
    for source in (word for copy in copies for word in copy.split()):
        assert (ROOT / source).exists(), source
        assert source.split("/")[0] in allowed, source
