"""The movies exercise, on a file as dirty as its own: `python3 movymporter`, and the command."""

import os
import re
import shutil
import signal
import subprocess
import sys

import pytest

from tests.support.command import objects, snapshots
from tests.support.http_server import serving
from tests.support.input_files import data
from tests.support.killed_deliveries import HeldSink
from tests.support.movies_sink_process import ROOT, movies_sink
from tests.support.processes import PATIENCE, wait_for
from tests.support.recording_api import Api

DELIVERED, REJECTED, BLANK = 6447, 232, 5


@pytest.fixture
def folder(tmp_path):
    """A copy of the example, in which it may keep its account."""
    shutil.copytree(ROOT / "examples" / "movies", tmp_path / "movies")
    return tmp_path / "movies"


PLAIN = (sys.executable, "movymporter")


def movymporter(
    folder, csv, url, *, stop="0", mode=0o600, interrupt=None, more="", command=PLAIN, bom=""
):
    """Runs it as its user does, who presses Ctrl-C once `interrupt` says so: what it does then must
    last until somebody has seen it."""
    settings = folder / ".env"
    settings.write_text(
        f"{bom}LOG_LEVEL = INFO\nCSV_IN = {csv}\nURL_OUT = {url}\nSTOP_ON_ERRORS = {stop}\n{more}"
    )
    settings.chmod(mode)
    clean = {k: v for k, v in os.environ.items() if not k.startswith("SNAPSHOTS_")}
    process = subprocess.Popen(
        command,
        cwd=folder,
        env={**clean, "SNAPSHOTS_STATE_DIR": str(folder / "state")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    if interrupt is not None:
        wait_for(interrupt)
        process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=PATIENCE)
    assert "Traceback" not in err, err
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


@pytest.mark.parametrize("name", ["made/movies.csv", "shared/movies/backup.csv"])
def test_all_movies_arrive_once_whatever_the_503s(folder, name):
    path = data(name)
    with movies_sink() as sink:
        done = movymporter(folder, path, sink.url)
        assert done.returncode == 3, done.stderr
        assert (
            f"{DELIVERED + REJECTED + BLANK} records = {DELIVERED} delivered"
            f" + {REJECTED} rejected + {BLANK} skipped" in done.stderr
        )
        assert done.stderr.count("WARNING: line ") == REJECTED
        assert (sink.count(201), sink.count(400)) == (DELIVERED, 0)
        assert sink.count(503) > DELIVERED // 10
        again = movymporter(folder, path, sink.url)
        assert again.returncode == 5
        assert sink.count(201) == DELIVERED


def test_stopped_by_ctrl_c_it_goes_on_where_it_was(folder):
    path = data("made/movies.csv")
    with serving(HeldSink()) as running:
        sink, url = running.handler, f"{running.url}/movies"
        sink.most = 100
        stopped = movymporter(folder, path, url, interrupt=lambda: sink.total >= 100)
        assert stopped.returncode == 130
        assert "ERROR: Stopped. Started again, it goes on where it was." in stopped.stderr
        assert sink.total == 100
        sink.go_on()
        assert movymporter(folder, path, url).returncode == 3
        assert DELIVERED <= sink.total <= DELIVERED + 32


def test_it_stops_at_the_first_bad_record_and_says_which(folder):
    path = data("made/movies.csv")
    lines = path.read_bytes().decode().splitlines()
    first = next(n for n, line in enumerate(lines, 1) if "\N{REPLACEMENT CHARACTER}" in line)
    with movies_sink("--fail-rate", "0") as sink:
        done = movymporter(folder, path, sink.url, stop="1")
        assert done.returncode == 4
        (said,) = [line for line in done.stderr.splitlines() if " line " in line]
        assert said.startswith(f"ERROR: line {first}: ")
        assert lines[first - 1] in said
        assert sink.count(201) == first - 2, "all before it, and nothing after"
        onward = movymporter(folder, path, sink.url)
        assert onward.returncode == 3
        assert sink.count(201) == DELIVERED


def test_a_file_without_a_header_by_the_contract(folder):
    path = folder / "backup.csv"
    path.write_bytes(data("made/movies.csv").read_bytes().partition(b"\n")[2])
    with movies_sink("--fail-rate", "0") as sink:
        done = snapshots(
            "send", path, "--to", sink.url, "--no-headers", "--contract", folder / "schema.json",
            "--nulls", "omit", "--concurrency", 16, "--json", cwd=folder,
        )  # fmt: skip
        assert done.returncode == 3, done.stderr
        (result,) = objects(done)
        counts = [result[name] for name in ("loaded", "rejected", "skipped")]
        assert counts == [DELIVERED, REJECTED, BLANK]
        assert sink.count(201) == DELIVERED


def test_a_wrong_address_rejects_no_movie(folder):
    with movies_sink("--fail-rate", "0") as sink:
        done = movymporter(folder, data("made/films-begin.csv"), f"{sink.url}/of/mine")
        assert done.returncode == 6
        assert "answers every request with 404" in done.stderr
        assert "refused_by_target" not in done.stderr
        assert "HTTP 404" not in done.stderr


@pytest.mark.parametrize("command", [("-m", "movymporter"), ("movymporter/__main__.py",)])
def test_it_runs_as_a_module_and_as_a_file_too(folder, command):
    with movies_sink() as sink:
        done = movymporter(folder, "movies.csv", sink.url, command=(sys.executable, *command))
    assert done.returncode == 3, done.stderr


def test_an_encoding_that_is_missed_is_named_as_a_setting(folder):
    (folder / "latin.csv").write_bytes(
        f"{HEADER}\n{movie('Day for Night', 'Léaud')}".encode("cp1252")
    )
    done = movymporter(folder, "latin.csv", "http://127.0.0.1:9/")
    assert done.returncode == 1
    assert "ENCODING=" in done.stderr
    assert "--encoding" not in done.stderr


def test_an_open_settings_file_is_warned_about(folder):
    with movies_sink("--fail-rate", "0") as sink:
        done = movymporter(folder, data("made/films-begin.csv"), sink.url, mode=0o644)
        assert "WARNING: .env can be read by others: chmod 600 .env" in done.stderr


def test_what_is_missing_in_the_settings_is_named(folder):
    (folder / ".env").write_text("LOG_LEVEL = INFO\n")
    done = subprocess.run(
        [sys.executable, "movymporter"], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 6
    assert "CSV_IN is missing" in done.stderr


HEADER = "year;length;title;subject;actor;actress;director;popularity;awards;image"


def movie(title, actor):
    return f"1973;115;{title};Drama;{actor};Bisset, Jacqueline;Truffaut, F.;88;Yes;night.png"


def test_the_encoding_may_be_said(folder):
    """Windows-1251, which no detection can tell from other one-byte encodings for sure."""
    text = "\n".join([HEADER, movie("Солярис", "Банионис"), movie("Сталкер", "Кайдановский")])
    (folder / "m.csv").write_bytes(text.encode("cp1251"))
    with serving(Api()) as running:
        url = f"{running.url}/movies"
        done = movymporter(folder, "m.csv", url, more="ENCODING = windows-1251\n")
        assert done.returncode == 0, done.stderr
        assert {row["title"] for row in running.handler.rows} == {"Солярис", "Сталкер"}


def test_settings_with_a_byte_order_mark(folder):
    (folder / "m.csv").write_text("\n".join([HEADER, movie("Solaris", "Banionis")]))
    with movies_sink() as sink:
        done = movymporter(folder, "m.csv", sink.url, bom="\ufeff")
    assert done.returncode == 0, done.stderr
    assert "1 records = 1 delivered" in done.stderr, "by LOG_LEVEL, the first setting"


def test_progress_is_logged(folder):
    code = (
        "import runpy, sys; sys.path.insert(0, 'movymporter'); import sending;"
        " sending.EVERY_SECONDS = 0; runpy.run_path('movymporter/__main__.py', None, '__main__')"
    )
    with movies_sink() as sink:
        done = movymporter(
            folder, data("made/movies.csv"), sink.url, command=(sys.executable, "-c", code)
        )
    lines = done.stderr.splitlines()
    assert any(re.match(r"INFO: \d+ % of the file, \d+ delivered, \d+ rej", line) for line in lines)


@pytest.mark.parametrize("program", ["movies/movymporter", "combocurve/core/main.py"])
def test_without_the_package_a_sentence_says_what_to_install(tmp_path, program):
    # -S: none of the packages that are installed.
    done = subprocess.run(
        [sys.executable, "-S", "-I", str(ROOT / "examples" / program)],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "is not installed" in done.stderr
    assert "pip install" in done.stderr
