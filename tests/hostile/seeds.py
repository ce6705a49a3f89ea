"""The hostile inputs as seeds for the fuzzers of the kernel.

    python -m tests.hostile.seeds       # writes native/fuzz/corpus

What comes before each input chooses the dialect, the types and the cuts: native/src/fuzzing.rs.
"""

import re
from pathlib import Path

from tests.hostile.case import Case
from tests.hostile.test_outcomes import ROOMS

CORPUS = Path(__file__).parents[2] / "native" / "fuzz" / "corpus"
KINDS = ("string", "integer", "float", "number", "date", "time", "datetime", "timestamptz",
         "boolean", "uuid", "object")  # fmt: skip
"""In the order of the kernel's; by their names in contracts."""
_LARGEST = 1500
_CUTS = (6, 40)


def choices(case: Case) -> bytes:
    """The bytes that choose what the case says of itself."""
    given = case.options
    flags = (
        given.get("quote") == "",
        "escape" in given,
        given.get("terminator") == "cr",
        given.get("header", True),
        "comment" in given,
        given.get("skip_initial_space", False),
        "max_record_size" in given,
        case.data.partition(b"\n")[0].count(b",") > 0,
    )
    lines = given.get("preamble", 0) | given.get("rows_after_header", 0) << 1
    first = (case.contract or {"fields": [{}]})["fields"][0]
    kind = KINDS.index(first.get("x-type", first.get("type", "string")))
    return bytes((sum(flag << bit for bit, flag in enumerate(flags)), lines | kind << 2, *_CUTS))


def main() -> None:
    """One file for each case that a fuzzer can have made up."""
    CORPUS.mkdir(exist_ok=True)
    for room, cases in ROOMS.items():
        for case in cases:
            if len(case.data) <= _LARGEST:
                name = re.sub(r"\W+", "-", f"{room} {case.name}".lower()).strip("-")[:60]
                chosen = choices(case)
                (CORPUS / name).write_bytes(chosen + case.data)
                if "escape" in case.options:
                    # Once more as if it had been detected: it counts within quotes only.
                    within = bytes((*chosen[:-1], chosen[-1] | 1 << 7))
                    (CORPUS / f"{name}-detected").write_bytes(within + case.data)


if __name__ == "__main__":
    main()
