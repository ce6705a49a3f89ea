"""HTTP APIs that take records as JSON: retried, throttled, and told apart record by record.

`deliver` is all that the engine calls: it gives one verdict for each record of a page, and what
lies between (backing off, halving pages, reading answers item by item) stays in here.
"""

from snapshots.endpoints.http.client import HttpEndpoint
from snapshots.endpoints.http.loop import run
from snapshots.endpoints.http.page import RecordOutcome, RecordPage, RecordVerdict, RequestSource
from snapshots.endpoints.http.settings import ApiKey, Auth, Bearer, HttpSettings
from snapshots.endpoints.http.stats import Failing, Stats

__all__ = [
    "ApiKey",
    "Auth",
    "Bearer",
    "Failing",
    "HttpEndpoint",
    "HttpSettings",
    "RecordOutcome",
    "RecordPage",
    "RecordVerdict",
    "RequestSource",
    "Stats",
    "run",
]
