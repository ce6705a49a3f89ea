"""A hundred ordinary inputs, of the kinds that people load every day, made here.

`ordinary.json` has what each is read as: a change of detection must not change any of them.
`python -m tests.formats.ordinary` writes it anew; read the difference before it is committed.
"""

from __future__ import annotations

import codecs
import csv
import io
import json
import random
import zlib
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from snapshots._native import Records
from snapshots.formats.encodings import transcode
from snapshots.formats.kernel_json import dialect_json
from snapshots.formats.options import DialectOptions
from snapshots.formats.sniff import sniff
from snapshots.plain import plain

READINGS = Path(__file__).with_name("ordinary.json")

Rows = list[list[Any]]
_FIRST = ["Ann", "Bob", "Cy", "Dora", "Emil", "Fay", "Gus", "Hal", "Ida", "José", "Åse", "Zoë"]
_LAST = ["Smith", "O'Hara", "van Dyke", "Müller", "Li", "Garcia", "Brown-Jones", "D'Angelo"]
_TOWNS = ["Oslo", "Rome", "Bonn", "New York", "São Paulo", "Graz", "Kiel", "Lyon", "St. Gallen"]
_WORDS = [
    "the", "cat", "sat", "on", "a", "mat", "while", "it", "rained", "and", "nobody", "knew", "why",
    "or", "when", "it", "would", "stop",
]  # fmt: skip


def _prose(rng: random.Random, commas: bool = True) -> str:
    words = [rng.choice(_WORDS) for _ in range(rng.randint(2, 9))]
    text = " ".join(words)
    if commas and rng.random() < 0.6:
        text = text.replace(" ", ", ", 1)
    return text.capitalize() + rng.choice(["", ".", "!", "?"])


def _day(rng: random.Random) -> date:
    return date(2019, 1, 1) + timedelta(rng.randint(0, 2000))


def people(n: int, rng: random.Random) -> Rows:
    rows: Rows = [["id", "name", "town", "born"]]
    for i in range(1, n + 1):
        name = f"{rng.choice(_FIRST)} {rng.choice(_LAST)}"
        rows.append([i, name, rng.choice(_TOWNS), _day(rng).isoformat()])
    return rows


def prices(n: int, rng: random.Random) -> Rows:
    rows: Rows = [["sku", "price", "qty", "discount"]]
    for i in range(n):
        rows.append(
            [
                f"A-{i:04}",
                f"{rng.random() * 90:.2f}",
                rng.randint(0, 9),
                rng.choice(["", "5%", "10%"]),
            ]
        )
    return rows


def comma_prices(n: int, rng: random.Random) -> Rows:
    return [prices(1, rng)[0]] + [
        [cell.replace(".", ",") if isinstance(cell, str) else cell for cell in row]
        for row in prices(n, rng)[1:]
    ]


def notes(n: int, rng: random.Random) -> Rows:
    rows: Rows = [["when", "author", "note"]]
    for _ in range(n):
        rows.append(
            [
                f"{_day(rng)} {rng.randint(0, 23):02}:{rng.randint(0, 59):02}:00",
                rng.choice(_FIRST),
                _prose(rng),
            ]
        )
    return rows


def german(n: int, rng: random.Random) -> Rows:
    rows: Rows = [["Datum", "Betrag", "Empfänger", "Verwendungszweck"]]
    for _ in range(n):
        amount = f"{rng.randint(-3000, 3000)},{rng.randint(0, 99):02}"
        rows.append([_day(rng).strftime("%d.%m.%Y"), amount, rng.choice(_LAST), _prose(rng)])
    return rows


def american(n: int, rng: random.Random) -> Rows:
    rows: Rows = [["Order Date", "Customer", "Total", "Phone"]]
    for _ in range(n):
        phone = f"(555) {rng.randint(100, 999)}-{rng.randint(1000, 9999)}"
        rows.append(
            [
                _day(rng).strftime("%m/%d/%Y"),
                f"{rng.choice(_LAST)}, {rng.choice(_FIRST)}",
                f"${rng.randint(1, 9)},{rng.randint(100, 999)}.00",
                phone,
            ]
        )
    return rows


def urls(n: int, rng: random.Random) -> Rows:
    rows: Rows = [["url", "status", "time"]]
    for i in range(n):
        rows.append(
            [
                f"https://example.org:8080/a/{i}?x=1&y=2#top",
                rng.choice([200, 404]),
                f"{rng.randint(0, 23):02}:{rng.randint(0, 59):02}",
            ]
        )
    return rows


def sensors(n: int, rng: random.Random) -> Rows:
    rows: Rows = [["time", "t1", "t2", "ok"]]
    for i in range(n):
        rows.append(
            [
                f"2024-05-01T00:{i % 60:02}:00Z",
                f"{rng.gauss(20, 5):.3f}",
                f"{rng.gauss(0, 1e-3):.6e}",
                rng.choice(["true", "false"]),
            ]
        )
    return rows


def tags(n: int, rng: random.Random) -> Rows:
    rows: Rows = [["id", "tags", "paths"]]
    for i in range(n):
        rows.append([i, "|".join(rng.sample(_WORDS, 3)), ";".join([rf"C:\dir\{i}", "/usr/bin"])])
    return rows


def wide(n: int, rng: random.Random) -> Rows:
    rows: Rows = [[f"v{i}" for i in range(60)]]
    rows += [[rng.randint(0, 999) for _ in range(60)] for _ in range(n)]
    return rows


def sparse(n: int, rng: random.Random) -> Rows:
    rows: Rows = [["key", "a", "b", "c", "d"]]
    for i in range(n):
        rows.append([f"k{i}", *[rng.choice(["", "", "", str(i), "x"]) for _ in range(4)]])
    return rows


def all_text(n: int, rng: random.Random) -> Rows:
    rows: Rows = [["country", "capital", "language"]]
    for _ in range(n):
        rows.append(
            [rng.choice(_LAST), rng.choice(_TOWNS), rng.choice(["no", "it", "de", "en", "fr"])]
        )
    return rows


def years(n: int, rng: random.Random) -> Rows:
    rows: Rows = [["Region", *range(2015, 2023)]]
    rows += [[town, *[rng.randint(100, 999) for _ in range(8)]] for town in (_TOWNS * 9)[:n]]
    return rows


def two(n: int, rng: random.Random) -> Rows:
    return [["word", "count"], *[[_WORDS[i % 15] + str(i), rng.randint(1, 50)] for i in range(n)]]


def document(n: int, rng: random.Random) -> Rows:
    rows: Rows = [["id", "json", "html"]]
    for i in range(n):
        rows.append([i, json.dumps({"a": i, "b": [1, 2, "x;y"]}), f'<a href="x?{i}">l, {i}</a>'])
    return rows


def lines(n: int, rng: random.Random) -> Rows:
    rows: Rows = [["id", "text", "mark"]]
    rows += [[i, f'{_prose(rng)}\n{_prose(rng)}; "{_prose(rng)}"', "x"] for i in range(n)]
    return rows


def geo(n: int, rng: random.Random) -> Rows:
    rows: Rows = [["name", "lat", "lon", "wkt"]]
    for i in range(n):
        lat, lon = f"{rng.uniform(-90, 90):.5f}", f"{rng.uniform(-180, 180):.5f}"
        rows.append([f"{_TOWNS[i % 9]} {i}", lat, lon, f"POINT({lon} {lat})"])
    return rows


def headless(n: int, rng: random.Random) -> Rows:
    return people(n, rng)[1:]


def numbers(n: int, rng: random.Random) -> Rows:
    return [[rng.randint(0, 99), f"{rng.random():.4f}", rng.randint(0, 1)] for _ in range(n)]


def times(n: int, rng: random.Random) -> Rows:
    rows: Rows = [["start", "end", "mac", "ratio"]]
    for i in range(n):
        rows.append(
            [
                f"{i % 24:02}:15",
                f"{i % 24:02}:45:00",
                f"00:1b:44:11:3a:{i % 90 + 10}",
                f"{i}:{i + 1}",
            ]
        )
    return rows


def write(
    rows: Rows,
    delimiter: str = ",",
    end: str = "\n",
    quoting: int = csv.QUOTE_MINIMAL,
    quote: str = '"',
) -> str:
    out = io.StringIO()
    csv.writer(
        out, delimiter=delimiter, lineterminator=end, quoting=quoting, quotechar=quote
    ).writerows(rows)
    return out.getvalue()


TABLES = {
    f.__name__: f
    for f in (
        people, prices, comma_prices, notes, german, american, urls, sensors, tags, wide, sparse,
        all_text, years, two, document, lines, geo, headless, numbers, times,
    )
}  # fmt: skip


def _single() -> dict[str, bytes]:
    """One column, and what is short or odd and yet ordinary."""
    rng = random.Random(5)
    phrases = ["comment", *[_prose(rng) for _ in range(30)]]
    texts = {
        "one/ids": "id\n" + "".join(f"{i}\n" for i in range(40)),
        "one/words": "word\n" + "\n".join(_WORDS) + "\n",
        "one/prose": "\n".join(phrases) + "\n",
        "one/names": "full name\nAnn Lee\nBob Ray\nCy Fox\nDora Kay\n",
        "one/emails": "email\nann@example.org\nbob@example.com\ncy@example.net\n",
        "one/urls": "url\nhttps://example.org/a?b=1,2\nhttps://example.org/c\n",
        "one/times": "at\n10:15\n11:30\n12:45\n",
        "one/dates": "day\n2024-01-01\n2024-01-02\n",
        "one/stamps": "at\n2024-01-01 10:00:00\n2024-01-02 11:00:00\n2024-01-03 12:00:00\n",
        "one/addresses": "address\n12 Main St\n5 High Rd\n7 Low Ln\n",
        "one/no header": "10\n20\n30\n",
        "one/quoted": '"name"\n"Smith, Ann"\n"Ray, Bob"\n',
        "one/decimal commas": "price\n1,5\n22,75\n3\n",
        "few/header alone": "a,b,c\n",
        "few/one record": "id,name\n1,pen\n",
        "few/no line end": "id,name\n1,pen\n2,ink",
        "few/one field each": "x\n1\n",
        "few/two of text": "a;b\nx;y\n",
        "few/blank lines": "\n\nid,name\n\n1,pen\n\n2,ink\n\n",
        "spaces/after": "id, name, qty\n1, pen, 5\n2, ink, 6\n",
        "spaces/before quotes": 'id, "name"\n1, "pen, red"\n2, "ink"\n',
        "quotes/inches": 'id,size,n\n1,6" pipe,2\n2,4" pipe,3\n',
        "quotes/single": "id,name\n1,'Smith, Ann'\n2,'Ray, Bob'\n3,'Fox, Cy'\n",
        "quotes/doubled": 'id,said\n1,"""no"", he said"\n2,"""yes"""\n',
        "quotes/empty": '"a","b"\n"1",""\n"2","x"\n',
        "marks/hash": "#id,name\n1,pen\n2,ink\n",
        "marks/underscores": "user_id\tfull_name\n1\tann_lee\n2\tbob_ray\n",
        "marks/booleans": "name,on\npen,true\nink,false\n",
        "marks/null words": "id,n\n1,NA\n2,5\n3,NA\n",
        "titles/one": "Sales report\n\nid,name,price\n1,pen,2.50\n2,ink,7.00\n",
    }
    return {name: text.encode() for name, text in texts.items()}


def _written() -> dict[str, bytes]:
    found = {}
    for number, (name, table) in enumerate(TABLES.items()):
        rng = random.Random(number)
        found[f"comma/{name}"] = write(table(25, rng)).encode()
        delimiter = ";\t|"[number % 3]
        word = {";": "semicolon", "\t": "tab", "|": "bar"}[delimiter]
        found[f"{word}/{name}"] = write(table(12, rng), delimiter).encode()
        if number % 2:
            found[f"quoted/{name}"] = write(table(8, rng), quoting=csv.QUOTE_ALL).encode()
        else:
            found[f"crlf/{name}"] = codecs.BOM_UTF8 + write(table(300, rng), end="\r\n").encode()
    rng = random.Random(99)
    found["cr/people"] = write(people(9, rng), end="\r").encode()
    found["utf-16/people"] = codecs.BOM_UTF16_LE + write(people(9, rng), "\t").encode("utf-16-le")
    found["utf-16/german"] = codecs.BOM_UTF16_BE + write(german(9, rng), ";").encode("utf-16-be")
    found["few/people"] = write(people(2, rng)).encode()
    found["few/german"] = write(german(2, rng), ";").encode()
    found["few/notes"] = write(notes(1, rng), "\t").encode()
    found["long/notes"] = write(notes(9000, rng)).encode()
    found["long/lines"] = write(lines(9000, rng), ";").encode()
    found["long/wide"] = write(wide(2500, rng)).encode()
    found["long/numbers"] = write(numbers(30000, rng), "|").encode()
    return found


def inputs() -> dict[str, bytes]:
    """By name."""
    return {**_single(), **_written()}


def reading(data: bytes) -> dict[str, Any]:
    """What there is to tell of how an input is read."""
    head = data[: 256 * 1024]
    found = sniff(head, DialectOptions())
    assert found.question is None
    dialect = plain(found.dialect)
    sample = b"".join(transcode([data], found.dialect.encoding))
    rows = [
        fields
        for _, _, fields in Records.parse(
            sample, dialect_json(replace(found.dialect, repeated=None)), 10**9
        )
    ]
    told = {
        name: dialect[name]
        for name in (
            "quote", "escape", "terminator", "encoding", "header", "preamble", "rows_after_header",
            "skip_initial_space",
        )
    }  # fmt: skip
    if len(found.header) > 1:
        told["delimiter"] = found.dialect.delimiter
    told["fields"] = list(found.header)
    told["records"] = len(rows)
    told["content"] = zlib.crc32(repr(rows).encode())
    return told


def main() -> None:
    """Writes what is read today."""
    readings = {name: reading(data) for name, data in inputs().items()}
    lines = ",\n".join(
        f" {json.dumps(name)}: {json.dumps(told, ensure_ascii=False)}"
        for name, told in readings.items()
    )
    READINGS.write_text(f"{{\n{lines}\n}}\n", "utf-8")


if __name__ == "__main__":
    main()
