"""The dashboard as people use it: in Chromium, over a real service."""

import csv
import io
import json
import os
import re
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import expect

from snapshots.web.gate.tokens import create
from tests.support.browser import SECONDS, check_accessible, chromium, looking, tab_to
from tests.support.processes import wait_for
from tests.support.rides_file import CONTRACT, HOSTILE, rides
from tests.support.service_process import served
from tests.support.web_server import serving

__all__ = ["chromium"]
IMAGES = Path(__file__).resolve().parents[3] / "docs" / "images"
IN_DOCS = {"dashboard-1180-light", "import-1180-dark", "dashboard-390-dark"}
SMALL = 1 << 16


@contextmanager
def dashboard(chromium, database, folder, **context):
    """A web server with files, a service that may read them, and a page of it."""
    with serving() as web:
        allowed = ("--allow-host", f"127.0.0.1:{web.port}")
        with (
            served(database, folder, *allowed) as client,
            looking(chromium, client, **context) as page,
        ):
            yield web, client, page


def many(data, times):
    """The records so many times; for more bytes than a chunk or a piece of a transfer has."""
    head, _, records = data.partition(b"\n")
    return head + b"\n" + times * records


def state(page, name):
    """The import on its page is in this state now, or soon."""
    expect(page.locator("article .state")).to_have_text(f"State: {name}")


def test_submit_watch_cancel_and_resume_with_the_keyboard(chromium, sqlite_url, tmp_path):
    data = many(rides(20_000), 35)
    with dashboard(chromium, sqlite_url, tmp_path) as (web, client, page):
        thing, url = web.put("/rides_2026.csv", data, stops_at=14_000_000)
        tab_to(page, page.get_by_label("URL of a CSV file"))
        page.keyboard.type(url)
        tab_to(page, page.get_by_text("Options"))
        page.keyboard.press("Enter")
        tab_to(page, page.get_by_label("Contract"))
        page.keyboard.insert_text(json.dumps(CONTRACT))
        check_accessible(page)
        tab_to(page, page.get_by_role("button", name="Import"))
        page.keyboard.press("Enter")

        page.wait_for_url("**/imports/1")
        state(page, "running")
        bar = page.get_by_role("progressbar", name="Progress of import 1")
        wait_for(lambda: client.get("/v1/imports/1").json["records"], SECONDS)
        now = client.get("/v1/imports/1").json["progress"]["percent"]
        assert 30 < now < 75
        expect(bar).to_have_attribute("value", str(now))
        expect(page.locator(".percent")).to_have_text(f"{now} %")
        cancel = page.get_by_role("button", name="Cancel import 1")
        tab_to(page, cancel)
        page.keyboard.press("Enter")
        state(page, "cancelled")
        expect(page.get_by_role("status")).to_contain_text("Import 1 is cancelled.")
        expect(page.get_by_role("article", name="Import 1")).to_be_focused()

        thing.stops_at = None
        thing.go.set()
        tab_to(page, page.get_by_role("button", name="Resume import 1"))
        page.keyboard.press("Enter")
        state(page, "finished")
        expect(page.get_by_role("status")).to_contain_text("Import 1 is finished.")
        done = client.get("/v1/imports/1").json
        assert done["records"] == 20_000 * 35
        counts = [done[name] for name in ("records", "loaded", "rejected", "skipped")]
        buckets = page.locator(".buckets dd").all_inner_texts()
        assert buckets == [f"{number:,}" for number in counts]
        page.get_by_role("link", name="All imports").click()
        expect(page.get_by_role("link", name=url)).to_be_visible()


def test_the_list_lives_and_can_be_narrowed(chromium, sqlite_url, tmp_path):
    (tmp_path / "one.csv").write_bytes(rides(50))
    (tmp_path / "two.csv").write_bytes(b"PAR1")
    with dashboard(chromium, sqlite_url, tmp_path) as (_, client, page):
        expect(page.get_by_text("No imports yet.")).to_be_visible()
        client.submit(file="one.csv")
        cards = page.get_by_role("listitem")
        expect(cards).to_have_count(1)
        expect(cards.locator(".state")).to_have_text("State: finished")
        client.submit(file="two.csv")
        expect(cards).to_have_count(2)
        expect(cards.first.locator(".state")).to_have_text("State: failed")
        expect(cards.first.locator(".error")).to_contain_text("Parquet")
        check_accessible(page)
        page.get_by_role("link", name="Finished").click()
        expect(page.get_by_role("link", name="Finished")).to_have_attribute("aria-current", "page")
        expect(cards).to_have_count(1)
        page.get_by_role("link", name="Running").click()
        expect(page.get_by_text("No import is running.")).to_be_visible()


def test_rejects_are_ranked_shown_and_downloaded(chromium, postgres_url, tmp_path):
    (tmp_path / "rides.csv").write_bytes(rides(20_000, bad=0.01))
    with dashboard(chromium, postgres_url, tmp_path) as (_, client, page):
        number = client.submit(file="rides.csv", contract=CONTRACT, chunk_size=SMALL)
        by_code = client.wait(number)["rejects_by_code"]
        page.goto(f"/imports/{number}")
        reasons = page.get_by_role("list", name="Reasons, most frequent first")
        shown = [text.split() for text in reasons.get_by_role("link").all_inner_texts()]
        assert shown == [[code, f"{count:,}"] for code, count in by_code.items()]

        reasons.get_by_role("link", name="not_a_date").click()
        table = page.get_by_role("table", name="Rejected records of not_a_date")
        first = client.get(f"/v1/imports/{number}/rejects?code=not_a_date&limit=26").lines
        for row, reject in zip(table.get_by_role("row").all()[1:], first[:25], strict=True):
            assert f"{reject['line']:,}" in row.inner_text()
            assert reject["raw"] in row.inner_text()
        page.get_by_role("link", name="Next page").click()
        expect(table.get_by_role("row").nth(1)).to_contain_text(first[25]["raw"])

        with page.expect_download() as download:
            page.get_by_role("link", name="CSV", exact=True).click()
        text = Path(download.value.path()).read_text()
        assert len(list(csv.DictReader(io.StringIO(text)))) == sum(by_code.values())
        plots = page.get_by_role("img")
        expect(plots.first).to_have_attribute("aria-label", re.compile("Rows a second, from "))
        expect(plots.last).to_have_attribute("aria-label", re.compile(r"^\d+ chunks committed"))


def test_what_is_hostile_is_text(chromium, sqlite_url, tmp_path):
    lines = [f"ride,{HOSTILE}", "1,a", f"2,{HOSTILE},more", "3,b"]
    (tmp_path / "t.csv").write_text("\n".join(lines) + "\n", "utf-8")
    with dashboard(chromium, sqlite_url, tmp_path) as (_, client, page):
        client.submit(file="t.csv", table='"a<b>&amp;\'"', max_rejects="90%")
        assert client.wait(1)["rejected"] == 1
        page.goto("/imports/1")
        page.get_by_text("2 columns").click()
        shown = HOSTILE.replace("\x1b", "\\x1b").replace("\u202e", "\\u202e")
        expect(page.locator(".raw")).to_have_text(f"2,{shown},more")
        expect(page.locator(".columns dt").last).to_contain_text("<script>alert(2)</script>")
        expect(page.locator(".into bdi")).to_have_text("a<b>&amp;'")
        assert page.locator("main script, main img").count() == 0
        # Nor may a script run that stands in a page, should one ever get there.
        page.goto("/?state=finished")
        expect(page.get_by_role("listitem")).to_contain_text("a<b>&amp;'")


def test_it_works_without_scripts(chromium, sqlite_url, tmp_path):
    data = rides(2000)
    with dashboard(chromium, sqlite_url, tmp_path, java_script_enabled=False) as (web, _, page):
        thing, url = web.put("/r.csv", data, stops_at=1 << 10)
        page.get_by_label("URL of a CSV file").fill("ftp://example.org/r.csv")
        press(page, "Import")
        expect(page.get_by_role("alert")).to_be_visible()
        expect(page.get_by_label("URL of a CSV file")).to_have_value("ftp://example.org/r.csv")
        page.get_by_label("URL of a CSV file").fill(url)
        press(page, "Import")
        page.wait_for_url("**/imports/1")
        press(page, "Cancel import 1")
        thing.go.set()
        seen(page, "cancelled", "finished")
        if shown_state(page) == "cancelled":
            press(page, "Resume import 1")
        seen(page, "finished")
        expect(page.get_by_text("Reload it to see changes")).to_be_visible()


def press(page, name):
    """Presses a button whose answer is a new page, and waits for that page.

    Where no script runs a form is a navigation, and one that is under way does not bear a reload.
    """
    with page.expect_navigation():
        page.get_by_role("button", name=name).click()


def seen(page, *states):
    """Reloads until the import is in one of these states."""
    wait_for(lambda: page.reload() and shown_state(page) in states, SECONDS)


def shown_state(page):
    return page.locator("article .state").inner_text().split()[1]


def test_a_token_is_the_password_of_a_login(chromium, sqlite_url, tmp_path):
    """It goes along with what scripts ask for, too."""
    secret = create(tmp_path / "tokens", "ana", "write")
    options = ("--tokens", str(tmp_path / "tokens"), "--workers", "0")
    login = {"username": "ana", "password": secret}
    with (
        served(sqlite_url, tmp_path, *options) as client,
        looking(chromium, client, http_credentials=login) as page,
    ):
        client.headers["Authorization"] = f"Bearer {secret}"
        client.submit(file="one.csv")
        page.get_by_role("button", name="Cancel import 1").click()
        expect(page.get_by_role("listitem").locator(".state")).to_have_text("State: cancelled")


def test_fifty_imports_fit_two_screens(chromium, sqlite_url, tmp_path):
    """A failed one takes no more room than a finished one, however long its error is."""
    for n in range(49):
        (tmp_path / f"rides_{n:02d}.csv").write_bytes(rides(20, seed=n))
    (tmp_path / "bad.csv").write_bytes(rides(20, seed=99))
    others = {"fields": [{"name": f"column_{n:02d}", "type": "string"} for n in range(60)]}
    with dashboard(chromium, sqlite_url, tmp_path) as (_, client, page):
        for n in range(49):
            client.submit(file=f"rides_{n:02d}.csv", table="rides")
        client.wait(client.submit(file="bad.csv", contract=others), "failed")
        page.goto("/")
        cards = page.get_by_role("listitem")
        expect(cards).to_have_count(50)
        heights = {round(card.bounding_box()["height"]) for card in cards.all()[:20]}
        assert len(heights) == 1
        # All but the one that failed.
        assert page.locator(".state.finished").count() == 49
        assert page.evaluate("document.documentElement.scrollHeight") <= 2 * 860

        error = cards.first.locator(".error p")
        expect(error).to_be_hidden()
        summary = cards.first.locator("summary")
        tab_to(page, summary)
        page.keyboard.press("Enter")
        expect(error).to_be_visible()
        check_accessible(page)
        # What changes elsewhere on the page leaves it open.
        client.submit(file="rides_00.csv", again=True)
        expect(page.locator("#import-51 .state")).to_have_text("State: finished")
        expect(page.locator("#import-50 .error p")).to_be_visible()


def test_local_time_stands_beside_utc(chromium, sqlite_url, tmp_path):
    (tmp_path / "one.csv").write_bytes(rides(50))
    with dashboard(chromium, sqlite_url, tmp_path, timezone_id="Asia/Kolkata") as (_, client, page):
        client.wait(client.submit(file="one.csv"))
        at = datetime.fromisoformat(client.get("/v1/imports/1").json["queued_at"])
        there = at.astimezone(ZoneInfo("Asia/Kolkata"))
        day = "" if there.date() == at.date() else f"{there:%Y-%m-%d} "
        # The list that was there has changed by itself.
        expect(page.locator("#import-1 time")).to_have_text(
            f"{at:%Y-%m-%d %H:%M} UTC · {day}{there:%H:%M} GMT+5:30"
        )
        page.goto("/imports/1")
        expect(page.locator("time").first).to_have_text(
            f"{at:%Y-%m-%d %H:%M:%S} UTC · {day}{there:%H:%M:%S} GMT+5:30"
        )


def test_a_service_that_is_gone_is_noticed(chromium, sqlite_url, tmp_path):
    with dashboard(chromium, sqlite_url, tmp_path) as (_, client, page):
        lost = page.get_by_text("The service is not responding")
        expect(lost).to_be_hidden()
        expect(page.get_by_text("No imports yet.")).to_be_visible()
        client.stop()
        expect(lost).to_be_visible()


@pytest.fixture
def image(tmp_path):
    """Takes a picture; for the docs if SNAPSHOTS_TEST_IMAGES is set."""
    wanted = IN_DOCS if "SNAPSHOTS_TEST_IMAGES" in os.environ else set()

    def take(page, name):
        path = (IMAGES if name in wanted else tmp_path) / f"{name}.png"
        page.screenshot(path=path, animations="disabled")
        assert path.stat().st_size < 200_000

    return take


def test_every_window_and_colour_scheme(chromium, postgres_url, tmp_path, image):
    for name, bad in (("rides_2026-01", 0), ("rides_2026-02", 0.004), ("rides_2026-03", 0.5)):
        (tmp_path / f"{name}.csv").write_bytes(rides(40_000, bad))
    zone = {"timezone_id": "Europe/Berlin"}
    with dashboard(chromium, postgres_url, tmp_path, **zone) as (web, client, page):
        data = many(rides(20_000), 35)
        thing, url = web.put("/exports/rides_2026-04.csv", data, stops_at=12_000_000)
        for number in (1, 2, 3):
            client.submit(file=f"rides_2026-0{number}.csv", contract=CONTRACT, chunk_size=SMALL)
        client.submit(url=url, contract=CONTRACT, chunk_size=SMALL)
        client.submit(url=url.replace("04", "05"), contract=CONTRACT)
        states = page.get_by_role("listitem").locator(".state")
        expect(states).to_have_text(
            [f"State: {name}" for name in ("queued", "running", "failed", "finished", "finished")]
        )
        expect(page.get_by_role("listitem").nth(1).locator(".eta")).to_be_visible()
        for width, height, scheme in (
            (1180, 520, "light"), (1180, 1400, "dark"), (390, 844, "dark"), (320, 640, "light"),
        ):  # fmt: skip
            page.set_viewport_size({"width": width, "height": height})
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            check_accessible(page)
            image(page, f"dashboard-{width}-{scheme}")
            page.goto("/imports/2")
            check_accessible(page)
            image(page, f"import-{width}-{scheme}")
            page.goto("/")
        thing.go.set()
