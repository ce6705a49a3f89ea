"""Many small files, one after the other and several at once.

usage: python bench/many_inputs.py [--files 10000] [--cluster local] [--workers 2]
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.support.database_servers import PostgresServer

import snapshots


def main() -> None:
    """Prints the seconds of each way, and the inputs and outcomes that it has accounted for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--cluster", default="local")
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, PostgresServer() as server:
        for n in range(given.files):
            (Path(folder) / f"{n:06}.csv").write_text(
                "id,name\n" + "".join(f"{100 * n + k},name {k}\n" for k in range(100))
            )
        url = server.url()
        os.environ["SNAPSHOTS_DATABASE"] = url
        for name, cluster in (("cluster", given.cluster), ("one by one", None)):
            began = time.monotonic()
            found = Counter(
                getattr(result, "outcome", "error")
                for _, result in snapshots.load_many(
                    [folder],
                    database=url,
                    table=name.replace(" ", "_"),
                    cluster=cluster,
                    workers=given.workers if cluster else None,
                    again=True,
                )
            )
            seconds = round(time.monotonic() - began, 1)
            print(json.dumps({"run": name, "seconds": seconds, **found}), flush=True)


if __name__ == "__main__":
    main()
