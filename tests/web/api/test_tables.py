"""Rows are read back, whatever their columns are called and whatever is in them."""

from urllib.parse import quote, urlencode

import pytest

from tests.support.service_process import served

NAME = 'odd "name"? %s; --'


def make_rows():
    """200 of them; some values are missing, and many are the same."""
    for n in range(200):
        name = "" if n % 7 == 0 else f"n{n % 5}"
        amount = "" if n % 11 == 0 else f"{n % 13}.{n % 100:02d}"
        yield (
            n, name, amount, f"2024-01-{n % 28 + 1:02d} 10:00:00", "true" if n % 2 else "false",
            n / 8,
        )  # fmt: skip


ROWS = list(make_rows())


def zoned(number):
    """Some with a fraction of a second, some without."""
    return f"2024-03-01 12:00:{number // 10:02d}{'.5' if number % 2 else ''}+02:00"


def as_json(row):
    number, name, amount, at, ok, ratio = row
    return number, name or None, amount or None, at, ok == "true", ratio


@pytest.fixture
def client(database, tmp_path):
    quoted = NAME.replace('"', '""')
    lines = [f'id,"{quoted}",amount,at,ok,ratio,zoned']
    lines += [",".join(map(str, (*row, zoned(row[0])))) for row in ROWS]
    (tmp_path / "rides.csv").write_text("\n".join(lines) + "\n")
    with served(database, tmp_path, "--rate-limit", "0") as serving:
        done = serving.wait(serving.submit(file="rides.csv"))
        assert (done["state"], done["error"]) == ("finished", None)
        yield serving


def read(client, **query):
    """All pages: the rows as tuples, without their lineage."""
    found, path = [], f"/v1/tables/rides/rows?{urlencode(query, doseq=True)}"
    while path:
        answer = client.get(path)
        assert answer.status == 200, answer.data
        page = answer.json
        found += [
            (r["id"], r[NAME], r["amount"], r["at"][:19], r["ok"], float(r["ratio"]))
            for r in page["rows"]
        ]
        path = page["next"]
    return found


def amount(row):
    return float(row[2])


def test_rows_are_read_back(client):
    pages_filters_and_orders(client)
    what_is_not_there_and_what_makes_no_sense(client)


def pages_filters_and_orders(client):
    everything = [as_json(row) for row in ROWS]
    assert normal(read(client, limit=30)) == normal(everything)
    assert client.get("/v1/tables").json == {"tables": ["rides"]}
    for where, holds in {
        "id:ge:190": lambda r: r[0] >= 190,
        "amount:lt:10": lambda r: r[2] is not None and amount(r) < 10,
        "amount:eq:5.180": lambda r: r[2] is not None and amount(r) == 5.18,
        f"{NAME}:null": lambda r: r[1] is None,
        f"{NAME}:eq:n3": lambda r: r[1] == "n3",
        "at:gt:2024-01-27T00:00:00": lambda r: r[3] > "2024-01-27",
        "ok:eq:true": lambda r: r[4],
        "ratio:le:2.5": lambda r: r[5] <= 2.5,
        "zoned:gt:2024-03-01T10:00:05Z": lambda r: r[0] // 10 + r[0] % 2 / 2 > 5,
        "zoned:eq:2024-03-01T12:00:05.500+02:00": lambda r: r[0] // 10 == 5 and r[0] % 2,
    }.items():
        expected = [row for row in everything if holds(row)]
        assert expected, where
        assert normal(read(client, where=where, limit=50)) == normal(expected), where
    both = read(client, where=["id:ge:100", f"{NAME}:notnull"], limit=1000)
    assert normal(both) == normal([r for r in everything if r[0] >= 100 and r[1]])
    for sort, key in {
        ("amount",): lambda r: (r[2] is None, amount(r) if r[2] else 0, r[0]),
        ("-amount",): lambda r: (r[2] is None, -amount(r) if r[2] else 0, -r[0]),
        (NAME, "-id"): lambda r: (r[1] is None, r[1] or "", -r[0]),
        ("-at", "id"): lambda r: (-int(r[3][8:10]), r[0]),
        ("ok", "ratio"): lambda r: (r[4], r[5]),
        ("-zoned",): lambda r: (-(r[0] // 10 + r[0] % 2 / 2), -r[0]),
    }.items():
        expected = sorted(everything, key=key)
        assert normal(read(client, sort=sort, limit=17)) == normal(expected), sort


def normal(rows):
    """Databases write times and decimals in their own ways."""
    return [
        (i, name, None if amount is None else float(amount), at.replace("T", " "), ok, ratio)
        for i, name, amount, at, ok, ratio in rows
    ]


def what_is_not_there_and_what_makes_no_sense(client):
    for path, status, code in (
        ("/v1/tables/snapshots_imports/rows", 403, "forbidden_table"),
        ("/v1/tables/pg_catalog.pg_authid/rows", 403, "forbidden_table"),
        ("/v1/tables/sqlite_master/rows", 403, "forbidden_table"),
        ("/v1/tables/" + quote('rides"; DROP TABLE rides; --') + "/rows", 403, "forbidden_table"),
        ("/v1/tables/rides/rows?sort=nope", 422, "usage"),
        ("/v1/tables/rides/rows?where=nope:eq:1", 422, "usage"),
        ("/v1/tables/rides/rows?where=id:like:1", 422, "usage"),
        ("/v1/tables/rides/rows?where=id:eq:one", 422, "usage"),
        ("/v1/tables/rides/rows?where=at:eq:yesterday", 422, "usage"),
        ("/v1/tables/rides/rows?where=id:eq:1%20OR%201=1", 422, "usage"),
        ("/v1/tables/rides/rows?after=WzEsMiwzXQ==", 422, "usage"),
        ("/v1/tables/rides/rows?after=%00", 422, "usage"),
    ):
        answer = client.get(path)
        assert (answer.status, answer.json["code"]) == (status, code), path
    for text in ("'; DROP TABLE rides; --", "%", "\\", "\u2028"):
        assert read(client, where=f"{NAME}:eq:{text}") == []
    assert len(read(client)) == len(ROWS)
