"""Compares what an import has left with what its file holds."""

import psycopg

from snapshots._native import Hasher


def faults(url, number, table, truth):
    """What is wrong, a sentence each: nothing lost, nothing twice, true lines, chunks that tile."""
    with psycopg.connect(url) as connection:

        def ask(text, *values):
            return connection.execute(text, values).fetchall()

        columns = "state, records, loaded, rejected, content_hash"
        ((state, records, loaded, rejected, digest),) = ask(
            f"SELECT {columns} FROM snapshots_imports WHERE id = %s", number
        )
        ((rows, lines, ids),) = ask(
            f"SELECT count(*), count(DISTINCT _line), sum(id) FROM {table} WHERE _import_id = %s",
            number,
        )
        rejects = [
            line
            for (line,) in ask(
                "SELECT line FROM snapshots_rejects WHERE import_id = %s ORDER BY line", number
            )
        ]
        chunks = ask(
            "SELECT start_offset, end_offset FROM snapshots_chunks WHERE import_id = %s"
            " ORDER BY start_offset",
            number,
        )
    ends = [0, *(end for _, end in chunks)]
    wanted = {
        "state": (state, "finished"),
        "rows": ((rows, lines, loaded, ids), (truth.good,) * 3 + (truth.ids,)),
        "rejects": ((rejects, rejected), (truth.bad, len(truth.bad))),
        "records": (records, truth.good + len(truth.bad)),
        "hash": (digest, _hash(truth.path)),
        "chunks": ([start for start, _ in chunks], ends[:-1]),
        "end": (ends[-1], truth.path.stat().st_size),
    }
    return [
        f"{name}: {str(found)[:200]}, expected {str(expected)[:200]}"
        for name, (found, expected) in wanted.items()
        if found != expected
    ]


def _hash(path):
    hasher = Hasher()
    with path.open("rb") as file:
        while piece := file.read(1 << 20):
            hasher.update(piece)
    return hasher.hexdigest()
