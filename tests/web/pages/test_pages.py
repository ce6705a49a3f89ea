"""The pages as a server gives them: what no browser is needed for."""

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
    """A service that works on nothing, with 30 imports that wait."""
    folder = tmp_path_factory.mktemp("idle")
    with served(database_beside(folder), folder, "--workers", "0", "--rate-limit", "0") as client:
        for n in range(30):
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
    for path in ("/", "/imports/1", "/imports/77", "/?state=failed"):
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
    assert shown == [f"import-{n}" for n in range(30, 0, -1)]


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
    assert len(idle.get("/v1/imports?limit=200").json["imports"]) == 30


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
        ("url=https://example.org/a.csv&contract=%7B", b"no JSON"),
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
