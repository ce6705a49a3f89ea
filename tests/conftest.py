"""Fixtures: real servers, started once and only when a test asks, and fresh databases in them.

Servers that run already are used if SNAPSHOTS_TEST_POSTGRES and SNAPSHOTS_TEST_MYSQL name them
(`python tests/support/database_servers.py --run pytest` sets both, scripts/servers.sh where it
needs Docker)."""

import itertools
import os
import zlib
from collections import defaultdict
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, is_hypothesis_test, settings

from tests.support.database_servers import (
    MariaServer,
    PostgresServer,
    other_database,
    running_elsewhere,
)
from tests.support.examples import SOAK
from tests.support.kept_databases import KeptDatabases

# How long an example takes says what else the machine does.
settings.register_profile(
    "busy",
    max_examples=1000 if SOAK else 100,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("busy")

# Servers of tests have their files in memory, if there is enough of it.
os.environ.setdefault("SNAPSHOTS_TEST_IN_MEMORY", "1")
_numbers = itertools.count(1)
_PROCESS = os.environ.get("PYTEST_XDIST_WORKER", "gw0")
"""Test processes beside this one may use the same server."""


SERVERS = {
    "postgres_server", "mysql_server", "impatient_server", "impatient_url", "own_server",
    "postgres_url", "mysql_url", "database",
}  # fmt: skip
SLOW = (
    "deploy/", "faults/", "hostile/", "service/", "sync/", "telemetry/", "web/",
    "native/test_properties.py", "sources/test_compression.py", "sources/sql/test_sqlserver.py",
    "sources/remote/test_urls.py", "repository/test_doc_examples.py", "delivery/",
    "values/test_redaction.py", "imports/test_awaiting_parents",
    "imports/test_resume.py", "cli/test_terminal.py", "cli/test_unknown_user.py",
)  # fmt: skip
"""What starts services, kills, or waits: folders and files, by how their names begin."""
FILES = {"duckdb", "sqlite", "toy"}
"""Kinds of databases that are no servers."""
LONGEST = (
    "faults/test_woken.py", "faults/test_server_away.py", "faults/test_full_disk.py",
    "faults/test_owners.py", "deploy/test_brought_up.py", "telemetry/test_prometheus.py",
    "sync/test_crashes.py", "repository/test_doc_examples.py",
)  # fmt: skip
"""Where a test takes ten seconds and more, most of them waiting."""
IN_TURN = (
    "cli/", "delivery/", "project/", "service/", "sync/", "telemetry/", "web/",
    "faults/test_clock.py", "faults/test_delivery_window.py", "faults/test_kill_delivery.py",
    "faults/test_kill_grown.py", "faults/test_network.py", "faults/test_reading_again.py",
    "faults/test_resources.py", "faults/test_unheard.py", "faults/test_woken.py",
    "imports/test_again.py", "imports/test_awaiting_parents_stopped.py",
    "imports/test_backslashes.py", "imports/test_doubts.py", "imports/test_going_on.py",
    "imports/test_grown", "imports/test_messy_files.py", "imports/test_missing_tables.py",
    "imports/test_real_input.py", "imports/test_remedies.py", "imports/test_resume.py",
    # Random sequences, of which each kind of database gets some.
    "imports/test_awaiting_parents.py::test_any_order_of_any_rows", "imports/test_by_key_model.py",
    "imports/test_history_model.py", "imports/test_modes_model.py", "imports/test_undo_model.py",
    "repair/test_fix_files.py", "repair/test_kill_replay.py", "repair/test_replay.py",
    "verify/test_inputs.py", "verify/test_last_line.py", "verify/test_ledger.py",
)  # fmt: skip
"""What is about inputs, processes and interfaces more than about databases: each test runs on one
kind of database, another test on another. `make soak` runs them on the others, too."""
NEW_DATABASES = (
    "conformance/", "ledger/", "faults/test_surroundings.py",
    "imports/test_own_tables.py::test_a_right_that_is_missing",
    "imports/test_own_tables.py::test_a_table_with_row_level_security_is_loaded",
    "imports/test_real_input.py::test_parquet_under_the_name_of_csv_is_refused",
)  # fmt: skip
"""Tests that say what becomes of a database that is not there yet: by how their files and names
begin."""
_TESTS = Path(__file__).parent
_KINDS = ("postgres", "mysql", "postgres_url", "mysql_url", PostgresServer, MariaServer)


def pytest_collection_modifyitems(items):
    """Marks what needs a database server, and what takes long: `make check` leaves both out."""
    _take_turns([item for item in items if _test(item).startswith(IN_TURN)])
    items[:] = _in_stretches(items, int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")))
    for item in items:
        if is_hypothesis_test(getattr(item, "obj", None)):
            item.add_marker("examples")
        if _place(item).startswith(SLOW):
            item.add_marker("slow")
        values = list(item.callspec.params.values()) if hasattr(item, "callspec") else []
        named = any(value in _KINDS for value in values if isinstance(value, str | type))
        needs = SERVERS.intersection(getattr(item, "fixturenames", ()))
        # On a file the same test needs none.
        if named or (needs and not FILES.intersection(v for v in values if isinstance(v, str))):
            item.add_marker("servers")


def _take_turns(items):
    """Of tests that differ in the database alone, all but one are for `make soak`."""
    groups = defaultdict(lambda: defaultdict(list))
    for item in items:
        given = dict(item.callspec.params) if hasattr(item, "callspec") else {}
        database = next((name for name, value in given.items() if _is_kind(value)), None)
        if database is not None:
            del given[database]
            groups[_test(item)][repr(sorted(given.items()))].append(item)
    for function, cases in groups.items():
        for number, group in enumerate(cases.values(), start=zlib.crc32(function.encode())):
            del group[number % len(group)]
            for item in group:
                item.add_marker("soak")


def _is_kind(value):
    return isinstance(value, str | type) and value in (*_KINDS, *FILES)


def _in_stretches(items, processes):
    """Each test process is given a stretch of the tests, and takes from the others' when it has
    done its own. Those that wait are spread over the first half of every stretch: the processor has
    other work meanwhile, and the last tests of a run are short ones."""
    long = [item for item in items if _place(item).startswith(LONGEST)]
    rest = [item for item in items if not _place(item).startswith(LONGEST)]
    cuts = [len(rest) * n // processes for n in range(processes + 1)]
    ordered = []
    for n, (begin, end) in enumerate(itertools.pairwise(cuts)):
        own = long[n::processes]
        step = max(1, (end - begin) // 2 // max(1, len(own)))
        for at in range(begin, end, step):
            ordered += [*own[:1], *rest[at : min(at + step, end)]]
            own = own[1:]
        ordered += own
    return ordered


def _test(item):
    """Its file and its name, without what it is given."""
    return f"{_place(item)}::{getattr(item, 'originalname', '')}"


def _place(item):
    return item.path.relative_to(_TESTS).as_posix()


@pytest.fixture(scope="session", autouse=True)
def own_state(tmp_path_factory):
    """What tests import into is not remembered among the databases of whoever runs them."""
    os.environ["SNAPSHOTS_STATE_DIR"] = str(tmp_path_factory.mktemp("state"))


class _Postgres(PostgresServer):
    """Does not wait for the disk: nobody cuts the power, and no test kills this server."""

    def command(self):
        return [*super().command(), "-c", "fsync=off", "-c", "full_page_writes=off"]


class _Maria(MariaServer):
    """As above."""

    def command(self):
        return [*super().command(), "--innodb-flush-log-at-trx-commit=2"]


@pytest.fixture(scope="session")
def postgres_server():
    """A private server for all tests of this process that end no server."""
    with _Postgres() as server:
        yield server


@pytest.fixture(scope="session")
def mysql_server():
    """A private server for all tests of this process that end no server."""
    with _Maria() as server:
        yield server


class _Impatient(MariaServer):
    """A transaction that waits for a lock for a second is rolled back, all of it."""

    def command(self):
        options = ["--innodb-rollback-on-timeout=ON", "--innodb-lock-wait-timeout=1"]
        return [*super().command(), *options]


@pytest.fixture(scope="session")
def impatient_server():
    """A private server."""
    with _Impatient() as server:
        yield server


@pytest.fixture
def impatient_url(impatient_server):
    """A database of its own for one test, on a server that waits for no lock."""
    name = f"impatient_{next(_numbers)}"
    yield other_database(impatient_server.url(), name)
    _drop_mysql(impatient_server.url(), name)


@pytest.fixture(params=[PostgresServer, MariaServer])
def own_server(request):
    """A server that only this test uses, and may kill."""
    with request.param() as server:
        yield server


def _server(kind, request):
    if url := running_elsewhere(kind):
        return url
    return request.getfixturevalue(f"{kind}_server").url()


def fresh(kind, request):
    """The URL of a database that does not exist yet: what connects first creates it."""
    if kind in FILES:
        folder = request.getfixturevalue("tmp_path_factory").mktemp(kind)
        yield f"{kind}:///{folder}/fresh.{'db' if kind == 'sqlite' else kind}"
        return
    server = _server(kind, request)
    name = f"snapshots_test_{_PROCESS}_{next(_numbers)}"
    drop = _drop_postgres if kind == "postgres" else _drop_mysql
    if running_elsewhere(kind):  # a run before this one may have left it
        drop(server, name)
    yield other_database(server, name)
    drop(server, name)


def _drop_postgres(server, name):
    import psycopg

    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def _drop_mysql(server, name):
    from snapshots import locations

    session = locations.target(server).connect()
    session.execute(f"DROP DATABASE IF EXISTS {name}")
    session.close()


@cache
def _kept(kind, server):
    return KeptDatabases(kind, server, f"snapshots_test_{_PROCESS}_kept")


def emptied(kind, request):
    """The URL of a database without tables, which may exist: others may have used it before.

    It may have the tables of the ledger, with nothing in them. `NEW_DATABASES` get new ones."""
    if kind in FILES or _test(request.node).startswith(NEW_DATABASES):
        yield from fresh(kind, request)
        return
    kept = _kept(kind, _server(kind, request))
    name = kept.take()
    yield other_database(kept.server, name)
    kept.give_back(name)


@pytest.fixture
def postgres_url(request):
    """A database of its own for one test."""
    yield from emptied("postgres", request)


@pytest.fixture
def mysql_url(request):
    """A database of its own for one test."""
    yield from emptied("mysql", request)


@pytest.fixture
def sqlite_url(request):
    """A file of its own for one test."""
    yield from fresh("sqlite", request)


@pytest.fixture
def duckdb_url(request):
    """A file of its own for one test."""
    yield from fresh("duckdb", request)


@pytest.fixture(params=["postgres", "mysql", "sqlite"])
def database(request):
    """The URL of an empty database, on every kind of target in turn."""
    yield from emptied(request.param, request)
