"""How fast the kernel alone is, on one thread: MB of input a second.

    python bench/kernel.py [--rows 200000] [--repeat 5]

The input lies in memory. Each figure is the best of the repetitions, by the thread's own clock:
what disturbs a measurement only ever makes it slower.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterator
from functools import partial

from made_rides import COLUMNS, blocks
from snapshots._native import Chunk, Converter, Hasher, Scanner, Splitter
from snapshots.model import Dialect, FieldPlace, Type
from snapshots.plain import plain
from snapshots.row_encoding import EncodingName

FEED = 1 << 20
BLOCK = 1 << 20
CHUNK = 16 << 20
PLAIN = Dialect(header=False)
ESCAPES = Dialect(header=False, escape="\\")
COPY = Dialect(
    delimiter="\t", quote=None, escape="\\", escapes="postgres", idle="blank", header=False
)
SEVERAL = Dialect(delimiter="||", header=False)
KINDS = (
    *[Type("text")] * 3,
    *[Type("timestamp")] * 4,
    *[Type("integer", bits=32)] * 2,
    Type("float"),
    Type("integer", bits=32),
    *[Type("float")] * 8,
    *[Type("text")] * 5,
)


def spec(encoding: EncodingName, dialect: Dialect) -> str:
    return json.dumps(
        {
            "dialect": plain(dialect),
            "encoding": encoding,
            "fields": len(COLUMNS),
            "columns": [
                _column(index, name, kind)
                for index, (name, kind) in enumerate(zip(COLUMNS, KINDS, strict=True))
            ],
            "lineage": None if encoding == "json" else {"import_id": 1},
            "omit_nulls": False,
            "rules": [],
        }
    )


def _column(field: int, name: str, kind: Type) -> dict[str, object]:
    nothing = (
        "minimum", "maximum", "exclusive_minimum", "exclusive_maximum", "min_length",
        "max_length", "pattern", "enum", "true_values", "false_values", "group_char",
        "missing_values",
    )  # fmt: skip
    return {
        "field": field,
        "name": name,
        "type": plain(kind),
        "format": "default",
        "required": False,
        "decimal_char": ".",
        "bare_number": True,
        **dict.fromkeys(nothing),
    }


def pieces(data: bytes) -> list[bytes]:
    return [data[start : start + FEED] for start in range(0, len(data), FEED)]


def escaped(data: bytes) -> bytes:
    """Two or three quotes in each record, with a backslash before them."""
    return data.replace(b'"B0', b'"B\\"0').replace(b'"HV', b'"HV\\"')


def placed(data: bytes) -> tuple[bytes, Dialect]:
    """The same with spaces that fill the fields up, and no delimiters."""
    rows = [line.split(b",") for line in data.splitlines()]
    widths = [max(map(len, fields)) for fields in zip(*rows, strict=True)]
    starts = [1 + sum(widths[:index]) for index in range(len(widths))]
    lines = [b"".join(map(bytes.ljust, fields, widths)) + b"\n" for fields in rows]
    places = tuple(map(FieldPlace, starts, widths))
    dialect = Dialect(
        delimiter="", quote=None, places=places, skip_initial_space=True, header=False
    )
    return b"".join(lines), dialect


def split(read: list[bytes], dialect: Dialect) -> Iterator[Chunk]:
    splitter = Splitter(json.dumps(plain(dialect)), CHUNK, offset=1)
    for piece in read:
        yield from splitter.feed(piece)
    yield from splitter.finish()


def convert(converter: Converter, chunks: list[Chunk], *, payload: bool) -> tuple[int, int]:
    loaded = rejected = 0
    for chunk in chunks:
        position, line = 0, chunk.line
        while position < len(chunk):
            block = converter.convert(chunk, position, line, BLOCK)
            position, line = block.position, block.line
            loaded += block.loaded
            rejected += block.rejected
            if payload:
                _ = block.payload
            block.rejects()
    return loaded, rejected


def drained(read: list[bytes], dialect: Dialect) -> int:
    """Chunk by chunk, as an import takes them: each gives its memory back before the next."""
    return sum(map(len, split(read, dialect)))


def hashed(read: list[bytes]) -> str:
    hasher = Hasher()
    for piece in read:
        hasher.update(piece)
    return hasher.hexdigest()


def scan(chunks: list[Chunk], dialect: Dialect) -> str:
    scanner = Scanner(json.dumps(plain(dialect)), len(COLUMNS))
    for chunk in chunks:
        scanner.scan(chunk)
    return scanner.evidence()


def best(work: Callable[[], object], size: int, repeat: int) -> float:
    seconds = []
    for _ in range(repeat):
        start = time.thread_time()
        work()
        seconds.append(time.thread_time() - start)
    return size / 1e6 / min(seconds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--repeat", type=int, default=5)
    options = parser.parse_args()
    clean = b"".join(block.data for block in blocks(options.rows))
    quoted = b"".join(block.data for block in blocks(options.rows, quoted=True))
    inputs = {
        "clean": (clean, PLAIN),
        "1 % dirty": (b"".join(block.data for block in blocks(options.rows, dirty=0.01)), PLAIN),
        "10 % dirty": (b"".join(block.data for block in blocks(options.rows, dirty=0.1)), PLAIN),
        "quoted": (quoted, PLAIN),
        "\\, unused": (quoted, ESCAPES),
        "\\ in each": (escaped(quoted), ESCAPES),
        "COPY text": (clean.replace(b",", b"\t").replace(b"\tB0", b"\tB\\t0"), COPY),
        "||": (clean.replace(b",", b"||"), SEVERAL),
        "fixed": placed(clean),
    }
    encodings: tuple[EncodingName, ...] = ("postgres", "text", "sqlite", "json")
    works = ("hash", "split", "scan", *encodings)
    print(f"{'MB/s':<12}" + "".join(f"{work:>10}" for work in works) + "   loaded, rejected")
    for name, (data, dialect) in inputs.items():
        read = pieces(data)
        chunks = list(split(read, dialect))
        size, repeat = len(data), options.repeat
        figures = [
            best(partial(hashed, read), size, repeat),
            best(partial(drained, read, dialect), size, repeat),
            best(partial(scan, chunks, dialect), size, min(repeat, 2)),
        ]
        for encoding in encodings:
            work = partial(convert, Converter(spec(encoding, dialect)), chunks, payload=True)
            figures.append(best(work, size, repeat))
        counts = convert(Converter(spec("text", dialect)), chunks, payload=False)
        print(f"{name:<12}" + "".join(f"{figure:>10.0f}" for figure in figures) + f"   {counts}")


if __name__ == "__main__":
    main()
