"""The driver of an import, on the host where it runs.

usage: python -m tests.cluster.drive URL TABLE OPTIONS: prints the outcome as JSON. OPTIONS is JSON,
too: `hosts` with the commands that run others there, or `cluster` with its address; `contract`;
`workers`; `chunk_size`; `again`; `twice`: every task is run twice at once.
"""

import faulthandler
import json
import os
import resource
import signal
import sys
import time
from contextlib import suppress

import snapshots
from snapshots.engine.cluster import survey_cutter
from snapshots.engine.cluster.ray_client import RayClient
from tests.cluster import hosts_pool


def main(url, table, options):
    faulthandler.register(signal.SIGUSR1)  # to see where it waits
    given = json.loads(options)
    if hosts := given.get("hosts"):
        hosts_pool.install(hosts)
    if given.get("twice"):
        _twice(hosts_pool.HostsPool if hosts else RayClient)
    cutters = []
    made = survey_cutter.SurveyCutter.__init__

    def noticing(cutter, *args):
        made(cutter, *args)
        cutters.append(cutter)

    survey_cutter.SurveyCutter.__init__ = noticing
    began = time.monotonic()
    result = snapshots.load(
        url,
        database=os.environ["SNAPSHOTS_DATABASE"],
        table=table,
        cluster=given.get("cluster") or ("local" if hosts else None),
        workers=given.get("workers"),
        chunk_size=given.get("chunk_size", 8 << 20),
        contract=given["contract"],
        max_rejects="50%",
        again=given.get("again", False),
        listener=lambda event: print(event, file=sys.stderr),
    )
    seconds = time.monotonic() - began
    again = None
    with suppress(IndexError):
        again = cutters[0].again
    print(
        json.dumps(
            {
                "outcome": result.outcome,
                "import": result.record.import_id if result.record else None,
                "code": result.exit_code,
                "message": result.message,
                "seconds": round(seconds, 2),
                "processor": round(_processor(), 2),
                "surveyed_again": again,
            }
        )
    )


def _processor():
    """The seconds of this process and of those that it has started, which have ended."""
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(sum(resource.getrusage(kind)[:2]) for kind in kinds)


def _twice(pool):
    submit = pool.submit

    def both(self, work, *args, near=None):
        submit(self, work, *args, near=near)
        return submit(self, work, *args, near=near)

    pool.submit = both


if __name__ == "__main__":
    main(*sys.argv[1:])
