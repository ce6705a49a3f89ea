"""Files on their way from Chromium to the service."""

import os
import socket
import threading
from contextlib import suppress

import pytest
from playwright.sync_api import expect

from tests.support.browser import SECONDS, check_accessible, chromium
from tests.support.import_pages import pages
from tests.support.processes import wait_for
from tests.support.service_process import served

__all__ = ["chromium"]


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
