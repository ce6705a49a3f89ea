"""deploy/terraform is written correctly, names nothing that is not there, and keeps its secrets.

What the provider has to say to it, `terraform test` tells: deploy/terraform/google/tests.
"""

import json
import re
from pathlib import Path

import hcl2
import pytest

from tests.deploy.options import assert_understood, assert_variables

FOLDER = Path(__file__).resolve().parents[2] / "deploy" / "terraform" / "google"
FILES = [*sorted(FOLDER.glob("*.tf")), *sorted((FOLDER / "tests").glob("*.hcl"))]
PARSED = {path.name: hcl2.loads(path.read_text()) for path in FILES}
TEXT = "\n".join(path.read_text() for path in FILES)


def blocks(kind):
    """Of one kind, as (names, content)."""
    for parsed in PARSED.values():
        for block in parsed.get(kind, []):
            yield from _named((), block)


def _named(names, block):
    if "__is_block__" in block:
        yield names, block
        return
    for name, inner in block.items():
        yield from _named((*names, name.strip('"')), inner)


RESOURCES = dict(blocks("resource"))
API = RESOURCES["google_cloud_run_v2_service", "api"]["template"][0]["containers"][0]
WORKER = RESOURCES["google_cloud_run_v2_worker_pool", "worker"]["template"][0]["containers"][0]


def test_variables_are_declared_described_and_used():
    declared = dict(blocks("variable"))
    used = set(re.findall(r"\bvar\.(\w+)", TEXT))
    assert {name for (name,) in declared} == used
    assert all(len(block["description"]) > 20 for block in declared.values())


def test_what_is_referred_to_is_there():
    used = set(re.findall(r"(?<![.\w])(?:ephemeral\.)?((?:google|random)_\w+)\.(\w+)", TEXT))
    assert used <= RESOURCES.keys() | dict(blocks("ephemeral")).keys()


def test_secrets_are_written_through_and_kept_nowhere():
    (token,) = (block for (name,), block in blocks("variable") if name == "token")
    assert token["sensitive"] is True
    assert token["ephemeral"] is True
    assert "random_password" not in {kind for kind, _ in RESOURCES}
    assert not re.search(
        r"^\s*(password|secret_data|token)\s*=", TEXT.split("mock_provider")[0], re.MULTILINE
    )


def test_no_account_may_more_than_read():
    roles = {block["role"].strip('"') for block in RESOURCES.values() if "role" in block}
    assert roles == {"roles/secretmanager.secretAccessor", "roles/storage.objectViewer"}


@pytest.mark.parametrize("container", [API, WORKER], ids=["api", "worker"])
def test_the_command_line_is_understood(container):
    assert_understood(*(json.loads(word) for word in container["args"]))
    (settings,) = (block["settings"] for _, block in blocks("locals"))
    assert_variables(settings)
    assert_variables(re.findall(r"\b(SNAPSHOTS_\w+)", json.dumps(container)))
