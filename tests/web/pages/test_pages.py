"""The pages as a server gives them: what no browser is needed for."""

import csv
import io
import re
from contextlib import closing
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from snapshots import locations
from snapshots.ledger.history import History
from snapshots.ledger.timeline import MOST_GROUPS, timeline
from snapshots.web.pages.chart import HEIGHT, WIDTH, chart
from snapshots.web.pages.formatting import clock, percent, record, size, span
from tests.support.rides_file import HOSTILE
from tests.support.service_process import database_beside, served
from tests.support.worker_process import books

HERE = {"Sec_Fetch_Site": "same-origin"}
FORM = {"Content_Type": "application/x-www-form-urlencoded"}


@pytest.fixture(scope="module")
def idle(tmp_path_factory):
    """A service that works on nothing, with 60 imports that wait."""
    folder = tmp_path_factory.mktemp("idle")
    with served(database_beside(folder), folder, "--workers", "0", "--rate-limit", "0") as client:
        for n in range(60):
            client.submit(file=f"f{n}.csv", table=f"t{n}")
        yield client


class Read(HTMLParser):
    """The elements of a page, and the attributes of each."""

    def __init__(self, page):
        super().__init__()
        self.elements = []
        self.feed(page.decode())

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]


def test_nothing_is_inline_and_nothing_comes_from_elsewhere(idle):
    paths = (
        "/",
        "/imports/1",
        "/imports/77",
        "/?state=failed",
        "/tables",
        "/tables/x",
        "/docs",
        "/new",
    )
    for path in paths:
        page = Read(idle.get(path).data)
        assert all("src" in script for script in page.all("script"))
        assert page.all("style") == []
        for tag, attributes in page.elements:
            assert not any(name == "style" or name.startswith("on") for name in attributes), tag
        links = [a.get("href") or a.get("src") for tag, a in page.elements if tag != "a"]
        for link in filter(None, links):
            assert link.startswith("/static/")
            assert idle.get(link).status == 200


def test_the_list_has_pages(idle):
    first = Read(idle.get("/").data)
    (older,) = [a["href"] for a in first.all("a") if a["href"].startswith("/?before=")]
    second = Read(idle.get(older).data)
    shown = [e["id"] for page in (first, second) for e in page.all("li")]
    assert shown == [f"import-{n}" for n in range(60, 0, -1)]


def test_the_filters_count_and_the_search_narrows(idle):
    everything = page_of(idle, "/")
    assert tabs(everything) == {"All": 60, "Queued": 60} | dict.fromkeys(
        ("Running", "Finished", "Failed", "Cancelled", "Interrupted", "Undone"), 0
    )
    some = page_of(idle, "/?name=F1")
    assert tabs(some)["All"] == tabs(some)["Queued"] == 11
    assert [e["id"] for e in Read(some).all("li")] == [
        f"import-{n + 1}" for n in (*range(19, 9, -1), 1)
    ]
    assert tabs(page_of(idle, "/?name=f1&state=failed"))["Queued"] == 11
    for name, shown in (("%25", "%"), ("_", "_"), ("!", "!"), ("%3Cb%3E", "&lt;b&gt;")):
        nothing = page_of(idle, f"/?name={name}")
        assert tabs(nothing)["All"] == 0
        assert f"No import has “{shown}”" in nothing.decode()


def page_of(client, path):
    answer = client.get(path)
    assert answer.status == 200
    return answer.data


def tabs(page):
    found = re.findall(r">(\w+) <span>([\d,]+)</span></a>", page.decode())
    return {name: int(number) for name, number in found}


def test_the_search_has_every_database(database, tmp_path):
    with served(database, tmp_path, "--workers", "0") as client:
        client.submit(file="Rides_2026.csv", table="trips")
        client.submit(file="sales.csv")
        for name, ids in (("rides", [1]), ("TRIP", [1]), ("s", [2, 1]), ("rides%25", [])):
            shown = [e["id"] for e in Read(page_of(client, f"/?name={name}")).all("li")]
            assert shown == [f"import-{n}" for n in ids], name


def test_times_name_their_zone(idle):
    for path, pattern in (
        ("/", r'<time datetime="([\d-]+)T([\d:]{5})[^"]*">\1 \2 UTC</time>'),
        ("/imports/1", r'<time datetime="([\d-]+)T([\d:]{8})[^"]*">\1 \2 UTC</time>'),
    ):
        assert re.search(pattern, page_of(idle, path).decode())


def test_states_that_no_worker_has_set(tmp_path):
    database = database_beside(tmp_path)
    with served(database, tmp_path, "--workers", "0") as client:
        for name in ("a.csv", "b.csv"):
            client.submit(file=name)
        with books(database) as opened:
            opened.session.execute("UPDATE snapshots_imports SET state = 'undone' WHERE id = 1")
            # Its loading has ended, and a worker is still to do what was asked.
            opened.session.execute(
                "UPDATE snapshots_imports SET state = 'interrupted', wanted = 'cancel' WHERE id = 2"
            )
        page = page_of(client, "/").decode()
        assert re.findall(r'<p class="state (\w+)">', page) == ["stopping", "undone"]
        assert "Import 1 is undone." in page
        assert page.count("<progress") == 1
        for action in ("cancel", "resume"):
            assert f'action="/imports/1/{action}"' not in page
            assert f'action="/imports/2/{action}"' not in page
        assert 'state undone"' in page_of(client, "/imports/1").decode()


def test_resume_is_offered_where_it_helps(tmp_path):
    (tmp_path / "parquet.csv").write_bytes(b"PAR1")
    (tmp_path / "gone.csv").write_bytes(b"PAR1")
    (tmp_path / "bad.csv").write_text("id,name\n" + "1,a\n" * 200 + "2\n" * 20)
    (tmp_path / "good.csv").write_text("id,name\n1,a\n")
    with served(database_beside(tmp_path), tmp_path) as client:
        for name in ("parquet", "gone", "bad", "good"):
            client.wait(client.submit(file=f"{name}.csv", max_rejects="5"))
        (tmp_path / "gone.csv").unlink()
        page = page_of(client, "/").decode()
        assert re.findall(r'action="/imports/(\d)/resume"', page) == ["1"]
        gone = page_of(client, "/imports/2").decode()
        assert "/imports/2/resume" not in gone
        assert "the uploaded file was deleted" in gone
        over = page_of(client, "/imports/3").decode()
        assert over.count('action="/imports/3/resume"') == 1
        assert 'name="max_rejects"' in over
        refused = client.ask("POST", "/imports/3/resume", b"max_rejects=many", **FORM, **HERE)
        assert refused.status == 422
        assert b"is not a valid reject limit" in refused.data
        assert client.state(3) == "failed"
        allowed = client.ask("POST", "/imports/3/resume", b"max_rejects=20", **FORM, **HERE)
        assert allowed.status == 303
        assert client.wait(3)["state"] == "finished"


def test_rejects_are_no_formulas(tmp_path):
    starts = ("=1+2", "+1", "-1", "@SUM(A1)", "\tx", "\uff1d1+2", "x=1")
    rows = "".join(f"{start},a,b\n" for start in starts) + "=bad,1\n"
    (tmp_path / "t.csv").write_text(f"=n,name\n1,a\n{rows}")
    contract = {"fields": [{"name": "=n", "type": "integer"}, {"name": "name", "type": "string"}]}
    with served(database_beside(tmp_path), tmp_path) as client:
        number = client.submit(file="t.csv", contract=contract, max_rejects="99%")
        assert client.wait(number)["rejected"] == len(starts) + 1
        page = Read(page_of(client, f"/imports/{number}"))
        (link,) = [a["href"] for a in page.all("a") if "format=csv" in a.get("href", "")]
        escaped, plain = (
            list(csv.DictReader(io.StringIO(client.get(path).data.decode(), newline="")))
            for path in (link, link.partition("&")[0])
        )
        for kept, one in zip(plain, escaped, strict=True):
            for name, text in kept.items():
                formula = text.startswith(("=", "+", "-", "@", "\t", "\uff1d"))
                assert one[name] == ("'" if formula else "") + text
        assert [row["raw"][0] for row in escaped] == ["'"] * 6 + ["x", "'"]
        assert escaped[-1]["column"] == "'=n"
        both = client.get(f"/v1/imports/{number}/rejects?escape_formulas=true")
        assert (both.status, both.json["code"]) == (422, "usage")


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
        {"Origin": "https://example.org"},
        {"Origin": "null"},
    ],
    ids=str,
)
def test_forms_of_other_sites_are_refused(idle, headers):
    for path in ("/imports", "/imports/1/cancel", "/imports/1/undo", "/imports/1/resume"):
        answer = idle.ask("POST", path, b"url=https://example.org/a.csv", **FORM, **headers)
        assert answer.status == 403, path
    assert idle.state(1) == "queued"
    assert len(idle.get("/v1/imports?limit=200").json["imports"]) == 60


def test_forms_of_these_pages_are_answered_with_another_address(idle):
    for path in ("/imports/2/cancel", "/imports/2/resume"):
        answer = idle.ask("POST", path, **HERE)
        assert (answer.status, answer.headers["location"]) == (303, "/imports/2")
    assert idle.state(2) == "queued"
    conflict = idle.ask("POST", "/imports/2/resume", **HERE)
    assert conflict.status == 409
    assert b"is queued" in conflict.data
    old = idle.ask("POST", "/imports/2/cancel", Origin=f"http://127.0.0.1:{idle.port}")
    assert old.status == 303


@pytest.mark.parametrize(
    ("form", "complaint"),
    [
        ("url=", b"either a url or a file"),
        ("url=https://ana:pw@example.org/a.csv", b"credentials"),
        ("url=https://example.org/a.csv&contract=%7B", b"not valid JSON"),
        ("url=https://example.org/a.csv&delimiter=ab", b"dialect.delimiter"),
        ("url=https://example.org/a.csv&max_rejects=some", b"max_rejects"),
    ],
)
def test_what_is_wrong_with_a_form_stands_above_it(idle, form, complaint):
    answer = idle.ask("POST", "/imports", form.encode(), **FORM, **HERE)
    assert answer.status == 422
    assert complaint in answer.data
    assert b"pw@" not in answer.data
    assert b'role="alert"' in answer.data


def test_what_is_not_there_has_a_page(idle):
    for path in ("/imports/77", "/imports/x"):
        answer = idle.get(path)
        assert (answer.status, answer.headers["content-type"]) == (404, "text/html; charset=utf-8")


def chunks(database, count, seconds):
    """A ledger with an import of so many chunks, one after the other."""
    with books(database) as opened:
        for n in range(count):
            ms = round(1000 * seconds * n)
            at = f"2026-11-21T{10 + ms // 3600000:02d}:{ms // 60000 % 60:02d}:{ms // 1000 % 60:02d}"
            opened.session.execute(
                "INSERT INTO snapshots_chunks (import_id, start_offset, end_offset, start_line,"
                " records, loaded, rejected, fence, seconds, committed_at)"
                " VALUES (1, ?, ?, 1, 100, 99, 1, 1, ?, ?)",
                (n * 1000, (n + 1) * 1000, seconds, f"{at}.{ms % 1000:03d}Z"),
            )


@pytest.mark.parametrize(("count", "seconds"), [(40, 0.25), (1000, 4.0)], ids=["few", "many"])
def test_a_timeline_is_bounded_and_loses_nothing(database, count, seconds):
    chunks(database, count, seconds)
    target = locations.target(database)
    with closing(target.connect()) as session:
        groups = timeline(History(target, session), 1)
    assert len(groups) <= MOST_GROUPS
    assert sum(group.chunks for group in groups) == count
    assert sum(group.records for group in groups) == 100 * count
    assert sum(group.rejected for group in groups) == count
    assert all(a.end == b.start and a.ended < b.ended for a, b in pairwise(groups))
    drawn = chart(groups)
    assert drawn.mean == pytest.approx(100 / seconds, rel=0.01)
    assert drawn.peak == pytest.approx(100 / seconds, rel=0.3)
    assert all(0 <= bar.x <= WIDTH and 0 <= bar.y <= HEIGHT for bar in drawn.bars)


def test_a_break_takes_no_room_in_a_chart(sqlite_url):
    chunks(sqlite_url, 10, 1.0)
    with books(sqlite_url) as opened:
        opened.session.execute(
            "UPDATE snapshots_chunks SET committed_at = REPLACE(committed_at, 'T10', 'T15')"
            " WHERE start_offset >= 5000"
        )
        drawn = chart(timeline(opened.ledger, 1))
    assert drawn.worked == pytest.approx(10, abs=0.1)
    assert drawn.breaks.count("M") == 1
    assert drawn.bars[5].x == pytest.approx(WIDTH / 2, abs=1)


def test_words():
    assert [size(n) for n in (0, 999, 1000, 2_912_345_678)] == ["0 B", "999 B", "1.0 kB", "2.9 GB"]
    assert [span(n) for n in (0.08, 4.21, 59, 61, 3700, 90000)] == [
        "80 ms", "4.2 s", "59 s", "1 min 1 s", "1 h 1 min", "1 d 1 h",
    ]  # fmt: skip
    assert [percent(n) for n in (0, 99.99, 100)] == ["0.0 %", "99.9 %", "100 %"]
    assert clock(0) == "00:00:00"
    assert record(b"a\xe9\x00\r\tb") == "a\\xe9\\x00\\r\\tb"
    assert record(HOSTILE.encode()).isprintable()
    assert len(record(b"x" * 65536)) < 2100
