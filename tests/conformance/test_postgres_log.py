"""What psycopg logs while its server goes away."""

import logging

import pytest

from snapshots import locations
from snapshots.errors import ConnectionLost
from tests.conformance.rows import blocks, column, contract, table
from tests.support.database_servers import PostgresServer


def test_a_copy_whose_server_is_killed_says_it_once(caplog):
    made = contract(column("v"))
    with PostgresServer() as server:
        target = locations.target(server.url("log"))
        session = target.connect()
        known = table(target, session, made)
        encoding = target.encoding_for(session, target.inspect(session, known))

        def until_the_server_is_gone():
            for _ in range(64):
                yield from blocks(made, [["x" * 500_000]], encoding)
                server.stop()

        with caplog.at_level(logging.DEBUG), pytest.raises(ConnectionLost):
            session.load(known, ["v"], until_the_server_is_gone())
        session.close()
    told = [record.getMessage() for record in caplog.records if record.levelno >= logging.INFO]
    assert told == []
