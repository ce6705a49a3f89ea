"""From a file to its import, in Chromium alone."""

import re

from playwright.sync_api import expect

from snapshots.web.gate.tokens import create
from tests.support.browser import check_accessible, chromium
from tests.support.import_pages import EXCEL, choose, finished, pages, press
from tests.support.input_files import ROOT
from tests.support.service_process import served
from tests.support.web_server import serving

__all__ = ["chromium"]
MADE = ROOT / "tests" / "data" / "made"


def test_the_movies_from_the_file_to_its_page(chromium, database, tmp_path):
    with pages(chromium, database, tmp_path / "files") as (client, page):
        choose(page, MADE / "movies.csv")
        head = page.get_by_role("table", name="The first records, as they are read")
        expect(head.get_by_role("columnheader").nth(3)).to_have_text("title")
        check_accessible(page)
        press(page, "Columns")
        expect(page.get_by_label("Table", exact=True)).to_have_value("movies")
        year = page.get_by_label("Type, for year")
        expect(year).to_have_value("integer")
        year.select_option("date")
        against = page.locator(f"#{year.get_attribute('aria-describedby')}")
        expect(against).to_contain_text(re.compile(r"Line \d+: “\d{4}” does not fit."))
        year.select_option("integer")
        expect(against).to_have_text("")
        page.get_by_label("Goes to, for awards").fill("has_awards")
        page.get_by_label("Goes to, for image").fill("")
        page.get_by_label("Keep these columns as").fill("films")
        check_accessible(page)
        press(page, "Check the whole file")
        press(page, "Import")
        done = finished(page, client)
        names = [field["name"] for field in done["request"]["contract"]["fields"]]
        assert "has_awards" in names
        assert "image" not in names
        row = client.get("/v1/tables/movies/rows?limit=1").json["rows"][0]
        assert {"has_awards", "title"} <= set(row)
        assert "image" not in row

        # The next file with these columns finds them as they were kept.
        page.goto("/new")
        choose(page, MADE / "movies.csv")
        press(page, "Columns")
        expect(page.get_by_text("The columns are those kept as “films”.")).to_be_visible()
        expect(page.get_by_label("Goes to, for awards")).to_have_value("has_awards")
        expect(page.get_by_label("Goes to, for image")).to_have_value("")


def test_a_file_that_excel_has_made(chromium, sqlite_url, tmp_path):
    path = tmp_path / "Verkäufe Januar.csv"
    path.write_bytes(EXCEL.encode("utf-8-sig"))
    with pages(chromium, sqlite_url, tmp_path / "files") as (client, page):
        choose(page, path)
        expect(page.get_by_text("3 lines above the table skipped")).to_be_visible()
        expect(page.get_by_role("columnheader", name="Kunde")).to_be_visible()
        # What is changed is seen at once.
        page.get_by_label("Delimiter").select_option(",")
        expect(page.get_by_role("columnheader", name="Kunde", exact=True)).to_have_count(0)
        page.get_by_label("Delimiter").select_option("")
        page.get_by_label("Lines to skip").fill("3")
        expect(page.get_by_role("columnheader", name="Kunde")).to_be_visible()
        expect(page.get_by_role("cell", name="Müller; Söhne")).to_be_visible()
        press(page, "Columns")
        expect(page.get_by_label("Type, for Datum")).to_have_value("date-dmy-dots")
        expect(page.get_by_label("Type, for Betrag")).to_have_value("decimal-comma")
        menge = page.get_by_label("Type, for Menge")
        expect(menge).to_have_value("text")
        menge.select_option("integer")
        expect(page.get_by_text("Line 7: “x” does not fit.")).to_be_visible()
        page.get_by_label("Table", exact=True).fill("sales")
        press(page, "Check the whole file")
        expect(page.get_by_role("table")).to_contain_text("not_an_integer")
        expect(page.get_by_role("table")).to_contain_text("Ørsted;02.01.2026;12,00;x")
        press(page, "Import")
        assert finished(page, client)["rejected"] == 1
        rows = client.get("/v1/tables/sales/rows").json["rows"]
        assert [row["Datum"] for row in rows] == ["2025-12-31", "2026-01-01"]
        assert [float(row["Betrag"]) for row in rows] == [1234.5, 99.95]


def test_columns_go_to_those_of_a_table_by_likeness(chromium, database, tmp_path):
    first, second = tmp_path / "orders.csv", tmp_path / "orders_2.csv"
    first.write_text("order_id,customer,placed on,note\n1,Ana,2026-01-01,a\n")
    second.write_text("Order-ID;Custommer;Placed_On;remark;note\n2;Bo;31.01.2026;x;left out\n")
    with pages(chromium, database, tmp_path / "files") as (client, page):
        choose(page, first)
        press(page, "Columns")
        press(page, "Import without a check")
        finished(page, client)
        page.goto("/new")
        choose(page, second)
        press(page, "Columns")
        expect(page.get_by_label("Table", exact=True)).to_have_value("orders")
        for source, target in (
            ("Order-ID", "order_id"), ("Custommer", "customer"), ("Placed_On", "placed on"),
            ("remark", ""), ("note", "note"),
        ):  # fmt: skip
            expect(page.get_by_label(f"Goes to, for {source}")).to_have_value(target)
        expect(page.get_by_label("Type, for Placed_On")).to_have_value("date-dmy-dots")
        page.get_by_label("Goes to, for note").select_option("")
        check_accessible(page)
        press(page, "Check the whole file")
        press(page, "Import")
        finished(page, client, 2)
        row = client.get("/v1/tables/orders/rows?where=order_id:eq:2").json["rows"][0]
        assert (row["customer"], row["placed on"], row["note"]) == ("Bo", "2026-01-31", None)


def test_what_is_wrong_is_said_where_it_can_be_changed(chromium, sqlite_url, tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes("id,name\n1,Zoë\n".encode("latin-1"))
    with pages(chromium, sqlite_url, tmp_path / "files") as (client, page):
        choose(page, path)
        expect(page.get_by_role("alert")).to_contain_text("not UTF-8")
        page.get_by_label("Encoding").select_option("cp1252")
        expect(page.get_by_role("cell", name="Zoë")).to_be_visible()
        press(page, "Columns")
        page.get_by_label("Goes to, for name").fill("id")
        press(page, "Check the whole file")
        expect(page.get_by_role("alert")).to_contain_text("Two columns of the file go to id")
        page.get_by_label("Goes to, for name").fill("name")
        page.get_by_label("Table", exact=True).fill("snapshots_imports")
        press(page, "Check the whole file")
        expect(page.get_by_role("alert")).to_contain_text("belongs to the ledger")
        page.get_by_label("Table", exact=True).fill("a")
        (tmp_path / "files" / "a.csv").write_text("other\n1\n")
        press(page, "Check the whole file")
        expect(page.get_by_role("alert")).to_contain_text("Somebody has replaced the file a.csv")
        assert client.get("/v1/imports").json["imports"] == []


def test_a_url_is_looked_at_first(chromium, sqlite_url, tmp_path):
    with serving() as web:
        _, url = web.put("/rides.csv", b"ride;miles\n1;2,5\n" + b"2;3,5\n" * 1_500_000)
        allowed = ("--allow-host", f"127.0.0.1:{web.port}")
        with pages(chromium, sqlite_url, tmp_path / "files", *allowed) as (client, page):
            page.get_by_label("URL of a CSV file").fill("http://10.0.0.1/a.csv")
            press(page, "Look at it")
            expect(page.get_by_role("alert")).to_contain_text("10.0.0.1")
            page.get_by_label("URL of a CSV file").fill(url)
            press(page, "Look at it")
            expect(page.get_by_role("columnheader", name="miles")).to_be_visible()
            assert web.sent < 4_000_000
            press(page, "Columns")
            expect(page.get_by_label("Type, for miles")).to_have_value("decimal-comma")
            press(page, "Import without a check")
            assert finished(page, client)["loaded"] == 1_500_001


def test_a_check_by_key_says_what_would_change(chromium, database, tmp_path):
    (tmp_path / "people.csv").write_text("id,name\n1,Ana\n2,Ben\n3,Cleo\n")
    (tmp_path / "later").mkdir()
    (tmp_path / "later" / "people.csv").write_text("id,name\n1,Ana\n2,Bob\n4,Dan\n")
    with pages(chromium, database, tmp_path / "files") as (client, page):
        choose(page, tmp_path / "people.csv")
        press(page, "Columns")
        page.get_by_label("Mode").select_option("mirror")
        press(page, "Check the whole file")
        # Nothing says yet what identifies a row.
        expect(page.get_by_role("alert")).to_contain_text(re.compile("key", re.IGNORECASE))
        press(page, "Back to the columns")
        expect(page.get_by_label("Mode")).to_have_value("mirror")
        page.get_by_label("Key, for id").check()
        check_accessible(page)
        press(page, "Check the whole file")
        press(page, "Import")
        finished(page, client)

        page.goto("/new")
        choose(page, tmp_path / "later" / "people.csv")
        press(page, "Columns")
        expect(page.get_by_label("Key, for id")).to_be_checked()
        page.get_by_label("Mode").select_option("mirror")
        press(page, "Check the whole file")
        expect(page.get_by_text("1 would be updated, 1 unchanged, 1 deleted")).to_be_visible()
        expect(page.get_by_text("1 would be inserted.")).to_be_visible()
        expect(page.get_by_text("The first changes: Line 3: name 'Ben' -> 'Bob'.")).to_be_visible()
        press(page, "Import")
        done = finished(page, client, 2)
        assert (done["loaded"], done["rejected"]) == (3, 0)
        rows = client.get("/v1/tables/people/rows?sort=id").json["rows"]
        assert [(row["id"], row["name"]) for row in rows] == [(1, "Ana"), (2, "Bob"), (4, "Dan")]


def test_a_reading_token_looks_at_no_file(chromium, sqlite_url, tmp_path):
    secret = create(tmp_path / "tokens", "eva", "read")
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "a.csv").write_text("id\n1\n")
    with served(sqlite_url, tmp_path / "files", "--tokens", str(tmp_path / "tokens")) as client:
        client.headers["Authorization"] = f"Bearer {secret}"
        form = {"Content_Type": "application/x-www-form-urlencoded"}
        for path in ("preview", "columns", "check", "import", "file"):
            assert client.ask("POST", f"/new/{path}", b"file=a.csv", **form).status == 403
        assert client.get("/new").status == 200
