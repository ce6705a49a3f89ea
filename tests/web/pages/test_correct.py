"""Rejects are corrected in the page of their import, in Chromium."""

from urllib.parse import urlencode

import pytest
from playwright.sync_api import expect

from snapshots.web.gate.tokens import create
from tests.support.browser import check_accessible, chromium, looking, tab_to
from tests.support.input_files import ROOT
from tests.support.service_process import served

__all__ = ["chromium"]
CONTRACT = {
    "fields": [
        {"name": "id", "type": "integer"},
        {"name": "day", "type": "date"},
        {"name": "note", "type": "string"},
    ]
}
TEXT = 'id,day,note\n1,2026-01-01,a\nx2,2026-01-02,"b\nc"\n3,03.01.2026,d\n4,04.01.2026,e\n5,2026\n'


def loaded(client, folder, text=TEXT, **options):
    (folder / "days.csv").write_text(text)
    number = client.submit(
        file="days.csv", table="days", contract=CONTRACT, max_rejects="100%", **options
    )
    assert client.wait(number)["state"] == "finished"
    return number


def cell(page, column, line):
    return page.get_by_label(f"{column}, line {line}", exact=True)


def press(page, name="Load what I changed"):
    with page.expect_navigation():
        page.get_by_role("button", name=name, exact=True).click()


def counts(client, number):
    found = client.get(f"/v1/imports/{number}").json
    assert found["records"] == found["loaded"] + found["rejected"] + found["skipped"]
    return found["loaded"], found["rejected"], found["open"]


def test_rejects_are_corrected_until_none_is_open(chromium, database, tmp_path):
    with served(database, tmp_path) as client, looking(chromium, client) as page:
        number = loaded(client, tmp_path)
        assert counts(client, number) == (1, 4, 4)
        page.goto(f"/imports/{number}")
        page.get_by_role("link", name="Correct them here").click()
        for width in (390, 1180):
            page.set_viewport_size({"width": width, "height": 800})
            check_accessible(page)
        expect(cell(page, "id", 3)).to_have_attribute("aria-invalid", "true")
        expect(cell(page, "note", 3)).to_have_value("b\nc")
        row = page.locator("tr[data-line='3']")
        # The kernel judges while somebody types.
        cell(page, "id", 3).fill("y2")
        expect(row.locator(".why")).to_contain_text('"y2" is not an integer')
        cell(page, "id", 3).fill("2")
        expect(row.locator(".why")).to_have_text("Would be loaded.")
        expect(cell(page, "id", 3)).not_to_have_attribute("aria-invalid", "true")
        # A draft outlives the page.
        page.reload()
        expect(cell(page, "id", 3)).to_have_value("2")
        page.get_by_label("In column").select_option("day")
        page.get_by_label("replace", exact=True).fill("03.01.2026")
        page.get_by_label("by", exact=True).fill("2026-01-03")
        page.get_by_role("button", name="Replace on this page").click()
        expect(cell(page, "day", 5)).to_have_value("2026-01-03")
        expect(cell(page, "day", 6)).to_have_value("04.01.2026")
        press(page)
        expect(page.get_by_role("status")).to_have_text(
            "2 records are loaded. 2 open rejects are left."
        )
        assert counts(client, number) == (3, 2, 2)
        cell(page, "day", 6).fill("never")
        cell(page, "Record", 7).fill("5,2026-01-05,f")
        press(page)
        expect(page.get_by_role("status")).to_contain_text("1 record is loaded. 1 would still")
        cell(page, "day", 6).fill("2026-01-04")
        tab_to(page, page.get_by_role("button", name="Load what I changed"))
        with page.expect_navigation():
            page.keyboard.press("Enter")
        expect(page.get_by_text("No open rejects are left.")).to_be_visible()
        assert counts(client, number) == (5, 0, 0)
        rows = client.get("/v1/tables/days/rows?sort=id").json["rows"]
        assert [(row["id"], row["_line"], row["note"]) for row in rows] == [
            (1, 2, "a"), (2, 3, "b\nc"), (3, 5, "d"), (4, 6, "e"), (5, 7, "f"),
        ]  # fmt: skip


def test_many_rejects_come_page_by_page_without_scripts(chromium, sqlite_url, tmp_path):
    text = "id,day,note\n" + "".join(f"x{n},2026-01-01,a\n" for n in range(60))
    with (
        served(sqlite_url, tmp_path) as client,
        looking(chromium, client, java_script_enabled=False) as page,
    ):
        number = loaded(client, tmp_path, text)
        page.goto(f"/imports/{number}/correct?code=not_an_integer")
        expect(page.locator("tbody tr")).to_have_count(25)
        page.get_by_role("link", name="Next page").click()
        page.get_by_role("link", name="Next page").click()
        expect(page.locator("tbody tr")).to_have_count(10)
        press(page)
        expect(page.get_by_role("alert")).to_contain_text("No record was changed")
        cell(page, "id", 61).fill("59")
        press(page)
        expect(page.get_by_role("status")).to_contain_text("1 record is loaded.")
        assert counts(client, number) == (1, 59, 59)


@pytest.mark.parametrize("character", ["\x0c", "\x1b", "\x7f"])
def test_what_no_form_carries_is_not_in_the_grid(chromium, sqlite_url, tmp_path, character):
    with served(sqlite_url, tmp_path) as client, looking(chromium, client) as page:
        number = loaded(client, tmp_path, f"id,day,note\nx,2026-01-01,a{character}b\n")
        page.goto(f"/imports/{number}/correct")
        expect(page.get_by_text("can be corrected in a file alone")).to_be_visible()
        assert page.locator("tbody input:not([type=hidden])").count() == 0


def test_the_movies_are_corrected(chromium, sqlite_url, tmp_path):
    movies = ROOT / "tests" / "data" / "made" / "movies.csv"
    with served(sqlite_url, tmp_path) as client, looking(chromium, client) as page:
        (tmp_path / "movies.csv").write_bytes(movies.read_bytes())
        number = client.submit(file="movies.csv")
        before = client.wait(number)
        assert before["open"] == before["rejected"] > 0
        page.goto(f"/imports/{number}/correct")
        places = page.locator("tbody textarea[name^='r']").all()
        assert len(places) == before["open"]
        fields = 10
        for place in places:
            values = place.input_value().split(";")
            values = values[:fields] + [""] * (fields - len(values))
            values = [v if n not in {0, 1, 7} or v.isdigit() else "" for n, v in enumerate(values)]
            place.fill(";".join(values))
        expect(page.get_by_text("Would be loaded.").first).to_be_visible()
        press(page)
        expect(page.get_by_text("No open rejects are left.")).to_be_visible()
        after = client.get(f"/v1/imports/{number}").json
        assert (after["open"], after["rejected"]) == (0, 0)
        assert after["loaded"] == before["loaded"] + before["rejected"]


def test_a_reading_token_corrects_nothing(sqlite_url, tmp_path):
    secret = create(tmp_path / "tokens", "eva", "read")
    (tmp_path / "files").mkdir()
    with served(sqlite_url, tmp_path / "files", "--tokens", str(tmp_path / "tokens")) as client:
        client.headers["Authorization"] = f"Bearer {secret}"
        form = {"Content_Type": "application/x-www-form-urlencoded"}
        for path in ("correct", "correct/check"):
            body = urlencode({"f3_0": "2", "h3": "0"})
            assert client.ask("POST", f"/imports/1/{path}", body, **form).status == 403


def test_a_text_is_replaced_in_all_rejects(chromium, database, tmp_path):
    rows = [f'{n},{n % 28 + 1:02}.01.2026,"{n}, ""x"""\n' for n in range(60)]
    text = "id,day,note\n" + "".join(rows) + "x,.01.2026,\n7\n"
    with (
        served(database, tmp_path) as client,
        looking(chromium, client, java_script_enabled=False) as page,
    ):
        number = loaded(client, tmp_path, text)
        page.goto(f"/imports/{number}/correct?code=not_a_date")
        for old, said in (("", "No text to replace was given"), ("9x9", "No open reject has this")):
            page.get_by_label("replace", exact=True).fill(old)
            press(page, "Replace in all, and load")
            expect(page.get_by_role("alert")).to_contain_text(said)
        page.get_by_label("In column").select_option("day")
        page.get_by_label("replace", exact=True).fill("01.01.2026")
        page.get_by_label("by", exact=True).fill("2026-01-01")
        press(page, "Replace in all, and load")
        expect(page.get_by_role("status")).to_have_text(
            "3 records are loaded. 59 open rejects are left."
        )
        page.get_by_label("In column").select_option("day")
        page.get_by_label("replace", exact=True).fill(".01.2026")
        page.get_by_label("by", exact=True).fill(".01.26")
        press(page, "Replace in all, and load")
        expect(page.get_by_role("status")).to_contain_text("57 would still be rejected")
        assert counts(client, number)[::2] == (3, 59)
        rows = client.get("/v1/tables/days/rows?sort=id").json["rows"]
        assert [(row["id"], row["note"]) for row in rows] == [
            (0, '0, "x"'), (28, '28, "x"'), (56, '56, "x"'),
        ]  # fmt: skip
