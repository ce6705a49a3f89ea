"""Who has a link corrects the rejects of one import, and reaches nothing else of the service."""

import re
from urllib.parse import urlencode

import pytest
from playwright.sync_api import expect
from starlette.routing import Mount

from snapshots import locations
from snapshots.redaction import shown, without_secrets
from snapshots.web.app import application
from snapshots.web.context import ServiceContext
from snapshots.web.gate.concurrency import ReadSlots
from snapshots.web.gate.guard import OPEN, SHARED
from snapshots.web.gate.tokens import create
from snapshots.web.hub import Hub
from snapshots.web.row_reads import RowReads
from snapshots.web.session_pool import SessionPool
from snapshots.web.settings import ServiceSettings
from tests.support.browser import check_accessible, chromium, looking
from tests.support.service_process import served
from tests.support.snapshots_process import run
from tests.support.worker_process import books
from tests.web.pages.test_correct import cell, counts, loaded, press

__all__ = ["chromium"]
FORM = {"Content_Type": "application/x-www-form-urlencoded", "Sec_Fetch_Site": "same-origin"}


@pytest.fixture
def guarded(tmp_path):
    """A service that asks for tokens, and the secrets of two: one writes, one reads."""

    def start(database, *options):
        tokens = tmp_path / "tokens"
        secrets = create(tokens, "ana", "write"), create(tokens, "eva", "read")
        (tmp_path / "files").mkdir()
        served_ = served(database, tmp_path / "files", "--tokens", str(tokens), *options)
        return served_, *secrets

    return start


def bearer(secret):
    return {"Authorization": f"Bearer {secret}"}


def make(client, number, days=7, **headers):
    """The path of a new link, as the page shows it."""
    body = urlencode({"days": days})
    answer = client.ask("POST", f"/imports/{number}/links", body, **FORM, **headers)
    assert answer.status == 200, answer.data.decode()
    return re.search(rb'value="http://[^/"]+(/shared/[^"]+)"', answer.data)[1].decode()


def test_somebody_without_a_token_corrects(chromium, database, tmp_path, guarded):
    service, ana, eva = guarded(database)
    with service as client:
        client.headers |= bearer(ana)
        number = loaded(client, tmp_path / "files")
        page_of = client.get(f"/imports/{number}", Accept="text/html").data.decode()
        assert f'href="/imports/{number}/links"' in page_of
        path = make(client, number)
        refused = client.ask("POST", f"/imports/{number}/links", b"", **FORM | bearer(eva))
        assert refused.status == 403
        with looking(chromium, client, path) as page:
            for width in (390, 1180):
                page.set_viewport_size({"width": width, "height": 800})
                check_accessible(page)
            text = page.content()
            assert "Database:" not in text
            assert not re.search(r'(href|src|action)="/(?!shared/)', text)
            cell(page, "id", 3).fill("2")
            expect(page.locator("tr[data-line='3'] .why")).to_have_text("Would be loaded.")
            press(page)
            expect(page.get_by_role("status")).to_contain_text("1 record is loaded.")
            page.get_by_text("Correct them in a file").click()
            with page.expect_download() as got:
                page.get_by_role("link", name="CSV file").click()
            fixed = got.value.path().read_text("utf-8-sig")
            fixed = fixed.replace("03.01.2026", "2026-01-03").replace("04.01.2026", "2026-01-04")
            (tmp_path / "fix.csv").write_text(fixed)
            page.get_by_label("Corrections").set_input_files(tmp_path / "fix.csv")
            press(page, "Load corrections")
            assert counts(client, number) == (4, 1, 1)
            expect(page.get_by_text("1 open")).to_be_visible()
            # It ends when somebody revokes it.
            revoked = client.ask("POST", f"/imports/{number}/links/1/revoke", b"", **FORM)
            assert revoked.status == 303
            page.reload()
            expect(page.get_by_role("heading")).to_contain_text("This link does not work")
            assert not re.search(r'(href|src|action)="/(?!shared/)', page.content())


def test_a_link_reaches_nothing_else(sqlite_url, tmp_path, guarded):
    service, ana, _ = guarded(sqlite_url, "--rate-limit", "0")
    with service as client:
        number = loaded_by(client, ana, tmp_path)
        other = loaded_by(client, ana, tmp_path, again=True)
        path = make(client, number, **bearer(ana))
        token = path.removeprefix(SHARED)
        tried = 0
        for method, at in everything(tmp_path):
            here = re.sub(r"\{[^}]*\}", str(other), at)
            answer = client.ask(method, here, b"", **bearer(token))
            if here in OPEN:
                continue
            assert (answer.status, token in answer.data.decode()) == (403, False), (method, here)
            # Nor does it without the token, from within the link, or by climbing out of it.
            assert client.ask(method, here, b"").status == 401, (method, here)
            for trick in (
                path + here,
                f"{path}/..{here}",
                f"{path}/../..{here}",
                f"{path}%2f..{here}",
            ):
                found = client.ask(method, trick, b"", **FORM)
                assert found.status in {403, 404, 405}, (method, trick)
            tried += 1
        assert tried > 60
        before = client.get("/v1/imports", **bearer(ana)).json
        assert len(before["imports"]) == 2
        assert counts_of(client, ana, other) == counts_of(client, ana, number)


def everything(folder):
    """Each method and path of the service, as its application has them."""
    target = locations.target(f"sqlite:///{folder}/none.db")
    settings = ServiceSettings(target, folder, 1, 0, 1, 0)
    pool = SessionPool(target, say=print)
    slots = ReadSlots("try", 1)
    service = ServiceContext(
        settings, pool, Hub(pool), RowReads(target, print), slots, slots, lambda: (b"", "")
    )
    for route in flat(application(service)._app.routes):
        if isinstance(route, Mount):
            if not route.path.startswith(SHARED):
                yield "GET", f"{route.path}/style.css"
        elif not route.path.startswith(SHARED):
            yield from ((method, route.path) for method in sorted(route.methods))


def flat(routes):
    for route in routes:
        inner = getattr(route, "original_router", None)
        yield from [route] if inner is None else flat(inner.routes)


def loaded_by(client, secret, tmp_path, **options):
    client.headers |= bearer(secret)
    number = loaded(client, tmp_path / "files", **options)
    del client.headers["Authorization"]
    return number


def counts_of(client, secret, number):
    found = client.get(f"/v1/imports/{number}", **bearer(secret)).json
    return found["loaded"], found["rejected"], found["open"]


def ended(database, number, link, made, until):
    """Lets time pass: the link was made a while ago."""
    with books(database) as opened, opened.session.transaction():
        opened.session.execute(
            "UPDATE snapshots_links SET made_at = ?, expires_at = ?"
            " WHERE import_id = ? AND number = ?",
            (made, until, number, link),
        )


def test_a_link_ends(database, tmp_path, guarded):
    service, ana, _ = guarded(database)
    with service as client:
        number = loaded_by(client, ana, tmp_path)
        first, second = (make(client, number, days, **bearer(ana)) for days in (1, 90))
        assert (client.get(first).status, client.get(second).status) == (200, 200)
        for wrong in (
            first[:-1] + ("A" if first[-1] != "A" else "B"),
            first.replace(f"_{number}_1_", f"_{number}_2_"),
            first.replace(f"_{number}_1_", f"_{number}_3_"),
            "/shared/x",
            "/shared/static",
        ):
            answer = client.get(wrong)
            assert answer.status == 403, wrong
            assert b"This link does not work" in answer.data
        ended(database, number, 1, "2026-01-01T00:00:00.000Z", "2026-01-02T00:00:00.000Z")
        for method, path in (
            ("GET", first), ("POST", first), ("POST", f"{first}/check"),
            ("GET", f"{first}/fix.csv"), ("POST", f"{first}/replay"), ("POST", f"{first}/replace"),
        ):  # fmt: skip
            assert client.ask(method, path, b"", **FORM).status == 403, path
        listed = client.get(f"/imports/{number}/links", **bearer(ana)).data.decode()
        assert "expired" in listed
        assert "snapshots_link_" not in listed
        client.ask("POST", f"/imports/{number}/links/2/revoke", b"", **FORM, **bearer(ana))
        assert client.get(second).status == 403
        nothing = client.ask(
            "POST", f"/imports/{number}/links/7/revoke", b"", **FORM, **bearer(ana)
        )
        assert nothing.status == 422
    with books(database) as opened:
        kept = str(opened.session.execute("SELECT * FROM snapshots_links"))
    assert all(path.rpartition("_")[2] not in kept for path in (first, second))


def test_a_link_outlives_a_restart_and_leaks_nothing(sqlite_url, tmp_path, guarded):
    service, ana, _ = guarded(sqlite_url)
    with service as client:
        number = loaded_by(client, ana, tmp_path)
        made = run(["share", str(number), "--database", sqlite_url, "--expires", "12h",
                    "--service", "https://csv.example.org/"])  # fmt: skip
        assert made.returncode == 0, made.stderr
        path = made.stdout.decode().strip().removeprefix("https://csv.example.org")
        client.stop()
    tokens = ("--tokens", str(tmp_path / "tokens"))
    with served(sqlite_url, tmp_path / "files", *tokens, "--rate-limit", "1") as client:
        answer = client.get(path)
        assert answer.status == 200
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cache-control"] == "no-store"
        # Whoever guesses is slowed down like anybody.
        tried = [client.get(f"/shared/snapshots_link_1_1_{'a' * 43}").status for _ in range(12)]
        assert 429 in tried
    with served(sqlite_url, tmp_path / "files") as client:
        assert client.get(path).status == 200
        # The service asks nobody for a token, and the link reaches nothing else all the same.
        token = path.removeprefix(SHARED)
        assert client.get("/v1/imports").status == 200
        assert client.get("/v1/imports", **bearer(token)).status == 403
    assert without_secrets(f"GET {path} 200") == "GET /shared/snapshots_*** 200"
    assert shown(f"https://csv.example.org{path}").endswith("/shared/snapshots_***")
    log = (tmp_path / "files.log").read_text()
    assert path.rpartition("_")[2] not in log
    listed = run(["share", str(number), "--list", "--database", sqlite_url])
    assert listed.stdout.decode().startswith("link 1: open, until ")
    for said in ("is revoked", "did not work any more"):
        done = run(["share", str(number), "--revoke", "1", "--database", sqlite_url])
        assert done.stdout.decode().strip().endswith(said)
    for wrong in ("100d", "0h", "soon"):
        done = run(["share", str(number), "--expires", wrong, "--database", sqlite_url])
        assert done.returncode == 2, wrong
