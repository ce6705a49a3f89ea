"""A table as of a date, and what differs between versions: over REST, and in Chromium."""

from urllib.parse import urlencode

import pytest
from playwright.sync_api import expect

from tests.support.browser import check_accessible, chromium, looking
from tests.support.service_process import database_beside, served

__all__ = ["chromium"]


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    """With a table of two versions, and one without history."""
    folder = tmp_path_factory.mktemp("versions")
    (folder / "t_2023-01-01.csv").write_text("id,name\n1,a\n2,b\n3,<b>c</b>\n")
    (folder / "t_2023-06-03.csv").write_text("id,name\n1,a\n2,bb\n4,d\n")
    (folder / "plain.csv").write_text("id\n1\n")
    with served(database_beside(folder), folder, "--rate-limit", "0") as client:
        for name in ("t_2023-01-01.csv", "t_2023-06-03.csv"):
            client.wait(client.submit(file=name, mode="history", primary_key=["id"]))
        client.wait(client.submit(file="plain.csv"))
        yield client


def test_rest_gives_rows_as_of_a_date(client):
    def at(date, **more):
        answer = client.get("/v1/tables/t/rows?" + urlencode({"as_of": date, **more}))
        assert answer.status == 200, answer.data
        return answer.json

    assert [row["name"] for row in at("2023-02-01")["rows"]] == ["a", "b", "<b>c</b>"]
    page = at("2023-07-01", limit=2)
    assert "as_of=2023-07-01" in page["next"]
    rest = client.get(page["next"]).json
    assert [row["name"] for row in (*page["rows"], *rest["rows"])] == ["a", "bb", "d"]
    for table, date in (("plain", "2023-02-01"), ("t", "soon")):
        answer = client.get(f"/v1/tables/{table}/rows?as_of={date}")
        assert answer.status == 422, answer.data


def test_rest_gives_the_versions_of_a_row(client):
    answer = client.get("/v1/tables/t/log?key=2")
    assert [(one["valid_from"][:10], one["row"]["name"]) for one in answer.json["versions"]] == [
        ("2023-01-01", "b"),
        ("2023-06-03", "bb"),
    ]
    assert client.get("/v1/tables/t/log").status == 422
    assert client.get("/v1/tables/secret/log?key=2").status == 403
    assert client.get("/v1/tables/plain/log?key=2").status == 422


def test_rest_gives_what_differs(client):
    by_date = client.get("/v1/tables/t/diff?before=2023-01-01&after=2023-06-03").json
    by_import = client.get("/v1/imports/1/diff/2").json
    assert by_date == by_import
    assert [(one["change"], one["key"]) for one in by_date["changes"]] == [
        ("changed", {"id": 2}),
        ("removed", {"id": 3}),
        ("added", {"id": 4}),
    ]
    assert by_date["changes"][0]["cells"] == {"name": {"before": "b", "after": "bb"}}
    assert not by_date["more"]
    few = client.get("/v1/imports/1/diff/2?limit=1").json
    assert (len(few["changes"]), few["more"]) == (1, True)
    assert client.get("/v1/imports/1/diff/9").status == 404
    assert client.get("/v1/imports/1/diff/3").status == 409


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_the_pages_show_versions(chromium, client, scripts):
    with looking(chromium, client, java_script_enabled=scripts) as page:
        page.goto("/imports/2")
        page.get_by_role("link", name="What import 2 changed").press("Enter")
        page.wait_for_url("**/diff?before=1&after=2")
        cells = [row.inner_text().split("\t") for row in page.get_by_role("row").all()[1:]]
        assert cells == [
            ["changed", "id=2", "name", "b", "bb"],
            ["removed", "id=3", "name", "<b>c</b>", ""],
            ["added", "id=4", "name", "", "d"],
        ]
        if scripts:
            check_accessible(page)
        page.goto("/tables/t")
        page.get_by_label("As of").fill("2023-02-01")
        page.get_by_label("As of").press("Enter")
        page.wait_for_url("**as_of=2023-02-01*")
        expect(page.get_by_role("cell", name="bb", exact=True)).to_have_count(0)
        expect(page.get_by_role("cell", name="b", exact=True)).to_have_count(1)
        if scripts:
            check_accessible(page)
        page.get_by_role("link", name="Compare two dates").press("Enter")
        page.wait_for_url("**/diff?table=t")
        page.get_by_label("Before").fill("2023-01-01")
        page.get_by_label("After").fill("2023-01-02")
        page.get_by_role("button", name="Compare").press("Enter")
        expect(page.get_by_text("No row differs.")).to_be_visible()


def test_what_cannot_be_compared_is_said(client):
    assert client.get("/diff?before=1&after=3").status == 409
    assert client.get("/diff?before=x&after=3").status == 422
    assert client.get("/diff").status == 200
