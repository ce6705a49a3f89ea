"""Servers of the tests as a project's `[connection]` names them."""

from dataclasses import replace

from snapshots import locations
from snapshots.sources.sql import QueryServer


def server_of(url, **changes):
    """The server at a URL; the database there is made."""
    place = locations.locate(url)
    locations.target(url).connect().close()
    server = QueryServer(
        kind=place.kind,
        host=place.host,
        port=int(place.port),
        user=place.user,
        password=place.password or "",
        database=place.database,
    )
    return replace(server, **changes)


def execute(url, *statements):
    session = locations.target(url).connect()
    try:
        for statement in statements:
            session.execute(statement)
    finally:
        session.close()
