"""The licences of what the wheel carries are named."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_every_crate_is_in_the_notice():
    crates = tomllib.loads((ROOT / "native/Cargo.toml").read_text())["dependencies"]
    named = set(re.findall(r"[\w-]+", (ROOT / "NOTICE").read_text()))
    assert sorted(set(crates) - named) == []


def test_the_notice_is_in_the_wheel():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert "NOTICE" in project["license-files"]
