"""The pages that lead from a file to its import, as a person goes through them."""

from contextlib import contextmanager

from playwright.sync_api import expect

from tests.support.browser import looking
from tests.support.service_process import served

EXCEL = (
    "Verkäufe 2026;;;\r\n"
    "erstellt am 05.01.2026;;;\r\n"
    ";;;\r\n"
    "Kunde;Datum;Betrag;Menge\r\n"
    '"Müller; Söhne";31.12.2025;1.234,50;3\r\n'
    "Nguyễn;01.01.2026;99,95;1\r\n"
    "Ørsted;02.01.2026;12,00;x\r\n"
)
"""What Excel writes where semicolons separate, with lines above the table."""


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
