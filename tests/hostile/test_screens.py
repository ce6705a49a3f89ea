"""Names, values and answers that would move a cursor, begin a line, or turn what is read around:
shown nowhere as they are, whatever says them, on every database.
"""

import json
import unicodedata
from itertools import chain

import pytest

from snapshots.screen_text import plain, plain_json
from tests.cli.test_terminal import on_a_terminal
from tests.conftest import fresh
from tests.hostile.case import EVERYWHERE
from tests.hostile.test_names import written
from tests.support.command import objects
from tests.support.command import snapshots as command
from tests.support.http_server import response, serving
from tests.support.recording_api import Api

FORGED = "\nerror: forged\n"
EVIL = f"x\x1b[2J\x1b]0;t\x07\r\b{FORGED}\x7f\x9b31m\x85\u2028\u202e\u2066\u200b\ufeff"
"""CSI, OSC, bell, carriage return, backspace, line ends of four kinds, DEL, C1, bidi, no width."""


def is_harmless(text):
    assert "forged" in text, text
    assert not any(line.startswith("error: forged") for line in text.splitlines()), text
    bad = {c for c in text if c != "\n" and unicodedata.category(c)[0] == "C"}
    assert bad | {c for c in text if c in "\u2028\u2029"} == set(), text
    return True


def everything(done):
    return done.stdout + done.stderr


def test_one_line_whatever_it_is_made_of():
    assert plain(EVIL) == (
        r"x\x1b[2J\x1b]0;t\x07\r\x08\nerror: forged\n\x7f\x9b31m\x85\u2028\u202e\u2066\u200b\ufeff"
    )
    assert plain("\ud800\udcff\U000e0041\x00") == r"\ud800\udcff\U000e0041\x00"
    for text in ("", "a b", "Größe\u00a0in m²", "数据\u3000", "😀", "a\\nb"):
        assert plain(text) == text
    assert plain("a\tb\nc", keep="\n") == "a\\tb\nc"


def test_json_is_the_same_json():
    for value in ({EVIL: [EVIL, 1, None]}, "\U000e0041", {"a": "é\u00a0"}):
        for text in (json.dumps(value, ensure_ascii=False), json.dumps(value, indent=1)):
            shown = plain_json(text)
            assert json.loads(shown) == value
            assert not any(ord(c) > 126 and not c.isprintable() and c != "\xa0" for c in shown)


@pytest.fixture
def folder(tmp_path):
    """A file, a header and a record of such names."""
    (tmp_path / "d").mkdir()
    name = f"f{EVIL}.csv"
    written(tmp_path / "d" / name, ("id", f"c{EVIL}"), (1, "a"), (2, EVIL), ("x", "y", EVIL))
    return tmp_path


@pytest.mark.parametrize("database", EVERYWHERE)
def test_what_commands_say(database, folder, request):
    for url in fresh(database, request):
        on = ("--database", url)
        name = next((folder / "d").iterdir())
        many = ("--max-rejects", "100%", "--again", "--primary-key", "id")
        whole = ("--table", f'"t{EVIL}"') if database != "mysql" else ("--table", "t")
        for progress in ("auto", "plain"):
            done = command("d", *on, *many, "--progress", progress, cwd=folder)
            assert done.returncode == 3, done.stderr
            assert is_harmless(done.stderr)
            assert is_harmless(done.stdout)
        done = command("d", *on, *whole, *many, "--log-format", "text", cwd=folder)
        assert is_harmless(everything(done))
        for words in (
            ("list",), ("list", name), ("show", 1), ("rejects", 1), ("show", 77, f"--database={EVIL}"),
            ("resume", 1, "--url", f"http://h/{EVIL}"), ("import", "d", "--dry-run", *many),
            ("import", f"none{EVIL}.csv"), (f"--{EVIL}",), ("import", "d", "--contract", EVIL),
            ("import", "d", "--table", f"a{EVIL}.b.c.d"), ("import", "d", "--workers", EVIL),
            ("import", "d", "--encoding", EVIL), ("send", "d", "--to", f"ftp://{EVIL}"),
            ("list", "--state", EVIL), ("import", "d", "--chunk-size", EVIL), (EVIL,),
        ):  # fmt: skip
            done = command(*words, *on, cwd=folder)
            said = everything(done)
            assert "forged" not in said or is_harmless(said), words
        for words in (("list",), ("list", name), ("show", 1), ("rejects", 1)):
            done = command(*words, *on, "--json", cwd=folder)
            for line in chain(done.stdout.splitlines(), [done.stderr]):
                assert "forged" not in line or is_harmless(f"forged {line}")
            assert objects(done)
        (shown,) = objects(command("show", 1, *on, "--json", cwd=folder))
        assert shown["input"] == f"d/f{EVIL}.csv"
        logged = command("d", *on, *many, "--log-format", "json", "--json", cwd=folder)
        lines = [json.loads(line) for line in logged.stderr.splitlines() if line[0] == "{"]
        assert {line["input"] for line in lines} == {f"d/f{EVIL}.csv"}
        assert is_harmless(logged.stderr)


RAISING = {
    "postgres": (
        "CREATE TABLE t (id integer)",
        "CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION '%', NEW.id || chr(27) || '[2J' || chr(10)"
        " || 'error: forged' || chr(155) || chr(8238); END $$",
        "CREATE TRIGGER no BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION no()",
    ),
    "mysql": (
        "CREATE TABLE t (id integer)",
        "CREATE TRIGGER no BEFORE INSERT ON t FOR EACH ROW SIGNAL SQLSTATE '45000'"
        " SET MESSAGE_TEXT = _utf8mb4 x'1b5b324a0a6572726f723a20666f72676564c29be280ae'",
    ),
    "sqlite": (
        "CREATE TABLE t (id integer)",
        "CREATE TRIGGER no BEFORE INSERT ON t BEGIN SELECT"
        " RAISE(ABORT, '\x1b[2J\nerror: forged\x9b\u202e'); END",
    ),
}


@pytest.mark.parametrize("home", EVERYWHERE, indirect=True)
def test_what_a_server_says(home, tmp_path):
    for statement in RAISING[home.target.name]:
        home.session.execute(statement)
    (tmp_path / "a.csv").write_text("id\n1\n")
    on = ("--database", home.url)
    done = command("a.csv", *on, "--table", "t", "--max-rejects", "100%", cwd=tmp_path)
    assert "refused_by_target" in done.stdout, done.stderr
    assert is_harmless("".join(everything(command("rejects", 1, *on, cwd=tmp_path))))


def test_what_an_api_says(tmp_path):
    class Evil(Api):
        def on_request(self, request, connection):
            return response(422, EVIL)

    (tmp_path / "a.csv").write_text("id\n1\n")
    with serving(Evil()) as running:
        done = command("send", "a.csv", "--to", running.url, cwd=tmp_path)
        assert done.returncode in {3, 4}, done.stderr
        shown = command("rejects", 1, cwd=tmp_path)
        assert is_harmless(everything(shown) + everything(done))


def test_a_bar_and_csv_on_a_screen(folder):
    for words in (("import", "d", "--max-rejects", "100%"), ("rejects", 1, "--format", "csv")):
        seen, _ = on_a_terminal(*words, cwd=folder)
        said = seen.decode()
        assert "forged" in said
        for bad in (
            "\x1b[2J",
            "\x1b]0",
            "\x07",
            "\b",
            "\x9b",
            "\u202e",
            "\u2066",
            "\r\nerror: forged",
        ):
            assert bad not in said, (words, bad)
    # For a program they are what they are.
    piped = command("rejects", 1, "--format", "csv", cwd=folder)
    assert "\x9b31m" in piped.stdout


def test_a_name_that_is_no_text(tmp_path):
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / b"f\xff\x1b[31m\nerror: forged.csv".decode(errors="surrogateescape")).touch()
    for words in (("import", "d"), ("list", "d"), ("import", "d", "--log-format", "text"),
                  ("import", "d", "--log-format", "json", "--json", "--otlp", "http://127.0.0.1:9")):  # fmt: skip
        done = command(*words, cwd=tmp_path)
        assert is_harmless(everything(done))
        assert "telemetry failed" not in done.stderr
