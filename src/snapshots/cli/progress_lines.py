"""The lines about an import that is running."""

from __future__ import annotations

from snapshots.engine.events import Progress, Started


def started_line(event: Started) -> str:
    """The line that says what is loaded or sent, and where."""
    verb = "going on with " if event.resumed else ""
    what = f"{verb}{event.kind} {event.import_id}: {event.input}"
    return f"{what} -> {event.table}, {event.database}"


def plain_line(progress: Progress, verb: str) -> str:
    """The line with bytes, percent, time left, records, their rate and the number of rejects.

    `verb` says what happens to records: `loaded` or `delivered`. If requests are tried again, the
    line says why.
    """
    counts = progress.counts
    rate = counts.records / progress.seconds if progress.seconds else 0
    line = f"{progress.bytes_done / 1e6:,.0f} MB"
    if progress.bytes_total:
        share = progress.bytes_done / progress.bytes_total
        line += f" of {progress.bytes_total / 1e6:,.0f} MB ({share:.0%})"
        if share > 0:
            line += f", {progress.seconds * (1 - share) / share:,.0f} s left"
    elif progress.bytes_total is None:
        line += " of an unknown total"
    line += f", {counts.loaded:,} {verb}, {rate:,.0f} records/s, {counts.rejected:,} rejected"
    return f"{line}, trying again after: {progress.failure}" if progress.failure else line
