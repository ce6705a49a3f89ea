"""The pages of tables, and Swagger UI, in Chromium over a real service."""

import json
from contextlib import closing, contextmanager
from urllib.parse import quote

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from snapshots import locations
from snapshots.web.gate.tokens import create
from tests.support.browser import check_accessible, chromium, looking, tab_to
from tests.support.processes import wait_for
from tests.support.rides_file import HOSTILE
from tests.support.service_process import database_beside, served

__all__ = ["chromium"]
LONG = "word " * 100
ODD = '"a/b <i>"'
SWAGGERS_OWN = {"heading-order", "nested-interactive", "region"}
"""What axe finds in the markup of Swagger UI, which is not ours."""


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    """With a table of 120 rows, one that is hostile, and one that is closed."""
    folder = tmp_path_factory.mktemp("tables")
    rows = [
        f"{n},{'' if n % 10 == 0 else f'n{n % 5}'},{n / 8},{LONG if n == 7 else ''}"
        for n in range(1, 121)
    ]
    (folder / "rides.csv").write_text("id,name,miles,note\n" + "\n".join(rows) + "\n")
    (folder / "h.csv").write_text(f'a,b\n1,"{HOSTILE.replace(chr(34), chr(34) * 2)}"\n', "utf-8")
    database = database_beside(folder)
    with served(database, folder, "--rate-limit", "0") as client:
        client.wait(client.submit(file="rides.csv"))
        client.wait(client.submit(file="h.csv", table=ODD))
        with closing(locations.target(database).connect()) as session:
            session.execute("CREATE TABLE secrets (pin text)")
        yield client


@contextmanager
def page_at(chromium, client, path, **context):
    with looking(chromium, client, **context) as page:
        page.goto(path)
        yield page


def shown(page, column=1):
    return [row.locator("td").nth(column - 1).inner_text() for row in lines(page)]


def lines(page):
    return page.get_by_role("row").all()[1:]


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_rows_are_filtered_sorted_and_paged_with_the_keyboard(chromium, client, scripts):
    with page_at(chromium, client, "/tables", java_script_enabled=scripts) as page:
        page.get_by_role("link", name="rides").press("Enter")
        page.wait_for_url("**/tables/rides")
        assert shown(page) == [str(n) for n in range(1, 51)]
        for _ in range(2):
            page.get_by_role("link", name="Next page").press("Enter")
            page.wait_for_url("**after=*")
        expect(page.get_by_role("cell", name="120", exact=True).first).to_be_visible()
        page.get_by_role("link", name="First page").press("Enter")
        page.wait_for_url("**/tables/rides")

        page.get_by_label("Column").select_option("miles")
        page.get_by_label("Condition").select_option("≥")
        page.get_by_label("Value").fill("12.5")
        page.get_by_label("Value").press("Enter")
        expect(page.get_by_role("list", name="Filters")).to_contain_text("miles ≥ 12.5")
        assert shown(page) == [str(n) for n in range(100, 121)]
        page.get_by_label("Column").select_option("name")
        page.get_by_label("Condition").select_option("is not NULL")
        page.get_by_role("button", name="Add filter").press("Enter")
        expect(page.get_by_text("name is not NULL")).to_be_visible()
        assert shown(page) == [str(n) for n in range(100, 121) if n % 10]

        head = page.get_by_role("columnheader", name="id integer", exact=True)
        for direction, ids in (
            ("ascending", range(101, 120)), ("descending", range(119, 100, -1)),
        ):  # fmt: skip
            page.get_by_role("link", name="id", exact=True).first.press("Enter")
            expect(head).to_have_attribute("aria-sort", direction)
            assert shown(page) == [str(n) for n in ids if n % 10]
        page.get_by_role("link", name="Remove the filter miles").press("Enter")
        expect(page.get_by_text("miles ≥")).to_have_count(0)
        expect(head).to_have_attribute("aria-sort", "descending")
        assert shown(page)[:2] == ["119", "118"]


def test_tables_fit_every_window(chromium, client):
    with page_at(chromium, client, "/") as page:
        for path in (
            "/tables",
            "/tables/rides?sort=-id&where=id:gt:3",
            "/nowhere",
            "/tables/secrets",
        ):
            page.goto(path)
            for width, scheme in ((1180, "light"), (1180, "dark"), (390, "light"), (390, "dark")):
                page.set_viewport_size({"width": width, "height": 844})
                page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
                check_accessible(page)


def test_values_are_text(chromium, client):
    with page_at(chromium, client, "/tables/" + quote(ODD, safe="")) as page:
        expect(page.get_by_role("heading", level=1)).to_have_text(f"Rows of {ODD}")
        escaped = HOSTILE.replace("\x1b", "\\x1b").replace("\u202e", "\\u202e")
        page.locator("summary").press("Enter")
        expect(page.locator(".long")).to_have_text(escaped)
        assert page.locator("main script, main img").count() == 0
        page.goto("/tables/rides?where=id:eq:7")
        long = page.locator(".long")
        expect(long).to_be_hidden()
        page.locator("summary").press("Enter")
        expect(long).to_have_text(LONG.strip())
        page.goto("/tables/rides?where=id:eq:10")
        assert shown(page, 2) == ["NULL"]


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("secrets", 403, "is not open to clients of the service"),
        ("nothing", 403, "is not open to clients of the service"),
        ("snapshots_imports", 403, "is not open to clients of the service"),
        ("rides?where=id:like:1", 422, "is not a valid condition"),
        ("rides?where=id:eq:one", 422, "one"),
        ("rides?sort=nope", 422, "nope"),
        ("rides?after=nope", 422, "not a valid position"),
        ("rides?order=id", 404, "This page does not exist."),
    ],
)
def test_what_cannot_be_read_is_a_page(client, path, status, words):
    answer = client.get(f"/tables/{path}")
    assert (answer.status, answer.headers["content-type"]) == (status, "text/html; charset=utf-8")
    assert words in answer.data.decode()


def test_an_import_leads_to_its_rows(chromium, client):
    with page_at(chromium, client, "/imports/1") as page:
        tab_to(page, page.get_by_role("link", name="rides", exact=True))
        page.keyboard.press("Enter")
        page.wait_for_url("**/tables/rides")
    for path in ("/imports/1", "/tables/rides"):
        assert client.get(path).headers["cache-control"] == "no-store"


def test_swagger_ui_runs_under_the_policy_of_the_pages(chromium, client):
    with page_at(chromium, client, "/docs") as page:
        for width, scheme in ((1180, "light"), (1180, "dark"), (390, "light"), (390, "dark")):
            page.set_viewport_size({"width": width, "height": 844})
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            expect(page.locator(".opblock").first).to_be_visible()
            # Colours that fade from one scheme to the other would be judged half-way.
            wait_for(lambda: page.evaluate("document.getAnimations().length") == 0)
            violations = Axe().run(page).response["violations"]
            found = {one["id"]: [node["html"] for node in one["nodes"]][:3] for one in violations}
            assert found.keys() <= SWAGGERS_OWN, found
            assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        assert page.locator(".opblock").count() == sum(
            len(methods) for methods in client.get("/v1/openapi.json").json["paths"].values()
        )
        assert page.evaluate("performance.getEntriesByType('resource').every("
                             "(one) => new URL(one.name).origin === location.origin)")  # fmt: skip


def test_without_scripts_the_docs_lead_to_the_document(chromium, client):
    with page_at(chromium, client, "/docs", java_script_enabled=False) as page:
        expect(page.get_by_text("Swagger UI needs JavaScript")).to_be_visible()
        page.get_by_role("main").get_by_role("link", name="openapi.json").click()
        page.wait_for_url("**/v1/openapi.json")


def test_a_token_is_tried_out(chromium, tmp_path):
    """The login of the browser may only read; the token that is typed in may write."""
    tokens = tmp_path / "tokens"
    reader, writer = create(tokens, "ana", "read"), create(tokens, "bea", "write")
    options = ("--tokens", str(tokens), "--workers", "0")
    login = {"username": "ana", "password": reader}
    with (
        served(database_beside(tmp_path), tmp_path, *options) as client,
        page_at(chromium, client, "/docs", http_credentials=login) as page,
    ):
        client.headers["Authorization"] = f"Bearer {reader}"
        document = client.get("/v1/openapi.json").json
        assert document["components"]["securitySchemes"]["token"]["scheme"] == "bearer"
        submit = document["paths"]["/v1/imports"]["post"]
        assert submit["security"] == [{"token": []}]
        assert {"401", "403"} <= set(submit["responses"])
        assert "security" not in document["paths"]["/healthz"]["get"]

        page.locator(".opblock-post .opblock-summary-control").first.click()
        body = page.locator("textarea.body-param__text")
        body.fill(json.dumps({"file": "rides.csv"}))
        execute(page, 403)
        page.get_by_role("button", name="Authorize").first.click()
        page.locator(".modal-ux input").fill(writer)
        page.locator(".modal-ux").get_by_role("button", name="Apply credentials").click()
        page.locator(".modal-ux").get_by_role("button", name="Close").click()
        execute(page, 202)
        assert client.get("/v1/imports/1").json["input"] == "rides.csv"
        assert page.evaluate("localStorage.length + sessionStorage.length") == 0


def execute(page, status):
    with page.expect_response("**/v1/imports") as answer:
        page.get_by_role("button", name="Execute").click()
    assert answer.value.status == status
    expect(page.locator(".live-responses-table .response-col_status").last).to_contain_text(
        str(status)
    )
