"""HTTP APIs that take records as JSON: retried, throttled, and told apart record by record.

`deliver` is all that the engine calls: it gives one verdict for each record of a page, and what
lies between (backing off, halving pages, reading answers item by item) stays in here.
"""

from snapshots.targets.http.client import HttpTarget
from snapshots.targets.http.loop import run
from snapshots.targets.http.page import Lane, Outcome, Page, Verdict
from snapshots.targets.http.settings import ApiKey, Auth, Bearer, HttpSettings
from snapshots.targets.http.stats import Failing, Stats

__all__ = [
    "ApiKey",
    "Auth",
    "Bearer",
    "Failing",
    "HttpSettings",
    "HttpTarget",
    "Lane",
    "Outcome",
    "Page",
    "Stats",
    "Verdict",
    "run",
]
