"""Where chunks are cut, by example; that any cut is right is in test_properties."""

import json

import pytest

from snapshots._native import Chunk, Splitter
from snapshots.formats.kernel_json import dialect_json
from snapshots.model import Dialect

from .whole import convert, converter, split, texts

HEADLESS = Dialect(header=False)
SHORT = Dialect(header=False, max_record_size=100)
KEPT = 64 * 1024


def cuts(data, dialect=HEADLESS, chunk_size=1, feed=0):
    return [(c.start, c.end, c.line, c.overlong) for c in split(data, dialect, chunk_size, feed)]


def test_a_chunk_ends_with_the_first_record_that_fills_it():
    data = b"a,1\nbb,2\nccc,3\n"
    assert [bytes(c) for c in split(data, HEADLESS, 4)] == [b"a,1\n", b"bb,2\n", b"ccc,3\n"]
    assert [bytes(c) for c in split(data, HEADLESS, 5)] == [b"a,1\nbb,2\n", b"ccc,3\n"]
    assert [bytes(c) for c in split(data, HEADLESS, 99)] == [data]


def test_lines_and_offsets_go_on_from_where_the_splitter_was_told():
    splitter = Splitter(dialect_json(Dialect()), 1, offset=1000, line=50)
    chunks = splitter.feed(b'"x\ny",1\nz,2\n') + splitter.finish()
    assert [(c.start, c.end, c.line) for c in chunks] == [(1000, 1008, 50), (1008, 1012, 52)]


def test_a_line_end_in_quotes_ends_no_record():
    assert cuts(b'"a\nb",1\nc,2\n') == [(0, 8, 1, False), (8, 12, 3, False)]


def test_an_open_quote_ends_with_its_line():
    assert cuts(b'a,"b\nc,d\n')[0] == (0, 5, 1, False)


def test_what_precedes_the_data_stays_in_the_first_chunk():
    dialect = Dialect(preamble=1, rows_after_header=1, comment="#")
    data = b'\xef\xbb\xbfa "title\n# note\n\na,b\nint,int\n1,2\n3,4\n'
    for feed in (0, 1, 2):
        assert [bytes(c) for c in split(data, dialect, 1, feed)] == [
            data[: data.index(b"1,2")],
            b"1,2\n",
            b"3,4\n",
        ]


def test_all_there_is_may_be_a_mark():
    assert cuts(b"\xef\xbb\xbf") == [(0, 3, 1, False)]
    assert cuts(b"\xef\xbb") == [(0, 2, 1, False)]
    assert cuts(b"") == []


@pytest.mark.parametrize("feed", [0, 1, 30_000])
def test_a_record_without_end_is_alone_and_not_kept(feed):
    size = 200_000
    data = b"a,b\n" + b"x" * size + b"\r\nc,d\n"
    chunks = split(data, SHORT, 1 << 20, feed or 0)
    assert [(c.start, c.end, c.line, c.overlong) for c in chunks] == [
        (0, 4, 1, False),
        (4, size + 6, 2, True),
        (size + 6, size + 10, 3, False),
    ]
    assert len(chunks[1]) == KEPT
    found = convert(converter(texts(2), SHORT), chunks)
    assert found.codes == [(2, "record_too_long")]
    assert found.rejects[0][1] == 4
    assert found.rejects[0][5] == b"x" * KEPT
    assert (found.loaded, found.records) == (2, 3)


def test_the_longest_record_is_just_short_enough():
    for end in (b"\n", b"\r\n", b""):
        assert cuts(b"x" * 100 + end, SHORT) == [(0, 100 + len(end), 1, False)]
        assert cuts(b"x" * 101 + end, SHORT) == [(0, 101 + len(end), 1, True)]


def test_a_comment_may_be_of_any_length():
    dialect = Dialect(header=False, comment="#", max_record_size=100)
    chunks = split(b"#" * 300 + b"\na,b\n", dialect)
    assert [c.overlong for c in chunks] == [True, False]
    found = convert(converter(texts(2), dialect), chunks)
    assert (found.skipped, found.loaded, found.rejected) == (1, 1, 0)


def test_a_chunk_of_given_bytes():
    chunk = Chunk.of(bytearray(b"a,b\n"), start=7, line=3)
    assert (chunk.start, chunk.end, chunk.line, len(chunk), bytes(chunk)) == (7, 11, 3, 4, b"a,b\n")
    assert not chunk.overlong


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"delimiter": "|\n"}, "line end"),
        ({"delimiter": "¦"}, "all of them ASCII"),
        ({"delimiter": "\n"}, "line end"),
        ({"quote": ","}, "same character"),
        ({"escape": '"'}, "same character"),
        ({"max_record_size": 0}, "max_record_size"),
        ({"delimiter": " ", "skip_initial_space": True}, "space"),
        ({"colour": "red"}, "unknown field"),
        ({"terminator": "crlf"}, "unknown variant"),
    ],
)
def test_dialects_that_make_no_sense(change, message):
    dialect = json.dumps(json.loads(dialect_json(HEADLESS)) | change)
    with pytest.raises(ValueError, match=message):
        Splitter(dialect, 1)
