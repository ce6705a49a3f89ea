"""A real Chromium, and pages in it that may not complain."""

import os
from contextlib import contextmanager

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect, sync_playwright

from tests.support.database_servers import PROGRAMS, find

SECONDS = 120
"""For whatever a test waits for; both cores may be busy."""
expect.set_options(timeout=SECONDS * 1000)


@pytest.fixture(scope="module")
def chromium():
    """Of the system. Root may not have a sandbox."""
    (names,) = PROGRAMS["browser"]
    options = ["--no-sandbox"] if os.getuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find(*names), args=options)
        yield browser
        browser.close()


@contextmanager
def looking(chromium, client, start="/", **context):
    """A page at the start of a dashboard, or elsewhere; what it says on its console is an error."""
    options = {"viewport": {"width": 1180, "height": 860}, **context}
    window = chromium.new_context(base_url=f"http://127.0.0.1:{client.port}", **options)
    window.set_default_timeout(SECONDS * 1000)
    complaints = []
    page = window.new_page()
    page.on("console", lambda message: complaints.append(message.text))
    page.on("response", lambda answer: complaints.append(answer.url) if failed(answer) else 0)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("dialog", lambda dialog: complaints.append(dialog.message) or dialog.dismiss())
    page.goto(start)
    try:
        yield page
    finally:
        window.close()
    # Chromium tells of every answer that is not 200, and of every connection that ends.
    others = [text for text in complaints if not text.startswith("Failed to load resource")]
    assert not others, others


def failed(answer):
    """A service that is about to end opens no stream any more, and says so."""
    ending = answer.status == 503 and answer.url.endswith("/live")
    return answer.status >= 500 and not ending


def check_accessible(page):
    """Axe finds nothing, and nothing is wider than the window."""
    found = Axe().run(page).response["violations"]
    assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found] == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def tab_to(page, locator):
    """As somebody gets there who has no mouse."""
    for _ in range(60):
        if locator.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"the Tab key does not lead to {locator}")
