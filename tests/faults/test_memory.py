"""Ten gigabytes through a pipe, made as they are read: memory stays as it is."""

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from snapshots import locations

GIGABYTE = 10**9
LONG = "not known" * 11
COLUMNS = 10
"""Long values that the contract calls missing: so ten gigabytes need little room when stored."""


def contract(folder):
    path = folder / "c.json"
    texts = [{"name": f"t{n}", "type": "string"} for n in range(COLUMNS)]
    fields = [{"name": "id", "type": "integer"}, *texts]
    path.write_text(json.dumps({"fields": fields, "missingValues": ["", LONG]}))
    return path


class Feeder(threading.Thread):
    """Writes records into a pipe until there were so many bytes."""

    def __init__(self, pipe, size):
        super().__init__()
        self._pipe = pipe
        self._block = "".join(
            f"{n}," + ",".join([LONG] * (COLUMNS - 1)) + f",{n}\n" for n in range(1000)
        ).encode()
        self._times = size // len(self._block)
        self.written = 0
        self.records = 1000 * self._times

    def run(self):
        names = ",".join(["id", *(f"t{n}" for n in range(COLUMNS))])
        with self._pipe as pipe:
            pipe.write(f"{names}\n".encode())
            for _ in range(self._times):
                pipe.write(self._block)
                self.written += len(self._block)


def resident(pid):
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) // 1024
    return 0


def load(database, folder, size):
    """The most megabytes in memory during each tenth of the input, and the result."""
    process = subprocess.Popen(
        [
            sys.executable, "-m", "snapshots", "import", "-", "--table", "t", "--json",
            "--database", database, "--contract", str(contract(folder)), "--progress", "none",
        ],
        env={**os.environ, "SNAPSHOTS_STATE_DIR": str(folder / "state")},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )  # fmt: skip
    feeder = Feeder(process.stdin, size)
    feeder.start()
    most = [0] * 11
    while feeder.is_alive():
        tenth = feeder.written * 10 // size
        most[tenth] = max(most[tenth], resident(process.pid))
        feeder.join(0.05)
    return most, json.loads(process.stdout.read()), feeder.records


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_memory_is_flat_over_ten_gigabytes(database, tmp_path):
    most, result, records = load(database, tmp_path, 10 * GIGABYTE)
    print(f"MB in each tenth: {most}; {result['seconds']} s")
    assert (result["outcome"], result["loaded"]) == ("finished", records), result
    assert max(most[1:]) <= max(most[:1]) + 40, most
    assert max(most) < 300, most
    session = locations.target(database).connect(create=False)
    try:
        assert session.execute("SELECT COUNT(*) FROM t") == [(records,)]
    finally:
        session.close()
