"""The units for systemd start what there is, and are locked down alike."""

import configparser
from pathlib import Path

import pytest

from tests.deploy.options import assert_understood, assert_variables

UNITS = sorted((Path(__file__).resolve().parents[2] / "deploy").glob("*.service"))
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
