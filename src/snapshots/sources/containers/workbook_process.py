"""The program of the process that reads a workbook: a hostile one can ask for any memory.

Arguments: kind, sheet, action, most bytes of memory and of rows, and the descriptors of the
workbook and of the rows (`system.inherited`). It prints a JSON object, which `workbook.py` reads.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from snapshots import system
from snapshots._native import Workbook

CPU_SECONDS = 1800


def main() -> None:
    """Reads the sheet that is named, or else the only visible one with values."""
    kind, sheet, action, memory, most, source, rows = sys.argv[1:]
    system.limit_work(int(memory), int(most), CPU_SECONDS)
    opened = system.open_inherited(source, os.O_RDONLY)
    try:
        answer = _read(Workbook(system.handle_of(opened), kind), sheet, action, rows)
    except MemoryError:
        answer = {"failed": "memory"}
    except ValueError as error:
        answer = {"failed": str(error)}
    except OSError as error:
        answer = {"failed": "size" if error.errno == 27 else str(error)}
    print(json.dumps(answer))  # noqa: T201 - it is the answer


def _read(book: Workbook, sheet: str, action: str, rows: str) -> dict[str, Any]:
    sheets = book.sheets()
    answer: dict[str, Any] = {"sheets": sheets}
    if not sheet:
        answer["filled"] = [name for name, visible in sheets if visible and book.filled_rows(name)]
        if len(answer["filled"]) == 1:
            sheet = answer["filled"][0]
    if action == "read" and sheet in [name for name, _ in sheets]:
        with os.fdopen(system.open_inherited(rows, os.O_WRONLY), "wb", buffering=0) as file:
            answer["text_fields"] = sorted(book.write(sheet, _all_of(file)))
        answer["sheet"] = sheet
    return answer


def _all_of(file: Any) -> Any:
    def write(data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[file.write(view) :]

    return write


if __name__ == "__main__":
    main()
