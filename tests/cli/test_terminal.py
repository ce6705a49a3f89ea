"""What is seen on a terminal, where a line is drawn in place and taken away again."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
import threading

import pytest

from snapshots.cli.widths import width

ESCAPE = b"\x1b"
ROWS = 300_000
STATUS = re.compile(r"\d+%.*\d rows|\d+% \S+ rows|\d+%.*/s")


def on_a_terminal(*arguments, cwd, columns=80, **variables):
    """Everything that the command writes to a terminal of that width, and its exit code."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    clean = {k: v for k, v in os.environ.items() if not k.startswith("SNAPSHOTS_")}
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES"):
        clean.pop(name, None)
    environment = {**clean, "SNAPSHOTS_STATE_DIR": str(cwd / "state"), "TERM": "xterm", **variables}
    process = subprocess.Popen(
        [sys.executable, "-m", "snapshots", *map(str, arguments)],
        cwd=cwd, env=environment, stdin=theirs, stdout=theirs, stderr=theirs, close_fds=True,
    )  # fmt: skip
    os.close(theirs)
    seen = bytearray()

    def read():
        try:
            while piece := os.read(ours, 65536):
                seen.extend(piece)
        except OSError:  # the other end is closed
            pass

    reader = threading.Thread(target=read)
    reader.start()
    code = process.wait(300)
    reader.join(10)
    os.close(ours)
    return bytes(seen), code


def screen(written, columns):
    """The lines that are left in the end, and the most columns that a drawn line has taken.

    As a terminal does it: text that reaches the last column goes on in the next line.
    """
    text = re.sub(r"\x1b\[[0-9;]*m", "", written.decode())
    lines, row, column, wrapped = [[]], 0, 0, 0
    for character in text:
        if character == "\n":
            row += 1
        elif character == "\r":
            column = 0
        else:
            assert character.isprintable(), ascii(character)
            if column + width(character) > columns:
                row, column, wrapped = row + 1, 0, wrapped + 1
        while len(lines) <= row:
            lines.append([])
        if character.isprintable():
            cells = lines[row]
            cells.extend(" " * (column - len(cells)))
            cells[column : column + 1] = [character]
            column += width(character)
    return ["".join(line).rstrip() for line in lines], wrapped


def drawn(written):
    """Every text that was drawn in place."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", written.decode())
    parts = re.findall(r"\r([^\r\n]+)(?=\r(?!\n))", text)
    return [part.rstrip() for part in parts if part.strip()]


def csv(path, rows):
    path.write_text("a,b\n" + "".join(f"{n},{path.name}\n" for n in range(rows)))


@pytest.mark.parametrize("rows", [3, ROWS])
def test_what_is_said_stays_whole_beside_the_line(tmp_path, rows):
    for name in ("one", "two"):
        csv(tmp_path / f"{name}.csv", rows)
    written, code = on_a_terminal("import", "one.csv", "two.csv", "--chunk-size", "64KB",
                                  cwd=tmp_path, columns=120)  # fmt: skip
    assert code == 0
    lines, _ = screen(written, 120)
    for number, name in enumerate(("one", "two"), 1):
        started = f"import {number}: {name}.csv -> {name}, sqlite:///snapshots.db"
        assert lines.count(started) == 1, lines
        ended = f"{name}.csv (import {number}): {rows:,} records = {rows:,} loaded + 0"
        assert sum(line.startswith(ended) for line in lines) == 1, lines
    assert not any("rows/s" in line or "%" in line for line in lines), lines


LONG = "a_file_with_a_name_that_is_rather_long_and_ends_with_a_date_2024-05-31.csv"
CHINESE = "出租车行程记录数据文件二零二四年五月三十一日全部区域完整版本.csv"


@pytest.mark.parametrize("columns", [30, 50, 80, 120])
@pytest.mark.parametrize("name", [LONG, CHINESE, "a.csv"])
def test_the_line_fits_the_terminal(tmp_path, columns, name):
    csv(tmp_path / name, ROWS)
    written, code = on_a_terminal("import", name, "--table", "t", "--chunk-size", "64KB",
                                  "--max-rejects", "1", cwd=tmp_path, columns=columns)  # fmt: skip
    assert code == 0
    texts = drawn(written)
    assert texts, written[:2000]
    for text in texts:
        assert width(text) < columns, text
        assert re.search(r"\b\d+%", text), text
        assert re.search(r"\d[\d,.kM]* rows", text), text
        assert re.search(r"[\d,.kM]+( rows)?/s", text), text
    later = texts[-1]
    assert re.search(r"\d:\d\d( left)?$", later), later
    if columns >= 50:
        assert name[0] in later
        assert name == LONG or columns == 50 or name in later or "..." in later
    if columns >= 80 and name == LONG:
        assert re.search(r"a_.*\.\.\..*\.csv", later), later


@pytest.mark.parametrize(
    "variables", [{"NO_COLOR": "1"}, {"NO_COLOR": "0"}, {"NO_COLOR": "1", "FORCE_COLOR": "1"}]
)
def test_no_color_gives_no_escape_at_all(tmp_path, variables):
    csv(tmp_path / "a.csv", ROWS)
    written, code = on_a_terminal("import", "a.csv", "none.csv", "--chunk-size", "64KB",
                                  cwd=tmp_path, **variables)  # fmt: skip
    assert (code, ESCAPE in written) == (1, False)
    written, code = on_a_terminal("import", "a.csv", "--chunk-size", "64KB", cwd=tmp_path,
                                  **variables)  # fmt: skip
    assert (code, ESCAPE in written) == (0, False)
    assert drawn(written), "the line is drawn without escapes"
    written, _ = on_a_terminal("list", "--help", cwd=tmp_path, **variables)
    assert ESCAPE not in written


def test_a_dumb_terminal_gets_plain_lines(tmp_path):
    csv(tmp_path / "a.csv", ROWS)
    written, code = on_a_terminal("import", "a.csv", cwd=tmp_path, TERM="dumb")
    assert code == 0
    assert ESCAPE not in written
    assert drawn(written) == []
    assert b"\r" not in written.replace(b"\r\n", b"")


def test_a_terminal_has_colours_and_a_pipe_has_none_unless_forced(tmp_path):
    written, code = on_a_terminal("import", "none.csv", cwd=tmp_path)
    assert code == 1
    assert b"\x1b[31merror\x1b[0m: none.csv: The file does not exist." in written

    def piped(**variables):
        clean = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "FORCE_COLOR")}
        return subprocess.run(
            [sys.executable, "-m", "snapshots", "import", "none.csv"], cwd=tmp_path,
            env={**clean, "SNAPSHOTS_STATE_DIR": str(tmp_path / "state"), **variables},
            capture_output=True, check=False,
        ).stderr  # fmt: skip

    assert ESCAPE not in piped()
    assert ESCAPE not in piped(FORCE_COLOR="0")
    assert ESCAPE not in piped(FORCE_COLOR="1", NO_COLOR="1")
    assert b"\x1b[31merror\x1b[0m: " in piped(FORCE_COLOR="1")


def test_quiet_draws_nothing(tmp_path):
    csv(tmp_path / "a.csv", ROWS)
    written, code = on_a_terminal("import", "a.csv", "--quiet", "--chunk-size", "64KB",
                                  cwd=tmp_path)  # fmt: skip
    assert (code, written) == (0, b"")
