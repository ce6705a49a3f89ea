"""Dialects that the real files do not have, and the user's word."""

import pytest

from snapshots.errors import DialectError
from snapshots.formats.sniff import DialectOptions, sniff


def text(*lines):
    return "\n".join(lines).encode() + b"\n"


@pytest.mark.parametrize(
    ("lines", "delimiter"),
    [
        (["a\tb\tc", "1\t2\t3", "4\t5\t6"], "\t"),
        (["a|b|c", "1|2|3"], "|"),
        # Decimal commas are as even as the semicolons, but not in the header.
        (["a;b;c", *["1,5;2,5;3,5"] * 50], ";"),
        (["id;price", "1;0,5", "2;1,5", "3;2,5"], ";"),
        (["id,tags", *["1,x|y|z"] * 20], ","),
        (["when,what", "2024-01-01 10:00,a;b", "2024-01-02 11:00,c;d;e"], ","),
        (["a;b", "1;Hello, world", "2;One, two, three", "3;none"], ";"),
    ],
)
def test_delimiters(lines, delimiter):
    assert sniff(text(*lines)).dialect.delimiter == delimiter


def test_one_column_of_prose_is_not_split_at_its_commas():
    found = sniff(text("comment", "Hello, world", "How are you", "Fine, thanks, and you", "So-so"))
    assert found.header == ("comment",)
    assert found.dialect.delimiter != ","


def test_single_quotes_need_real_evidence():
    quoted = sniff(text("id,name", "1,'Smith, John'", "2,'Doe, Jane'", "3,'it''s me'"))
    assert quoted.dialect.quote == "'"
    assert any("quote: single" in note for note in quoted.notes)
    assert sniff(text("id,name", "1,'tis", "2,rock 'n' roll", "3,x")).dialect.quote == '"'


def test_a_backslash_escapes_only_where_nothing_else_makes_sense():
    escaped = sniff(text("id,text,n", r'1,"say \"hi, you\" now",2', r'2,"a \"b, c\" d",3', "3,x,4"))
    assert escaped.dialect.escape == "\\"
    assert any("backslash" in note for note in escaped.notes)
    assert sniff(text("id,path", r'1,"C:\dir\"', r'2,"D:\x\"')).dialect.escape is None
    assert sniff(text("id,text", '1,"say ""hi"""', r"2,a\b")).dialect.escape is None


def test_a_backslash_that_is_detected_counts_within_quotes_only():
    lines = ("id,path,text", r'1,C:\new\,"say \"hi\""', r'2,D:\x,"a \"b, c\" d"')
    found = sniff(text(*lines)).dialect
    assert (found.escape, found.escape_unquoted) == ("\\", False)
    given = sniff(text(*lines), DialectOptions(escape="\\")).dialect
    assert (given.escape, given.escape_unquoted) == ("\\", True)


@pytest.mark.parametrize(
    ("lines", "options", "skipped"),
    [
        (["a,b", '1, "x, y"', '2, "z"'], {}, True),
        (["a,b", '1, "x, y"', "2,z"], {"delimiter": ",", "quote": '"'}, True),
        # Spaces and quotes within quotes are the value's own.
        (["a,b", '1," ""x"""', "2, y", "3,z"], {}, False),
        (["a,b", '1," ""x"""', "2, y", "3,z"], {"delimiter": ",", "quote": '"'}, False),
        (["a,b", r'1," \"x\""', "2, y", "3,z"], {}, False),
        (["a,b", r'1," \"x\""', "2, y", "3,z"], {"escape": "\\"}, False),
        (["a,b", "1,' ''x'''", "2,' ''y'''", "3,' z'"], {}, False),
        (['"a"," b"," c"', '"1"," 2"," 3"', '"4"," 5"," 6"', "7, 8, 9"], {}, False),
        (["a, b, c", '1," 2", 3', '4," 5", 6'], {}, False),
        (["a,b", "1,' \"x\"'", "2,'y'", "3,'z'"], {"quote": "'"}, False),
        # A user's word stands.
        (["a, b, c", "1, 2, 3", "4, 5, 6"], {"skip_initial_space": False}, False),
        (["a,b", '1, "x, y"', '2, "z"'], {"skip_initial_space": False}, False),
        (["a,b", '1," ""x"""', "2, y", "3,z"], {"skip_initial_space": True}, True),
    ],
)
def test_spaces_within_quotes_say_nothing_of_those_around_them(lines, options, skipped):
    assert sniff(text(*lines), DialectOptions(**options)).dialect.skip_initial_space is skipped


def test_spaces_before_a_field_that_is_longer_than_the_sample():
    lines = text("a,b", '1," ""x"""', "2, y", '3,"z')
    assert not sniff(lines, complete=False).dialect.skip_initial_space


@pytest.mark.parametrize("option", ["quote", "escape", "comment"])
@pytest.mark.parametrize("character", [",", ";", "|"])
def test_a_character_that_was_given_a_meaning_is_no_delimiter(option, character):
    found = sniff(text("a\tb", "1\t2", "3\t4"), DialectOptions(**{option: character}))
    assert found.dialect.delimiter == "\t"
    one = sniff(text("a", "x", "y"), DialectOptions(**{option: character}))
    assert one.dialect.delimiter != character


@pytest.mark.parametrize(
    ("lines", "options", "header"),
    [
        ([r"a,\N,c", "d,e,f", "g,h,i"], {}, False),
        ([r'"a",\N,"c"', '"d","e","f"'], {}, False),
        ([r"a,\N", "1,x"], {"header": True}, True),
        ([r"a,\Name", "1,x", "2,y"], {}, True),
        ([r"C:\N,b", "1,x", "2,y"], {}, True),
    ],
)
def test_a_record_with_a_null_is_no_header(lines, options, header):
    found = sniff(text(*lines), DialectOptions(**options))
    assert found.dialect.header is header
    assert found.dialect.preamble == 0
    assert "header" not in found.doubts or header


@pytest.mark.parametrize(
    ("lines", "options", "said"),
    [
        (["1\tone\t\\N", "2\ttwo\t5"], {}, {"null", "copy", "outfile"}),
        (["1\tone\t\\N", "2\ttwo\t5"], {"escape": "\\"}, {"null", "copy"}),
        (["1\tone\t\\N", "2\ttwo\t5"], {"escape": ""}, {"null", "copy"}),
        (["1\ta\\tb", "2\tc"], {}, {"copy"}),
        (["1\ta\\\\tb", "2\tc"], {}, set()),
        (["1\ta\\nb", "2\tc"], {"escape": "\\", "quote": ""}, {"copy"}),
        (["1\ta", "2\tb", "3\tc", "\\."], {}, {"copy"}),
        (['1,"a",\\N', '2,"b",5'], {}, {"null", "copy", "outfile"}),
        (['1,"say \\"hi\\"",\\N', '2,"b",5'], {}, {"null", "copy"}),
        (["id,text", '1,"say \\"hi\\""', '2,"a\\nb"'], {}, {"letter"}),
        (["id,text", '1,"say \\"hi\\""', '2,"C:\\\\new"'], {}, set()),
        (["id,path", "1,C:\\new\\table", "2,D:\\temp"], {}, set()),
        (["id,path,text", '1,C:\\new,"say \\"hi\\""', '2,D:\\temp,"x"'], {}, set()),
        (["id,path", "1,C:\\new", "2,D:\\temp"], {"escape": "\\"}, {"letter"}),
        (['1,"say \\"hi\\"","\\\\N"', '2,"b","5"'], {}, set()),
        (["id,name", "1,x", "2,y"], {}, set()),
    ],
)
def test_what_backslashes_suggest_is_said(lines, options, said):
    notes = sniff(text(*lines), DialectOptions(**options)).notes
    signs = {
        "null": r"\N in fields:",
        "copy": r"\t and \n in values stay two characters:",
        "letter": r"\n in values stays two characters:",
        "outfile": "INTO OUTFILE wrote the input",
    }
    found = {name for name, sign in signs.items() if any(sign in note for note in notes)}
    assert found == said
    quoted = any('"' in line for line in lines)
    assert any("--quotechar '\"'" in note for note in notes) == ("outfile" in said and quoted)


def test_spaces_after_every_delimiter():
    found = sniff(text("a, b, c", "1, 2, 3", "4, 5, 6"))
    assert found.dialect.skip_initial_space
    assert found.header == ("a", "b", "c")
    assert any("spaces" in note for note in found.notes)
    assert not sniff(text("a,b,c", "1, x,3", "4,y,6")).dialect.skip_initial_space


def test_cr_line_ends_with_lf_in_quotes():
    found = sniff(b'a,b\r1,"x\ny"\r2,z\r3,w\r')
    assert found.dialect.terminator == "cr"
    assert found.header == ("a", "b")


@pytest.mark.parametrize(
    ("lines", "header"),
    [
        (["id,name", "1,x", "2,y"], True),
        (["1,x", "2,y", "3,z"], False),
        (["2024-01-01,x", "2024-01-02,y"], False),
        (["Jan,2024-01-01", "Feb,2024-02-01"], False),
        (["name,2020,2021,2022", "x,1,2,3", "y,4,5,6"], True),
        (["year,2020", "a,1", "b,2"], True),
        (["2020,x", "2021,y", "2022,z"], False),
        (["n/a,1", "3,2", "4,5"], False),
        (["No,red", "Yes,blue", "No,red"], False),
        ([",a,b", "0,1,2", "1,3,4"], True),
        (["1,2,3"], False),
        (["a,b,c"], True),
        (["id", "0b8f3f3e-57a4-4d1b-9c1c-000000000000"], True),
    ],
)
def test_headers(lines, header):
    found = sniff(text(*lines))
    assert found.dialect.header is header
    fields = tuple(lines[0].split(","))
    assert found.header == (
        fields if header else tuple(f"column_{n}" for n in range(1, len(fields) + 1))
    )


@pytest.mark.parametrize(
    "lines",
    [
        # One filled cell, but of a record: a number, or too few columns to tell.
        ["5,,", "6,a,b", "7,c,d"],
        ["x,", "name,size", "a,1"],
        # What follows is no header.
        ["title,,", "1,2,3", "4,5,6"],
    ],
)
def test_titles_are_skipped_only_where_that_is_clear(lines):
    assert sniff(text(*lines)).dialect.preamble == 0


def test_blank_lines_before_titles_and_header_are_counted():
    found = sniff(text("", "Sales of 2024,,", "", "id,name,price", "1,x,2.5", "2,y,3.5"))
    assert found.dialect.preamble == 3
    assert found.header == ("id", "name", "price")


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("delimiter", ";"),
        ("quote", "'"),
        ("escape", "\\"),
        ("terminator", "cr"),
        ("header", False),
        ("preamble", 1),
        ("rows_after_header", 1),
        ("comment", "#"),
        ("skip_initial_space", True),
        ("max_record_size", 1000),
    ],
)
def test_every_part_can_be_said_and_is_obeyed(option, value):
    found = sniff(text("#x,b", "id,name", "1,x", "2,y"), DialectOptions(**{option: value}))
    assert getattr(found.dialect, option) == value


def test_no_quote_at_all():
    found = sniff(text("a,b", '"1,2', '3",4'), DialectOptions(quote=""))
    assert found.dialect.quote is None
    assert found.header == ("a", "b")


def test_comments_are_no_header():
    found = sniff(text("# made by x, y, z", "id,name", "1,x"), DialectOptions(comment="#"))
    assert found.header == ("id", "name")


def test_a_dialect_that_cannot_be():
    with pytest.raises(DialectError, match="same character"):
        sniff(text("a,b"), DialectOptions(delimiter=",", comment=","))
    with pytest.raises(DialectError, match="delimiter"):
        sniff(text("a,b"), DialectOptions(delimiter="ab"))


def test_a_broken_header():
    with pytest.raises(DialectError, match=r"header is broken \(line 1\)"):
        sniff(text('a,"b" x', "1,2", "3,4"))


def test_no_line_end_in_a_long_head():
    with pytest.raises(DialectError, match="bytes have no line end"):
        sniff(b"x" * 1024 * 1024)


def test_two_thousand_columns():
    header = ",".join(f"c{n}" for n in range(2000))
    found = sniff(text(header, ",".join(["1"] * 2000)))
    assert len(found.header) == 2000


def test_damage_is_told_and_the_header_kept():
    found = sniff("naïve,größe\n1,".encode() + b"\xe9\n2,3\n")
    assert found.dialect.encoding == "utf-8"
    assert found.doubts == {"encoding"}
    assert any("damage" in note for note in found.notes)


def test_one_column_keeps_the_escape_that_it_needs_or_was_given():
    lines = text("text", r'"say \"hi\""', '"b"', '"c, d"')
    detected, given = sniff(lines), sniff(lines, DialectOptions(escape="\\"))
    assert detected.header == given.header == ("text",)
    assert (detected.dialect.escape, detected.dialect.escape_unquoted) == ("\\", False)
    assert (given.dialect.escape, given.dialect.escape_unquoted) == ("\\", True)
    assert "delimiter" not in detected.doubts | given.doubts


def test_one_column_has_no_delimiter_with_another_meaning():
    for comment in ",\t|;":
        dialect = sniff(text("id", "1", "2"), DialectOptions(comment=comment)).dialect
        assert dialect.delimiter != comment


def test_spaces_before_some_of_the_quotes_of_every_record():
    found = sniff(text('"id", "name",size', '"1", "a",5', '"2", "b, c",6', '"3", "d",7'))
    assert found.dialect.skip_initial_space
    assert found.header == ("id", "name", "size")


@pytest.mark.parametrize("lead", ["", "\n"])
def test_a_line_for_each_field_is_no_csv(lead):
    record = "{0} {1}. row {0}\n    id: {1}\n  name: pen, red\n"
    text = lead + "".join(record.format("*" * 27, number) for number in (1, 2, 3))
    with pytest.raises(DialectError, match="drawn with lines"):
        sniff(text.encode())
