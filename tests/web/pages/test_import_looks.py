"""The pages of an import in every window, with the keyboard alone, and without scripts."""

import os
import re

import pytest
from playwright.sync_api import expect

from tests.support.browser import SECONDS, check_accessible, chromium, tab_to
from tests.support.import_pages import EXCEL, choose, finished, pages, press
from tests.support.input_files import ROOT
from tests.support.processes import wait_for

__all__ = ["chromium"]
IMAGES = ROOT / "docs" / "images"
IN_DOCS = {"reading-1180-light", "columns-1180-light", "check-390-dark"}


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
    path = tmp_path / "Verkäufe_Januar.csv"
    path.write_bytes(EXCEL.encode("utf-8-sig"))
    windows = ((1180, 760, "light"), (390, 844, "dark"), (320, 640, "light"))

    def looked_at(page, name):
        for width, height, scheme in windows:
            page.set_viewport_size({"width": width, "height": height})
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            check_accessible(page)
            image(page, f"{name}-{width}-{scheme}")

    with pages(chromium, postgres_url, tmp_path / "files") as (_, page):
        looked_at(page, "choose")
        choose(page, path)
        looked_at(page, "reading")
        press(page, "Columns")
        page.get_by_label("Type, for Menge").select_option("integer")
        looked_at(page, "columns")
        press(page, "Check the whole file")
        expect(page.locator(".checked")).to_be_visible()
        looked_at(page, "check")


def chosen_by_key(page):
    """The chooser of the field that has the focus. Chromium opens none if the key comes before it
    has turned to the page, so the key is pressed again after some seconds."""
    choosers = []
    # Playwright marks handlers, and a list's own method takes no mark.
    page.on("filechooser", lambda chooser: choosers.append(chooser))  # noqa: PLW0108
    for tenth in range(SECONDS * 10):
        if tenth % 50 == 0:
            page.keyboard.press("Enter")
        page.wait_for_timeout(100)
        if choosers:
            return choosers[0]
    raise AssertionError("the key opens no chooser")


def test_with_the_keyboard_alone(chromium, sqlite_url, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("id,name\n1,Ana\n2,Bo\n")
    with pages(chromium, sqlite_url, tmp_path / "files") as (client, page):
        tab_to(page, page.get_by_label("File with a table"))
        chosen_by_key(page).set_files(path)
        for button in ("Upload", "Columns", "Check the whole file", "Import"):
            tab_to(page, page.get_by_role("button", name=button, exact=True))
            with page.expect_navigation(
                url=re.compile("/new/preview") if button == "Upload" else None
            ):
                page.keyboard.press("Enter")
            if button == "Check the whole file":
                expect(page.get_by_role("button", name="Import", exact=True)).to_be_visible()
        assert finished(page, client)["loaded"] == 2


def test_it_works_without_scripts(chromium, sqlite_url, tmp_path):
    path = tmp_path / "Straßen (1).csv"
    path.write_text("id;name\n1;Ana\nx;Bo\n")
    with pages(chromium, sqlite_url, tmp_path / "files", java_script_enabled=False) as (
        client,
        page,
    ):
        page.get_by_label("File with a table").set_input_files(path)
        press(page, "Upload")
        expect(page.get_by_role("cell", name="Ana")).to_be_visible()
        page.get_by_label("Delimiter").select_option(",")
        press(page, "Show again")
        expect(page.get_by_role("columnheader", name="id;name")).to_be_visible()
        page.get_by_label("Delimiter").select_option("")
        press(page, "Show again")
        press(page, "Columns")
        page.get_by_label("Type, for id").select_option("integer")
        page.get_by_label("Table", exact=True).fill("roads")
        press(page, "Show the columns of this table")
        expect(page.get_by_text("Line 3: “x” does not fit.")).to_be_visible()
        press(page, "Check the whole file")
        wait_for(lambda: page.reload() and page.locator(".checked").count(), SECONDS)
        press(page, "Import")
        page.wait_for_url("**/imports/1")
        assert client.wait(1)["rejected"] == 1
