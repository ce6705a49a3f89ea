"""Other encodings than UTF-8: decoded for the kernel, and mapped back byte for byte."""

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snapshots.errors import DialectError
from snapshots.formats.encodings import canonical, is_utf8, original, transcode

ENCODINGS = [
    "latin-1", "cp1252", "ascii", "koi8-r", "utf-16-le", "utf-16-be", "utf-32-le", "big5",
    "gb18030", "shift_jis", "euc_kr", "cp437",
]  # fmt: skip


@pytest.mark.parametrize("encoding", ENCODINGS)
@given(data=st.binary(max_size=80), cut=st.integers(0, 80))
def test_any_bytes_come_back_whatever_they_are(encoding, data, cut):
    utf8 = b"".join(transcode([data[:cut], data[cut:]], encoding))
    back = original(utf8, encoding)
    if encoding == "big5" and back != data:
        # It has two codes for a few characters, and gives back the usual one.
        assert back.decode(encoding) == data.decode(encoding)
    else:
        assert back == data


@pytest.mark.parametrize("encoding", ENCODINGS)
@given(data=st.binary(max_size=80))
def test_what_cannot_be_decoded_is_not_utf8(encoding, data):
    utf8 = b"".join(transcode([data], encoding))
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        with pytest.raises(UnicodeDecodeError):
            utf8.decode()
    else:
        assert utf8 == text.encode()


@given(text=st.text(), size=st.integers(1, 7))
def test_pieces_may_cut_characters(text, size):
    for encoding in ("utf-16-le", "gb18030", "utf-32-be"):
        data = text.encode(encoding)
        pieces = [data[i : i + size] for i in range(0, len(data), size)]
        assert b"".join(transcode(pieces, encoding)) == text.encode()


def test_a_byte_order_mark_stays_one_so_that_offsets_stay_true():
    data = codecs.BOM_UTF16_LE + "a,b".encode("utf-16-le")
    utf8 = b"".join(transcode([data], "utf-16-le"))
    assert utf8 == codecs.BOM_UTF8 + b"a,b"
    assert original(utf8, "utf-16-le") == data


def test_a_damaged_character_does_not_swallow_the_line_end():
    data = b"\xa4\n\xa4\xa4\n"
    assert b"".join(transcode([data], "big5")).count(b"\n") == 2


@pytest.mark.parametrize("cut", [1, 2, 3])
def test_a_cut_last_character_is_nothing(cut):
    utf8 = "aé€😀".encode()
    assert original(utf8[:-cut], "utf-16-le") == "aé€".encode("utf-16-le")


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("UTF8", "utf-8"),
        ("utf-8-sig", "utf-8"),
        ("Latin-1", "iso8859-1"),
        ("windows-1252", "cp1252"),
        ("UTF-16LE", "utf-16-le"),
    ],
)
def test_names_of_encodings(name, known):
    assert canonical(name) == known
    assert is_utf8(name) == (known == "utf-8")


@pytest.mark.parametrize(
    ("name", "near"),
    [("latin1x", "latin"), ("utf9", "utf"), ("base64", ""), ("rot13", ""), ("idna", ""), ("", "")],
)
def test_unknown_names(name, near):
    with pytest.raises(DialectError) as caught:
        canonical(name)
    assert near in caught.value.hint
    assert "utf-8" in caught.value.hint
