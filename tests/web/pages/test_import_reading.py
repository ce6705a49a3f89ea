"""What a person says of how a file is written, on the page that shows how it is read."""

import json

from playwright.sync_api import expect

from tests.support.browser import check_accessible, chromium
from tests.support.import_pages import choose, finished, pages, press
from tests.support.web_server import serving

__all__ = ["chromium"]
PLACES = [
    {"name": "id", "x-start": 1, "x-width": 4},
    {"name": "city", "x-start": 5, "x-width": 8},
    {"name": "paid", "x-start": 13, "x-width": 7},
]
LINES = "0001Zürich    12.50\n0002Rom        7.00\n0003Oslo       x.00\n"
CONTRACT = "Contract a Table Schema, as JSON"


def rows(client, table):
    return client.get(f"/v1/tables/{table}/rows").json["rows"]


def says(page, contract):
    """Pastes a contract."""
    if not page.get_by_label(CONTRACT).is_visible():
        page.get_by_text("Contract, and fields of fixed width").click()
    page.get_by_label(CONTRACT).fill(json.dumps(contract, indent=1))


def test_text_of_a_database(chromium, sqlite_url, tmp_path):
    path = tmp_path / "parts.txt"
    path.write_bytes(b"1\tone\t\\N\n2\ta\\tb\\\\c\t\n3\t\\N\t\\N\n")
    with pages(chromium, sqlite_url, tmp_path / "files") as (client, page):
        choose(page, path)
        expect(page.get_by_role("cell", name="a\\tb\\\\c", exact=True)).to_be_visible()
        page.get_by_label("Written by").select_option("postgres-text")
        expect(page.get_by_role("cell", name="a\\tb\\\\c", exact=True)).to_have_count(0)
        check_accessible(page)
        press(page, "Columns")
        expect(page.get_by_label("Type, for column_1")).to_have_value("integer")
        press(page, "Check the whole file")
        press(page, "Import")
        done = finished(page, client)
        assert done["request"]["dialect"]["input_format"] == "postgres-text"
        found = [
            (row["column_1"], row["column_2"], row["column_3"]) for row in rows(client, "parts")
        ]
        assert found == [(1, "one", None), (2, "a\tb\\c", ""), (3, None, None)]


def test_what_excel_has_written_for_itself(chromium, sqlite_url, tmp_path):
    path = tmp_path / "sheet.csv"
    path.write_bytes(b'code;price\r\n="00123";1,50\r\n="7";2,25\r\n')
    with pages(chromium, sqlite_url, tmp_path / "files") as (client, page):
        choose(page, path)
        page.get_by_label("Written by").select_option("excel-csv")
        expect(page.get_by_role("cell", name="00123", exact=True)).to_be_visible()
        # What has no meaning with it is said, and can be taken back.
        page.get_by_label("Quote").select_option("'")
        expect(page.get_by_role("alert")).to_contain_text("Excel always writes double quotes")
        page.get_by_label("Quote").select_option("")
        expect(page.get_by_role("cell", name="00123", exact=True)).to_be_visible()
        press(page, "Columns")
        press(page, "Import without a check")
        assert finished(page, client)["rejected"] == 0
        found = [(row["code"], row["price"]) for row in rows(client, "sheet")]
        assert found == [("00123", 1.5), ("7", 2.25)]


def test_objects_within_objects(chromium, sqlite_url, tmp_path):
    path = tmp_path / "people.jsonl"
    path.write_text('{"id": 1, "where": {"city": "Rom"}}\n{"id": 2}\n')
    with pages(chromium, sqlite_url, tmp_path / "files") as (client, page):
        choose(page, path)
        expect(page.get_by_role("columnheader", name="where", exact=True)).to_be_visible()
        page.get_by_label("Objects within objects").select_option("columns")
        expect(page.get_by_role("columnheader", name="where.city")).to_be_visible()
        press(page, "Columns")
        # The choice is still there on the way back.
        press(page, "Back to reading")
        expect(page.get_by_label("Objects within objects")).to_have_value("columns")
        press(page, "Columns")
        press(page, "Import without a check")
        finished(page, client)
        assert [row["where.city"] for row in rows(client, "people")] == ["Rom", None]


def test_the_choice_is_for_json_alone(chromium, sqlite_url, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("id,name\n1,Ana\n")
    with pages(chromium, sqlite_url, tmp_path / "files") as (_, page):
        choose(page, path)
        expect(page.get_by_role("cell", name="Ana")).to_be_visible()
        expect(page.get_by_label("Objects within objects")).to_have_count(0)


def test_fields_of_fixed_width(chromium, database, tmp_path):
    path, later = tmp_path / "cities.txt", tmp_path / "later" / "cities.txt"
    path.write_text(LINES)
    later.parent.mkdir()
    later.write_text("0007Köln       1.25\n")
    with pages(chromium, database, tmp_path / "files") as (client, page):
        choose(page, path)
        says(page, {"fields": PLACES[:2]})
        # Lines are longer than these two fields say.
        expect(page.get_by_role("cell", name="Zürich", exact=True)).to_be_visible()
        says(page, {"fields": PLACES})
        expect(page.get_by_role("columnheader", name="paid")).to_be_visible()
        expect(page.get_by_role("cell", name="12.50", exact=True)).to_be_visible()
        check_accessible(page)
        press(page, "Columns")
        expect(page.get_by_label("Type, for city")).to_have_value("text")
        page.get_by_label("Type, for paid").select_option("decimal")
        page.get_by_label("Goes to, for city").fill("town")
        page.get_by_label("Keep these columns as").fill("cities by place")
        press(page, "Check the whole file")
        expect(page.get_by_text("not_a_number")).to_be_visible()
        press(page, "Back to the columns")
        page.get_by_label("Rejects allowed").fill("1")
        press(page, "Import without a check")
        done = finished(page, client)
        assert (done["loaded"], done["rejected"]) == (2, 1)
        fields = done["request"]["contract"]["fields"]
        assert [(one["x-start"], one["x-width"]) for one in fields] == [(1, 4), (5, 8), (13, 7)]

        # The next file is read by the places that were kept.
        page.goto("/new")
        choose(page, later)
        press(page, "cities by place")
        expect(page.get_by_role("cell", name="Köln", exact=True)).to_be_visible()
        press(page, "Columns")
        expect(page.get_by_label("Table", exact=True)).to_have_value("cities")
        expect(page.get_by_label("Goes to, for city")).to_have_value("town")
        press(page, "Check the whole file")
        press(page, "Import")
        assert finished(page, client, 2)["loaded"] == 1
        found = sorted(
            (int(row["id"]), row["town"], float(row["paid"])) for row in rows(client, "cities")
        )
        assert found == [(1, "Zürich", 12.5), (2, "Rom", 7.0), (7, "Köln", 1.25)]


def test_a_contract_that_is_pasted_holds(chromium, sqlite_url, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("id,day,size,note\n1,31/12/2026,5,x\n2,01/01/2027,500,y\n")
    fields = [
        {"name": "number", "x-source": "id", "type": "integer"},
        {"name": "day", "type": "date", "format": "%d/%m/%Y"},
        {"name": "size", "constraints": {"maximum": 99}, "type": "integer"},
    ]
    with pages(chromium, sqlite_url, tmp_path / "files") as (client, page):
        choose(page, path)
        says(page, {"fields": [*fields, {"name": "colour"}]})
        expect(page.get_by_role("alert")).to_contain_text("The file has no column colour")
        says(page, {"fields": "none"})
        expect(page.get_by_role("alert")).to_contain_text("A Table Schema needs a list of fields")
        page.get_by_label(CONTRACT).fill("{")
        expect(page.get_by_role("alert")).to_contain_text("not valid JSON")
        says(page, {"fields": fields})
        expect(page.get_by_role("cell", name="31/12/2026")).to_be_visible()
        press(page, "Columns")
        expect(page.get_by_label("Goes to, for id")).to_have_value("number")
        expect(page.get_by_label("Type, for day")).to_have_value("date-dmy")
        expect(page.get_by_label("Goes to, for note")).to_have_value("")
        page.get_by_label("Rejects allowed").fill("1")
        press(page, "Import without a check")
        assert finished(page, client)["rejects_by_code"] == {"above_maximum": 1}
        (row,) = rows(client, "a")
        assert (row["number"], row["day"], row["size"]) == (1, "2026-12-31", 5)
        assert "note" not in row


def test_the_form_of_the_dashboard_asks_too(chromium, sqlite_url, tmp_path):
    with serving() as web:
        _, url = web.put("/people.jsonl", b'{"id": 1, "where": {"city": "Rom"}}\n')
        _, text = web.put("/parts.txt", b"1\ta\\tb\n2\t\\N\n")
        allowed = ("--allow-host", f"127.0.0.1:{web.port}")
        with pages(chromium, sqlite_url, tmp_path / "files", *allowed) as (client, page):
            for number, (given, label, choice) in enumerate(
                ((url, "Objects within objects", "columns"), (text, "Written by", "postgres-text")),
                start=1,
            ):
                page.goto("/")
                page.get_by_label("URL of a CSV file").fill(given)
                page.get_by_text("Options", exact=True).click()
                page.get_by_label(label).select_option(choice)
                press(page, "Import")
                assert client.wait(number)["rejected"] == 0
            assert [row["where.city"] for row in rows(client, "people")] == ["Rom"]
            assert [row["column_2"] for row in rows(client, "parts")] == ["a\tb", None]
