"""What is seen on a terminal, where a bar is drawn and taken away again."""

import os
import pty
import re
import subprocess
import sys
import threading

import pytest

UP, CLEARED = re.compile(rb"\x1b\[(\d+)A"), b"\x1b[2K"


def on_a_terminal(*arguments, cwd):
    """Everything that the command writes to a terminal of 80 columns, and its exit code."""
    ours, theirs = pty.openpty()
    clean = {k: v for k, v in os.environ.items() if not k.startswith("SNAPSHOTS_")}
    environment = {**clean, "SNAPSHOTS_STATE_DIR": str(cwd / "state"), "COLUMNS": "80",
                   "LINES": "24", "TERM": "xterm"}  # fmt: skip
    environment.pop("NO_COLOR", None)
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


def screen(written):
    """The lines that are left in the end: what a terminal makes of the few codes that are used."""
    lines, row, column = [[]], 0, 0
    for code in re.findall(rb"\x1b\[[0-9;?]*[A-Za-z]|[\s\S]", written):
        if code == b"\n":
            row += 1
            while len(lines) <= row:
                lines.append([])
        elif code == b"\r":
            column = 0
        elif up := UP.fullmatch(code):
            row = max(0, row - int(up[1]))
        elif code == CLEARED:
            lines[row] = []
        elif len(code) == 1:
            lines[row][column:] = [*lines[row][column:], *[b" "] * (column - len(lines[row]))]
            lines[row][column : column + 1] = [code]
            column += 1
    return [b"".join(line).decode(errors="replace").rstrip() for line in lines]


@pytest.mark.parametrize("rows", [3, 300_000])
def test_what_is_said_stays_whole_beside_the_bar(tmp_path, rows):
    for name in ("one", "two"):
        text = "".join(f"{n},{name}\n" for n in range(rows))
        (tmp_path / f"{name}.csv").write_text(f"a,b\n{text}")
    written, code = on_a_terminal("import", "one.csv", "two.csv", "--chunk-size", "64KB",
                                  cwd=tmp_path)  # fmt: skip
    assert code == 0
    lines = screen(written)
    for number, name in enumerate(("one", "two"), 1):
        started = f"import {number}: {name}.csv -> {name}, sqlite:///"
        assert sum(line.startswith(started) for line in lines) == 1, lines
        ended = f"{name}.csv -> {name} (import {number}): {rows:,} records = {rows:,} loaded + 0"
        assert sum(line.startswith(ended) for line in lines) == 1, lines
    assert not any("records/s" in line for line in lines), lines
