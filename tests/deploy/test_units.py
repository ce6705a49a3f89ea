"""The units for systemd start what there is, and are locked down alike."""

import configparser
import os
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from tests.deploy.options import assert_understood, assert_variables

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
UNITS = sorted(DEPLOY.glob("*.service"))
LOCKED = {
    "NoNewPrivileges": "yes",
    "ProtectSystem": "strict",
    "ProtectHome": "yes",
    "PrivateTmp": "yes",
    "PrivateDevices": "yes",
    "CapabilityBoundingSet": "",
    "RestrictAddressFamilies": "AF_UNIX AF_INET AF_INET6",
    "MemoryDenyWriteExecute": "yes",
    "SystemCallFilter": "@system-service",
    "User": "snapshots",
}


def service(unit):
    """The last value of each key of its main section, and all of its variables."""
    read = configparser.ConfigParser(strict=False, interpolation=None, comment_prefixes="#")
    read.optionxform = str
    read.read(unit)
    lines = (
        line.removeprefix("Environment=")
        for line in unit.read_text().splitlines()
        if line.startswith("Environment=")
    )
    return dict(read["Service"]), [line.split("=")[0] for line in lines]


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_unit(unit):
    settings, variables = service(unit)
    command, name, *arguments = settings["ExecStart"].removeprefix("/usr/bin/env ").split()
    assert command == "snapshots"
    assert_understood(name, *arguments)
    assert_variables(variables)
    assert settings.items() >= LOCKED.items()


def test_the_units():
    assert [unit.name for unit in UNITS] == [
        "snapshots-serve.service", "snapshots-sync.service", "snapshots-worker@.service"
    ]  # fmt: skip


def systemd(program, *arguments):
    """Runs a program of systemd, which needs no systemd that runs."""
    if not shutil.which(program):
        pytest.skip(f"{program} is not on this machine")
    done = subprocess.run([program, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    # What it says of other units of this machine is no concern of ours.
    ours = [line for line in done.stderr.splitlines() if "snapshots" in line]
    assert not [line for line in ours if not line.startswith("Creating ")]


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_systemd_finds_nothing_wrong_with_a_unit(unit):
    systemd("systemd-analyze", "verify", "--man=no", unit)


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_systemd_finds_a_unit_safe(unit):
    """By its own measure, of which 0 is the best and 10 the worst; Debian's cron has 9.6."""
    systemd("systemd-analyze", "security", "--offline=yes", "--threshold=20", "--no-pager", unit)


@pytest.mark.skipif(os.getuid() != 0, reason="gives folders away, which root alone may")
def test_account_and_folders_are_made(tmp_path):
    """As they are on a new machine: all that the units name and do not make themselves."""
    for kind in ("sysusers", "tmpfiles"):
        there = tmp_path / "etc" / f"{kind}.d" / "snapshots.conf"
        there.parent.mkdir(parents=True)
        shutil.copy(DEPLOY / f"{kind}.conf", there)
    systemd("systemd-sysusers", f"--root={tmp_path}")
    accounts = [line.split(":") for line in (tmp_path / "etc" / "passwd").read_text().splitlines()]
    (ours,) = [fields for fields in accounts if fields[0] == "snapshots"]
    assert ours[5] == "/var/lib/snapshots"
    systemd("systemd-tmpfiles", f"--root={tmp_path}", "--create")
    for unit in UNITS:
        settings, _ = service(unit)
        assert settings["User"] == settings["Group"] == ours[0]
        named = [settings["EnvironmentFile"].removeprefix("-").rpartition("/")[0]]
        named += settings.get("ReadWritePaths", "").split()
        for path in named:
            assert (tmp_path / path.removeprefix("/")).is_dir(), path
    data = (tmp_path / "srv" / "snapshots" / "data").stat()
    assert stat.S_IMODE(data.st_mode) == 0o2770
    assert (str(data.st_uid), str(data.st_gid)) == (ours[2], ours[3])
