"""Rows for `Session.load`, made by the real kernel."""

import pytest

from snapshots._native import Chunk, Converter
from snapshots.formats.kernel_json import converter_spec
from snapshots.model import Column, Contract, Dialect, Type


def on(*names):
    """For a test of what not every target has."""
    return pytest.mark.parametrize("database", names, indirect=True)


BUILT_ON = {"toy": "sqlite"}
FILES = ("sqlite", "duckdb", "toy")
"""Those that are no servers."""


def built_on(target):
    """The database behind a target, for what a test must know of it."""
    return BUILT_ON.get(target.name, target.name)


def column(name, kind="text", **limits):
    required = limits.pop("required", False)
    unique = limits.pop("unique", False)
    return Column(name, name, Type(kind, **limits), required=required, unique=unique)


def contract(*columns, primary_key=()):
    return Contract(columns, primary_key=primary_key)


def table(target, session, made, name="t", *, lineage=False):
    """Creates a table for a contract; its name."""
    known = target.table_name(name)
    target.create_table(session, known, made, lineage=lineage)
    return known


def blocks(made, rows, encoding, *, import_id=None, records=None):
    """Blocks of some rows of texts; None is NULL. Fails where the kernel rejects one."""
    names = [c.name for c in made.columns]
    chunk = Chunk.of("".join(",".join(map(_field, row)) + "\n" for row in rows).encode())
    spec = converter_spec(Dialect(header=False), made, names, encoding.name, import_id)
    converter = Converter(spec)
    position, line, made_of = 0, 1, []
    while position < len(chunk):
        block = converter.convert(chunk, position, line, 1 << 20, records)
        assert block.rejects() == []
        position, line = block.position, block.line
        made_of.append(block)
    return made_of


def _field(value):
    if value is None:
        return ""
    doubled = value.replace('"', '""')
    return f'"{doubled}"'


def load(target, session, name, made, rows, *, import_id=None, records=None):
    """Loads rows of texts as an import does."""
    shape = target.inspect(session, name)
    limited = target.physical(made)
    encoding = target.encoding_for(session, shape)
    columns = [c.name for c in made.columns]
    if import_id is not None:
        columns += ["_import_id", "_line"]
    made_of = blocks(limited, rows, encoding, import_id=import_id, records=records)
    return session.load(name, columns, iter(made_of))


def count(session, target, name="t"):
    return session.execute(f"SELECT COUNT(*) FROM {target.dialect.quote(name)}")[0][0]
