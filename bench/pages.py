"""Measures pages of rows over REST: the first one of a large table, with a primary key and without,
by an index, and the one that `next` leads to.

python bench/pages.py                          # 25 million rows, in each database
python bench/pages.py --rows 1000000 --targets sqlite
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from tests.support.database_servers import MariaServer, PostgresServer  # noqa: E402
from tests.support.service_process import Client, served  # noqa: E402

import results  # noqa: E402
from snapshots import locations  # noqa: E402

LOOKS = 21
VERSIONS = "PostgreSQL 15.18, MariaDB 10.11.19, snapshots 0.1.0, Python 3.11.7"
HEAD = ("| table | first page, ms | second page, ms |", "|---|---:|---:|")
NOTES = (
    "`keyed` has a primary key, and an index on (kind, id); `plain` has neither. A page is 100 rows"
    " of five columns, asked for on a connection of its own.",
)
ROWS = {
    "postgres": "SELECT n, n % 977, 'name ' || n, 1, n FROM generate_series(2, {0}) AS g(n)",
    "sqlite": "WITH RECURSIVE g(n) AS (SELECT 2 UNION ALL SELECT n + 1 FROM g WHERE n < {0})"
    " SELECT n, n % 977, 'name ' || n, 1, n FROM g",
    "mysql": "SELECT seq, seq % 977, CONCAT('name ', seq), 1, seq FROM seq_2_to_{0}",
}


@contextmanager
def database(name: str) -> Iterator[str]:
    """A fresh one, on a private server where there is one."""
    if name == "sqlite":
        with tempfile.TemporaryDirectory() as folder:
            yield f"sqlite:///{folder}/pages.db"
        return
    with (PostgresServer if name == "postgres" else MariaServer)() as server:
        yield server.url()


def fill(client: Client, url: str, name: str, table: str, rows: int) -> None:
    """A table that an import of one row has made gets the others from the database itself."""
    client.ask("PUT", f"/v1/files/{table}.csv", b"id,kind,name\n1,1,name 1\n")
    key = {"primary_key": ["id"]} if table == "keyed" else {}
    done = client.wait(client.submit(file=f"{table}.csv", table=table, **key))
    assert done["state"] == "finished", done
    session = locations.target(url).connect()
    columns = "id, kind, name, _import_id, _line"
    session.execute(f"INSERT INTO {table} ({columns}) {ROWS[name].format(rows)}")
    if table == "keyed":
        session.execute("CREATE INDEX keyed_kind ON keyed (kind, id)")
    # What follows such a load is not measured.
    if name == "postgres":
        session.execute(f"VACUUM ANALYZE {table}")
        session.execute("CHECKPOINT")
    elif name == "mysql":
        session.execute(f"ANALYZE TABLE {table}")
        session.execute("SET GLOBAL innodb_max_dirty_pages_pct = 0")
        left = "SHOW STATUS LIKE 'Innodb_buffer_pool_pages_dirty'"
        for _ in range(60):
            if session.execute(left)[0][1] == "0":
                break
            time.sleep(1)
    session.close()


def look(client: Client, path: str) -> tuple[float, str | None]:
    """Milliseconds, in the middle of several; and where the next page is."""
    took = []
    for _ in range(LOOKS):
        begun = time.perf_counter()
        answer = client.get(path)
        took.append(time.perf_counter() - begun)
        assert answer.status == 200, answer
        assert len(answer.json["rows"]) == 100
    return statistics.median(took) * 1000, answer.json["next"]


def measure(name: str, rows: int) -> Iterator[str]:
    """The lines of a table, each when it is known."""
    with database(name) as url, tempfile.TemporaryDirectory() as folder:
        uploads = Path(folder) / "files"
        uploads.mkdir()
        with served(url, uploads, "--rate-limit", "0") as client:
            for table in ("keyed", "plain"):
                fill(client, url, name, table, rows)
                path = f"/v1/tables/{table}/rows"
                first, following = look(client, path)
                second, _ = look(client, following or "")
                yield f"| {name}, {table} | {first:.1f} | {second:.1f} |"
            for sort in ("kind", "-id"):
                first, following = look(client, f"/v1/tables/keyed/rows?sort={quote(sort)}")
                second, _ = look(client, following or "")
                yield f"| {name}, keyed, sort={sort} | {first:.1f} | {second:.1f} |"
            refused = client.get("/v1/tables/keyed/rows?sort=name")
            print(refused.status, refused.json["detail"], file=sys.stderr)


def main() -> None:
    """See the top."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=25_000_000)
    parser.add_argument("--targets", default="postgres,sqlite,mysql")
    given = parser.parse_args()
    table = list(HEAD)
    for name in given.targets.split(","):
        for line in measure(name, given.rows):
            print(line, flush=True)
            table.append(line)
    command = f"python bench/pages.py --rows {given.rows} --targets {given.targets}"
    keep(table, given.rows, command)


def keep(table: list[str], rows: int, command: str) -> None:
    """Into the results."""
    section = results.Table(
        f"Pages of {rows:,} rows over REST", table, LOOKS, VERSIONS, command, NOTES
    )
    results.keep("pages", section)


if __name__ == "__main__":
    main()
