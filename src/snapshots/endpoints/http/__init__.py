"""Sends records as JSON to an HTTP API, with retries, throttling and a verdict for each record.

The engine calls `HttpEndpoint.deliver` and `HttpEndpoint.stream`. Backing off, halving pages and
reading results item by item happen in here.

>>> endpoint = HttpEndpoint(HttpSettings("https://api.example.com/v1/movies", batch=2))
>>> endpoint.display()
'https://api.example.com/v1/movies'

`await endpoint.deliver(RecordPage(bodies, keys))` then gives one `RecordVerdict` for each body.
"""

from snapshots.endpoints.http.auth import (
    ApiKey,
    Auth,
    AuthCommand,
    Basic,
    Bearer,
    ClientCredentials,
    Renewable,
    TokenFile,
)
from snapshots.endpoints.http.client import HttpEndpoint
from snapshots.endpoints.http.page import RecordOutcome, RecordPage, RecordVerdict
from snapshots.endpoints.http.quota import Quota
from snapshots.endpoints.http.request_plan import request_plan
from snapshots.endpoints.http.settings import HttpSettings
from snapshots.endpoints.http.stats import Failing, Stats

__all__ = [
    "ApiKey",
    "Auth",
    "AuthCommand",
    "Basic",
    "Bearer",
    "ClientCredentials",
    "Failing",
    "HttpEndpoint",
    "HttpSettings",
    "Quota",
    "RecordOutcome",
    "RecordPage",
    "RecordVerdict",
    "Renewable",
    "Stats",
    "TokenFile",
    "request_plan",
]
