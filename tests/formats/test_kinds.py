"""Inputs that are easily taken for something else: read right, or a question is asked."""

import pytest

from snapshots.formats.sniff import sniff
from tests.formats.kinds import KINDS


@pytest.mark.parametrize(
    "kind",
    [
        pytest.param(kind, id=f"{name}-{n}")
        for name, kinds in KINDS.items()
        for n, kind in enumerate(kinds)
    ],
)
def test_kinds(kind):
    found = sniff(kind.text.encode())
    if kind.doubt:
        assert found.question is not None, found
        assert kind.doubt in f"{found.question} {found.question.hint}"
        return
    assert found.question is None, found.question
    dialect = found.dialect
    assert {
        "header": "|".join(found.header),
        "delimiter": dialect.delimiter if len(found.header) > 1 else kind.delimiter,
        "quote": dialect.quote or "",
        "terminator": dialect.terminator,
        "preamble": dialect.preamble,
        "after": dialect.rows_after_header,
        "ragged": dialect.ragged,
        "named": dialect.header,
    } == {
        "header": kind.header,
        "delimiter": kind.delimiter,
        "quote": kind.quote,
        "terminator": kind.terminator,
        "preamble": kind.preamble,
        "after": kind.after,
        "ragged": kind.ragged,
        "named": kind.named,
    }
