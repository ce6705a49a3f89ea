"""Encodings are known or asked for; never guessed silently."""

import codecs
import struct
import sys

import pytest

from snapshots.errors import DialectError, InputError
from snapshots.formats.encoding_guess import detect
from snapshots.formats.options import DialectOptions
from snapshots.formats.sniff import sniff
from tests.support.input_files import data


@pytest.mark.parametrize(
    ("head", "encoding", "sure"),
    [
        (b"", "utf-8", True),
        (b"a,b\n1,2\n", "utf-8", True),
        ("größe\n".encode(), "utf-8", True),
        ("größe".encode()[:-4], "utf-8", True),
        (codecs.BOM_UTF8 + b"a", "utf-8", True),
        (codecs.BOM_UTF16_LE + "a,b\n".encode("utf-16-le"), "utf-16-le", True),
        (codecs.BOM_UTF16_BE + "a,b\n".encode("utf-16-be"), "utf-16-be", True),
        ("a,b\n1,größe\n".encode("utf-16-le"), "utf-16-le", False),
        ("a,b\n1,größe\n".encode("utf-16-be"), "utf-16-be", False),
        ("größe,é\n".encode() + b"\xe9\n", "utf-8", False),
    ],
)
def test_what_is_known(head, encoding, sure):
    found = detect(head)
    assert (found.encoding, found.sure) == (encoding, sure)
    assert found.encoding.upper() in found.note


@pytest.mark.parametrize(
    ("name", "likely"),
    [
        ("made/film.csv", "latin-1"),
        ("made/film.commas-unquoted.csv", "latin-1"),
        ("made/sights.big5.csv", "big5"),
        ("made/spending.latin-1.csv", "latin-1"),
        ("made/plan.latin-1.csv", "latin-1"),
        ("csvlint/invalid-byte-sequence.csv", "latin-1"),
        ("shared/movies/film.csv", "latin-1"),
        ("shared/movies/film.commas-unquoted.csv", "latin-1"),
        ("shared/messy/messytables.characters.csv", "big5"),
        ("shared/messy/messytables.spanish_chars.csv", "latin-1"),
        ("shared/messy/messytables.sparse_with_column_errors.csv", "latin-1"),
    ],
)
def test_real_files_in_other_encodings(name, likely):
    head = data(name).read_bytes()
    with pytest.raises(DialectError) as caught:
        detect(head)
    assert f"probably {likely}" in caught.value.message
    assert f"--encoding {likely}," in caught.value.hint
    assert "--encoding utf-8" in caught.value.hint
    head.decode(likely)


@pytest.mark.parametrize(
    "head",
    [
        bytes(range(256)) * 20,
        bytes(5000),
        b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x03\0>\0\x01\0\0\0",
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x02\0\0\0",
        b"SQLite format 3\0\x10\0\x01\x01\0@  \0\0\0\x02",
        b"a.csv" + bytes(95) + b"0000644\0" + bytes(400) + b"a,b\n1,2\n" + bytes(300),
        struct.pack("<300I", *range(300)),
        struct.pack("<300d", *range(300)),
        bytes(range(128)),
        b"GIF89a\x01\0\x01\0\x80\0\0\xff\xff\xff\0\0\0!\xf9\x04\0\0\0\0\0,",
    ],
)
def test_binary_data_is_text_only_where_a_user_says_so(head):
    with pytest.raises(InputError, match="binary"):
        detect(head)
    assert detect(head, "latin-1").encoding == "iso8859-1"


def test_the_place_of_the_first_bad_byte_is_named():
    with pytest.raises(DialectError, match=r"0xE9 at offset 6, line 2"):
        detect(b"a,b\n1,\xe9t\xe9\n2,fran\xe7ais\n")


def test_windows_and_cyrillic():
    with pytest.raises(DialectError, match="probably cp1252"):
        detect("Preis,Name\n5 €,„Größe“ für Käse\n".encode("cp1252"))
    russian = "имя,город\nИван Петров,Москва\nАнна Сидорова,Санкт-Петербург\n" * 5  # noqa: RUF001
    with pytest.raises(DialectError, match="probably cp1251"):
        detect(russian.encode("cp1251"))


@pytest.mark.parametrize(
    ("text", "encoding", "likely"),
    [
        ("Name;Größe\nMüller;5\n", "latin-1", "latin-1"),
        ("id,n\n1,é\n", "latin-1", "latin-1"),
        ("id,nom\n1,François\n2,Hélène\n", "cp1252", "latin-1"),
        ("p;q\n5 €;x\n7 €;“so”\n", "cp1252", "cp1252"),
        ("namn,ort\nÅsa,Malmö\nJörgen,Växjö\n", "latin-1", "latin-1"),
    ],
)
def test_what_is_plainly_western(text, encoding, likely):
    with pytest.raises(DialectError, match=f"probably {likely}"):
        detect(text.encode(encoding))


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Name;Größe\nMüller;Königstraße\n", "mac_roman"),
        ("Name;Größe\nMüller;Königstraße\n", "cp850"),
        ("имя,город\nИван,Москва\nАнна,Псков\n" * 3, "koi8-r"),  # noqa: RUF001
    ],
)
def test_what_is_not_western_is_not_called_so(text, encoding):
    with pytest.raises(DialectError) as caught:
        detect(text.encode(encoding))
    assert "probably latin-1" not in caught.value.message
    assert "probably cp1252" not in caught.value.message


def test_what_is_utf8_in_part_is_called_so():
    mixed = "id,n\n1,größe\n2,naïve\n".encode() + b"3,caf\xe9\n4,\xfcber\n5,\xe4\n6,\xf6\n"
    with pytest.raises(DialectError, match="only partly UTF-8: it has 3 characters") as caught:
        detect(mixed)
    assert "--encoding utf-8" in caught.value.hint


@pytest.mark.parametrize(
    "head",
    [
        b"1\x01a\x012\n2\x01b\x013\n",
        b"a\x1fb\x1e1\x1f2\x1e3\x1f4\x1e",
        b"a,b\n1,2\n3,4\n" + bytes(500),
        b"a,b\n1,2\n3,4\n" + bytes(500) + b"\n",
        b"a,b\n" + bytes(100),
        b"a,b\n1,2" + bytes(9),
        b"a\n1" + bytes(90),
        b"a,b\n\x02\x03x,1\n",
        b"\x02\x03x",
        b"name\n\x02\x03x\n\x02y\n",
        b"a;b\n\x07\x08;1\n\x0e\x0f;2\n",
        b"a,b\n\x1b[0mred\x1b[0m,1\n",
        b"\x1b[31mid\x1b[0m\n\x1b[32m1\x1b[0m\n",
        b"a,b\n\0" + b"1,2\n",
        b"id,n\n1,\0\n2,\0\n",
        b"a\tb\n\x7f\x7f\t1\n",
    ],
)
def test_separators_and_padding_make_nothing_binary(head):
    assert detect(head).encoding == "utf-8"


def test_a_delimiter_that_is_given_ends_the_question():
    head = bytes(range(1, 128)) * 3
    with pytest.raises(InputError, match="binary") as caught:
        detect(head)
    assert "--delimiter" in caught.value.hint
    assert detect(head, delimited=True).encoding == "utf-8"
    assert sniff(b"\x02\n\x03\x04\x05;\x06\n" * 9, DialectOptions(delimiter=";")).header


@pytest.mark.parametrize(
    ("text", "likely"),
    [
        ("Name;Größe\n\x02\x03Müller\x04;5\n", "latin-1"),
        ("Name;Grö\x02ße\nMüller\x04;5\n", "latin-1"),
        ("Name;Preis\n\x02Müller\x03;5 €\n\x02Jörg\x03;6 €\n\x1a", "cp1252"),
        ("Name\x1fPreis\x1eMüller\x1f5 €\x1eJörg\x1f6 €\x1e", "cp1252"),
        ("namn\x01ort\nÅsa\x01Malmö\nJörgen\x01Växjö\n", "latin-1"),
        ("Name;Größe\nMüller;5" + "\0" * 90, "latin-1"),
    ],
)
def test_control_characters_are_no_other_encoding(text, likely):
    with pytest.raises(DialectError, match=f"probably {likely}"):
        detect(text.encode("cp1252"))


def test_utf32_is_refused_unless_asked_for():
    head = codecs.BOM_UTF32_LE + "a,b\n".encode("utf-32-le")
    with pytest.raises(DialectError, match="UTF-32"):
        detect(head)
    assert detect(head, "utf-32").encoding == "utf-32-le"


@pytest.mark.parametrize(
    ("head", "given", "encoding"),
    [
        (b"\xe9,\n", "utf-8", "utf-8"),
        (b"\xe9,\n", "latin-1", "iso8859-1"),
        ("größe".encode(), "cp1252", "cp1252"),
        (codecs.BOM_UTF16_BE + "a".encode("utf-16-be"), "utf-16", "utf-16-be"),
        ("a,b".encode("utf-16-be"), "utf-16", "utf-16-be"),
        (b"a", "utf-16", "utf-16-le"),
    ],
)
def test_what_a_user_says_is_obeyed(head, given, encoding):
    assert detect(head, given).encoding == encoding
    assert "as given" in detect(head, given).note


def test_the_guesser_is_imported_only_when_it_is_needed():
    for name in [name for name in sys.modules if name.startswith("charset_normalizer")]:
        del sys.modules[name]
    detect("größe,é\n".encode() + b"\xe9\n")
    assert "charset_normalizer" not in sys.modules
    with pytest.raises(DialectError):
        detect(b"\xe9t\xe9\n")
    assert "charset_normalizer" in sys.modules


@pytest.mark.parametrize(
    ("text", "encoding", "likely"),
    [
        ("id,city\n1,Köln\n2,München\n3,Düsseldorf\n4,Nürnberg\n", "cp850", "cp850"),
        ("id,city\n1,Orléans\n2,Besançon\n3,Nîmes\n4,Sète\n", "cp850", "cp850"),
        ("ort;wort\nKöln;Straße\nMünchen;größer\n", "mac-roman", "mac-roman"),
        ("a,b\nKöln,Äpfel\nNîmes,façade\nMálaga,Ñandú\n", "mac-roman", "mac-roman"),
        ("a,b\nŁódź,żółty\nKraków,jaźń\nWrocław,ćma\n", "iso8859-2", "iso8859-2"),
        ("a,b\nPříbram,žlutý\nPlzeň,kůň\nTřebíč,šedý\n", "cp1250", "cp1250"),
        ("a,b\nŁódź,żółty\nKraków,jaźń\nGdańsk,wąż\n", "cp852", "cp852"),
        ("a\tb\nÅrhus\tgrød\nTromsø\tblå\nMalmö\tvår\n", "cp865", "cp850"),
    ],
)
def test_a_few_letters_of_one_language_name_the_encoding(text, encoding, likely):
    with pytest.raises(DialectError, match=f"probably {likely}"):
        detect(text.encode(encoding))
