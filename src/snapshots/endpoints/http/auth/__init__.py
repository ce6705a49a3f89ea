"""Ways to prove to an API who we are: headers that are known, and tokens that are renewed.

`upkeep.py` keeps them up to date while a delivery runs.
"""

from snapshots.endpoints.http.auth.command import AuthCommand
from snapshots.endpoints.http.auth.oauth2 import ClientCredentials
from snapshots.endpoints.http.auth.plain import ApiKey, Auth, Basic, Bearer, Renewable
from snapshots.endpoints.http.auth.token_file import TokenFile

__all__ = [
    "ApiKey",
    "Auth",
    "AuthCommand",
    "Basic",
    "Bearer",
    "ClientCredentials",
    "Renewable",
    "TokenFile",
]
