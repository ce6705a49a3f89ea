"""Sends records as JSON to an HTTP API, with retries, throttling and a verdict for each record.

The engine calls `HttpEndpoint.deliver` and `HttpEndpoint.stream`. Backing off, halving pages and
reading results item by item happen in here.

>>> endpoint = HttpEndpoint(HttpSettings("https://api.example.com/v1/movies", batch=2))
>>> endpoint.display()
'https://api.example.com/v1/movies'

`await endpoint.deliver(RecordPage(bodies, keys))` then gives one `RecordVerdict` for each body.
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
