"""Single values through the kernel's converter."""

from snapshots._native import Chunk, Converter
from snapshots.formats.kernel_json import converter_spec
from snapshots.model import Column, Contract, Dialect, Type

DIALECT = Dialect(header=False)


def converter(kind, encoding="text", *, limits=None, **column):
    """Of one column `c` with this type, and its record's line."""
    contract = Contract((Column("c", "c", Type(kind, **(limits or {})), **column),))
    return Converter(converter_spec(DIALECT, contract, ["c"], encoding, 1))


def chunk(texts):
    """One record a text, all in quotes."""
    quoted = ('"' + text.replace('"', '""') + '"\n' for text in texts)
    return Chunk.of("".join(quoted).encode())


def convert(kind, texts, **column):
    """For each text its normalised text, or the code of its reject as `(code,)`.

    Texts may hold no line end, so that each is on the line of its number.
    """
    texts = list(texts)
    block = converter(kind, **column).convert(chunk(texts), 0, 1, 1 << 30)
    outcomes = {line: (code,) for line, _, _, code, _, _ in block.rejects()}
    for row in block.payload.decode().splitlines():
        value, _, line = row.split("\t")
        outcomes[int(line)] = value
    assert block.records == block.loaded + block.rejected == len(texts)
    return [outcomes[line] for line in range(1, len(texts) + 1)]


def reasons(kind, texts, **column):
    """The sentences of the rejects."""
    block = converter(kind, **column).convert(chunk(texts), 0, 1, 1 << 30)
    return [reason for _, _, _, _, reason, _ in block.rejects()]
