"""From a file to its import, in Chromium alone."""

import os
import re
import socket
import threading
from contextlib import contextmanager, suppress

import pytest
from playwright.sync_api import expect

from snapshots.web.gate.tokens import create
from tests.support.browser import SECONDS, check_accessible, chromium, looking, tab_to
from tests.support.input_files import ROOT
from tests.support.processes import wait_for
from tests.support.service_process import served
from tests.support.web_server import serving

__all__ = ["chromium"]
IMAGES = ROOT / "docs" / "images"
MADE = ROOT / "tests" / "data" / "made"
IN_DOCS = {"reading-1180-light", "columns-1180-light", "check-390-dark"}
EXCEL = (
    "Verkäufe 2026;;;\r\n"
    "erstellt am 05.01.2026;;;\r\n"
    ";;;\r\n"
    "Kunde;Datum;Betrag;Menge\r\n"
    '"Müller; Söhne";31.12.2025;1.234,50;3\r\n'
    "Nguyễn;01.01.2026;99,95;1\r\n"
    "Ørsted;02.01.2026;12,00;x\r\n"
)


@contextmanager
def pages(chromium, database, folder, *options, **context):
    """A service, and a page of it where an import begins."""
    folder.mkdir(exist_ok=True)
    with (
        served(database, folder, *options) as client,
        looking(chromium, client, **context) as page,
    ):
        page.goto("/new")
        yield client, page


def choose(page, path):
    page.get_by_label("File with a table").set_input_files(path)
    page.get_by_role("button", name="Upload").click()
    page.wait_for_url("**/new/preview")


def press(page, name):
    with page.expect_navigation():
        page.get_by_role("button", name=name, exact=True).click()


def finished(page, client, number=1):
    page.wait_for_url(f"**/imports/{number}")
    expect(page.locator("article .state")).to_have_text("State: finished")
    return client.get(f"/v1/imports/{number}").json


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


def test_with_the_keyboard_alone(chromium, sqlite_url, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("id,name\n1,Ana\n2,Bo\n")
    with pages(chromium, sqlite_url, tmp_path / "files") as (client, page):
        tab_to(page, page.get_by_label("File with a table"))
        with page.expect_file_chooser() as chooser:
            page.keyboard.press("Enter")
        chooser.value.set_files(path)
        for button in ("Upload", "Columns", "Check the whole file", "Import"):
            tab_to(page, page.get_by_role("button", name=button, exact=True))
            with page.expect_navigation(
                url=re.compile("/new/preview") if button == "Upload" else None
            ):
                page.keyboard.press("Enter")
            if button == "Check the whole file":
                expect(page.get_by_role("button", name="Import", exact=True)).to_be_visible()
        assert finished(page, client)["loaded"] == 2


def test_a_file_is_dropped(chromium, sqlite_url, tmp_path):
    with pages(chromium, sqlite_url, tmp_path / "files") as (_, page):
        data = page.evaluate_handle(
            "() => { const data = new DataTransfer();"
            " data.items.add(new File(['id,name\\n1,Ana\\n'], 'dropped.csv')); return data; }"
        )
        page.dispatch_event("#drop", "drop", {"dataTransfer": data})
        page.wait_for_url("**/new/preview")
        expect(page.get_by_role("cell", name="Ana")).to_be_visible()


def test_a_file_that_an_import_needs_is_not_replaced(chromium, sqlite_url, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("id\n1\n")
    with pages(chromium, sqlite_url, tmp_path / "files", "--workers", "0") as (client, page):
        client.submit(file="a.csv")
        page.get_by_label("File with a table").set_input_files(path)
        page.get_by_role("button", name="Upload").click()
        expect(page.get_by_role("status")).to_contain_text("Import 1 is queued and reads a.csv")
        expect(page.get_by_role("button", name="Upload")).to_be_visible()


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


class Cutter:
    """Passes connections on to a service, and cuts them after some bytes that are sent to it."""

    def __init__(self, port, cuts):
        self._port, self._cuts = port, list(cuts)
        self.sent, self.made = 0, 0
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                browser, _ = self._server.accept()
            except OSError:
                return
            service = socket.create_connection(("127.0.0.1", self._port))
            pair = browser, service
            for one, other in (pair, pair[::-1]):
                threading.Thread(
                    target=self._pass, args=(one, other, one is browser), daemon=True
                ).start()

    def _pass(self, one, other, counted):
        try:
            while data := one.recv(1 << 18):
                other.sendall(data)
                if counted:
                    self.sent += len(data)
                    if self._cuts and self.sent > self._cuts[0]:
                        self._cuts.pop(0)
                        self.made += 1
                        break
        except OSError:
            pass
        for end in (one, other):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def close(self):
        self._server.close()


def sparse(path, size):
    """A file of records, a hole in one of their values: it takes no room."""
    with path.open("wb") as file:
        file.write(b"id,name\n1,Ana\n2,")
        file.truncate(size - 1)
        file.seek(size - 1)
        file.write(b"\n")


@pytest.mark.parametrize(
    "size", [300 << 20, pytest.param(2 << 30, marks=pytest.mark.soak)], ids=["300 MB", "2 GB"]
)
def test_an_upload_that_is_cut_four_times(chromium, sqlite_url, tmp_path, size):
    path = tmp_path / "large.csv"
    sparse(path, size)
    folder = tmp_path / "files"
    folder.mkdir()
    with served(sqlite_url, folder, "--max-upload", "3GB") as client:
        cutter = Cutter(client.port, [size * n // 5 for n in range(1, 5)])
        window = chromium.new_context(base_url=f"http://127.0.0.1:{cutter.port}")
        window.set_default_timeout(10 * SECONDS * 1000)
        page = window.new_page()
        try:
            page.goto("/new")
            page.get_by_label("File with a table").set_input_files(path)
            page.get_by_role("button", name="Upload").click()
            page.wait_for_url("**/new/preview")
        finally:
            window.close()
            cutter.close()
    assert cutter.made == 4
    assert (folder / "large.csv").stat().st_size == size
    # Little more than the file was sent: what had arrived was not sent again.
    assert cutter.sent < size + 5 * (20 << 20)
    with (folder / "large.csv").open("rb") as file:
        assert file.read(16) == b"id,name\n1,Ana\n2,"
        file.seek(-1, os.SEEK_END)
        assert file.read() == b"\n"


def test_an_upload_is_paused_and_goes_on_after_a_reload(chromium, sqlite_url, tmp_path):
    path = tmp_path / "large.csv"
    sparse(path, 100 << 20)
    with pages(chromium, sqlite_url, tmp_path / "files") as (client, page):
        page.get_by_label("File with a table").set_input_files(path)
        page.get_by_role("button", name="Upload").click()
        files = tmp_path / "files"
        wait_for(lambda: any(one.stat().st_size for one in files.glob(".*.upload")), SECONDS)
        page.get_by_role("button", name="Pause").click()
        expect(page.get_by_role("status")).to_contain_text("Paused")
        check_accessible(page)
        page.reload()
        page.get_by_label("File with a table").set_input_files(path)
        page.get_by_role("button", name="Upload").click()
        page.wait_for_url("**/new/preview")
        assert client.get("/v1/files").json["files"] == [{"name": "large.csv", "bytes": 100 << 20}]
        assert len(list(files.glob(".*.done"))) == 1


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
