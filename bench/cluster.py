"""Two hosts with the survey against one without a cluster, behind a source that limits each host.

usage: python bench/cluster.py [--megabytes 400] [--rate 4] [--cpu]

Needs root: the hosts are network namespaces. `--rate` is in megabytes per second and host. `--cpu`
measures without a limit: then both hosts share the cores of this machine, and the cluster can only
lose.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.cluster.chaos import Run
from tests.cluster.conftest import HOSTS, Cluster
from tests.cluster.made_file import make
from tests.cluster.network import DATABASE, FIRST, SECOND, Network, missing
from tests.cluster.servers import PostgresOnHost, sent, serve, wait_for


def main() -> None:
    """Prints seconds, and the bytes that each host has fetched."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--megabytes", type=int, default=400)
    parser.add_argument("--rate", type=float, default=4)
    parser.add_argument("--cpu", action="store_true")
    given = parser.parse_args()
    if why := missing():
        sys.exit(why)
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        served = Path(folder) / "served"
        served.mkdir()
        truth = make(served / "made.csv", given.megabytes)
        rate = 0 if given.cpu else given.rate * 1e6
        with Network() as network:
            for host, address in zip(("database", *HOSTS), (DATABASE, FIRST, SECOND), strict=True):
                network.add(host, address)
            with PostgresOnHost(network, "database") as postgres:
                web = serve(network, "database", served, rate)
                wait_for(network, "one", web)
                cluster = Cluster(network, postgres, web, served)
                size = truth.path.stat().st_size
                seconds = {}
                before: dict[str, int] = {}
                for name, hosts in (("alone", None), ("two hosts", cluster.commands())):
                    table = name.replace(" ", "_")
                    run = Run(cluster, truth, table, hosts=hosts, workers=4, again=True)
                    said = run.ended(3600)
                    faults = run.faults(said["import"]) if said["outcome"] == "finished" else [said]
                    seconds[name] = said["seconds"]
                    now = sent(network, "one")
                    fetched = {host: count - before.get(host, 0) for host, count in now.items()}
                    before = now
                    line = {
                        "run": name,
                        "megabytes": round(size / 1e6),
                        "seconds": said["seconds"],
                        "processor": said["processor"],
                        "surveyed_again": said["surveyed_again"],
                        "fetched": fetched,
                        "of_the_input": round(sum(fetched.values()) / size, 3),
                        "faults": faults,
                    }
                    print(json.dumps(line), flush=True)
                print(f"two hosts / alone: {seconds['two hosts'] / seconds['alone']:.2f}")


if __name__ == "__main__":
    main()
