"""Bytes that are no text, and texts that are hard to keep."""

from .case import Case, Refusal

_UTF8 = {"encoding": "utf-8"}
_CONTROLS = "".join(map(chr, (*range(1, 9), 11, 12, *range(14, 32), 127)))


_NO_UTF8 = {
    "a byte of Latin-1": b"Ren\xe9e",
    "0xFF": b"\xff",
    "overlong, two bytes": b"\xc0\xaf",
    "overlong, three bytes": b"\xe0\x80\xaf",
    "overlong NUL": b"\xc0\x80",
    "a surrogate": b"\xed\xa0\x80",
    "a pair of surrogates": b"\xed\xa0\xbd\xed\xb8\x80",
    "past U+10FFFF": b"\xf4\x90\x80\x80",
    "a character cut short": b"\xe2\x82",
    "a continuation alone": b"\x80",
}
_TEXTS = {
    "a mark within": "x\ufeffy",
    "U+FFFD": "x\ufffdy",
    "control characters": f"x{_CONTROLS}y" + "z" * 999,
    "beyond the first plane": "😀𝒳🇩🇪👩‍👩‍👧",
    "no characters: U+FFFE, U+FFFF, U+10FFFF": "\ufffe\uffff\U0010ffff",
    "marks of direction": "\u202eabc\u202c\u200b\u00ad",
    "%, %s, {}, $1, ?": "100% %s %(a)s {} ${HOME} $1 ? :a",
    "SQL": "'); DROP TABLE t; -- \\'",
    "a formula": "=cmd|' /C calc'!A0",
}
"""Each must arrive as it is."""


def _bad(fields: dict[str, bytes]) -> Case:
    """Records in which one field is not UTF-8, each between sound ones: they alone are rejected."""
    lines = [line for field in fields.values() for line in (b"1,x\n", b"2,%b\n" % field)]
    bad = range(3, 3 + len(lines), 2)
    return Case(
        ", ".join(fields), b"a,b\n" + b"".join(lines), {line - 1: (1, "x") for line in bad},
        dict.fromkeys(bad, "invalid_encoding"), options=_UTF8,
    )  # fmt: skip


def _text(name: str, text: str, encoding: str = "utf-8") -> Case:
    """A text that must arrive as it is."""
    data = f"a,b\n1,{text}\n".encode(encoding)
    return Case(name, data, {2: (1, text)}, options={"encoding": encoding})


CASES = [
    Case("UTF-8 with a mark", b"\xef\xbb\xbfa,b\n1,x\n", {2: (1, "x")}, columns=("a", "b")),
    Case("a mark before a quoted name", b'\xef\xbb\xbf"a",b\n1,x\n', {2: (1, "x")}, columns=("a", "b")),
    Case("NUL in a value", b"a,b\n1,x\n2,y\0zzzzzzzzzzzz\n3,w\n", {2: (1, "x"), 4: (3, "w")},
         {3: "nul_character"}, options=_UTF8),
    Case("NUL in quotes", b'a,b\n1,x\n2,"\0zzzzzzzzzz"\n3,w\n', {2: (1, "x"), 4: (3, "w")},
         {3: "nul_character"}, options=_UTF8),
    _bad(_NO_UTF8),
    Case(", ".join(_TEXTS), "".join(f"{line}\n" for line in ("b", *_TEXTS.values())).encode(),
         {line: (text,) for line, text in enumerate(_TEXTS.values(), 2)}, options=_UTF8),
    Case("invalid in a field that is ignored", b"a,b\n1,\xff\n2,x\n", {3: (2, "x")},
         {2: "invalid_encoding"}, options=_UTF8),
    Case("composed and not composed", "a,b\n1,é\n2,e\u0301\n".encode(), {2: (1, "é"), 3: (2, "e\u0301")}),
    Case("UTF-16 LE with a mark", "\ufeffa,b\n1,é😀\n".encode("utf-16-le"), {2: (1, "é😀")}),
    Case("UTF-16 BE with a mark", "\ufeffa,b\n1,é😀\n".encode("utf-16-be"), {2: (1, "é😀")}),
    _text("UTF-16 LE as given", "é😀 and so many letters of ASCII that it is seen", "utf-16-le"),
    Case("UTF-16 LE with neither mark nor word", "a,b\n1,x\n".encode("utf-16-le"), {2: (1, "x")}),
    Case("UTF-16 BE with neither mark nor word", "a,b\n1,x\n".encode("utf-16-be"), {2: (1, "x")}),
    _text("UTF-16 with hardly any ASCII, as given", "一二三四五六七八九十", "utf-16-le"),
    _text("UTF-16 BE, the same", "一二三四五六七八九十", "utf-16-be"),
    Case("UTF-32 with a mark, as given", "\ufeffa,b\n1,é😀\n".encode("utf-32-le"), {2: (1, "é😀")},
         options={"encoding": "utf-32"}),
    Case("what looks like no text, as given", b"a,b\n1,x\n2,\x01\x02\x03\x04\n", {2: (1, "x"),
         3: (2, "\1\2\3\4")}, options=_UTF8),
    Case("UTF-16 LE cut in a character", "a,b\n1,x\n2,y".encode("utf-16-le") + b"\n",
         {2: (1, "x")}, {3: "invalid_encoding"}, options={"encoding": "utf-16-le"}),
    _text("Windows-1252", "“don’t” – €5…", "cp1252"),
    Case("a byte that Windows-1252 lacks", b"a,b\n1,x\n2,\x81\n3,\x93\n", {2: (1, "x"), 4: (3, "“")},
         {3: "invalid_encoding"}, options={"encoding": "cp1252"}),
    _text("all the punctuation of Windows-1252", "€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ", "cp1252"),
    Case("NULs within, and a delimiter that is given", b"a,b\n1," + bytes(9) + b"2\n3,4\n",
         {3: (3, 4)}, {2: "nul_character"}),
    _text("Latin-1 keeps 0x80 to 0x9F", "\x80\x93\x9f", "latin-1"),
    _text("Shift-JIS, whose second byte may be a backslash", "表示", "shift_jis"),
]  # fmt: skip

REFUSALS = [
    Refusal("Latin-1 unsaid", "a,b\n1,Renée\n2,Zoë\n".encode("latin-1"), "dialect"),
    Refusal("mostly NULs", b"a,b\n1," + bytes(9) + b"2\n", "input", {"delimiter": None}),
    Refusal("an encoding that there is not", b"a,b\n1,2\n", "dialect", {"encoding": "utf-9"}),
    Refusal("an archive", b"PK\x03\x04" + bytes(30), "input"),
]
