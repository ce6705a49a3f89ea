"""The contracts for known resources, which come with this package."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import TYPE_CHECKING

from snapshots.contract.contract import parse_contract

if TYPE_CHECKING:
    from snapshots.model import Contract


def named(name: str) -> Contract:
    """The contract of a known resource, such as `wells`."""
    file = f"{name}.schema.json"
    return parse_contract(json.loads((files(__name__) / file).read_text("utf-8")), file)
