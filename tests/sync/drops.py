"""Real files, put into a folder in every way in which people and programs do."""

import bz2
import csv
import gzip
import io
import lzma
import subprocess
from pathlib import Path

TIDY = (
    "*/snapshot_*.csv", "*tripdata*.csv", "*tripmetadata*.csv", "taxi*.csv", "yellow*.csv",
    "movies.csv", "backup.csv",
)  # fmt: skip
"""Files whose records Python's own reader counts as we do."""
CHANGES = 3
"""Of each kind but renames, to files that are there, each time."""
PACKED = {".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress}


class Drops:
    """Puts real files into a folder, a few more each time it is asked."""

    def __init__(self, folder, rng, files):
        self.folder = folder
        self.rng = rng
        self.count = 0
        self._left = sorted(files)
        rng.shuffle(self._left)
        self._each = self._left.copy()
        self._slow = []
        self.records = {}
        """Of tidy files, by where they lie: how many records Python finds in them."""

    def some(self, rounds):
        """One in `rounds` of all files, each in some way; and changes to a few that are there."""
        number = -(-len(self._each) // rounds)
        now, self._left = self._left[:number], self._left[number:]
        self.change()
        for source in now:
            way = self.rng.choice((self.created, self.moved_in, self.packed, self.below, self.slow))
            way(source)
        self.slower()

    def change(self):
        for _ in range(CHANGES):
            for way in (self.replaced, self.overwritten, self.copied):
                way()
        self.renamed()

    def created(self, source):
        path = self._new(source)
        path.write_bytes(source.read_bytes())
        self._note(path, source)

    def moved_in(self, source):
        path = self._new(source)
        self._put(path, source.read_bytes())
        self._note(path, source)

    def packed(self, source):
        data = source.read_bytes()
        ending = self.rng.choice([*PACKED, ".zst"])
        path = self._new(source).with_suffix(f".csv{ending}")
        if ending == ".zst":
            subprocess.run(["zstd", "-q", "-o", path, source], check=True)
        else:
            self._put(path, PACKED[ending](data))
        self._note(path, source)

    def below(self, source):
        path = self.folder / f"from_{self.count}" / "deeper" / source.name
        path.parent.mkdir(parents=True)
        path.write_bytes(source.read_bytes())
        self.count += 1
        self._note(path, source)

    def slow(self, source):
        """Begun here and ended some rounds later: the service is killed in between."""
        path = self._new(source)
        data = source.read_bytes()
        writer = path.open("wb", buffering=0)
        half = len(data) // 2
        writer.write(data[:half])
        self._slow.append((writer, data[half:]))
        self._note(path, source)

    def slower(self, *, most=3):
        """Goes on with what is written slowly; keeps no more than so many files open."""
        while len(self._slow) > most:
            writer, rest = self._slow.pop(0)
            writer.write(rest)
            writer.close()

    def replaced(self):
        """By another content, under a name that is there, by a rename."""
        if path := self._old(first=True):
            self._put(path, self._cut(path))
            self._count(path)

    def overwritten(self):
        """The same where it lies."""
        if path := self._old(first=True):
            path.write_bytes(self._cut(path))
            self._count(path)

    def renamed(self):
        if path := self._old():
            target = path.with_name(f"renamed_{self.count}_{path.name}")
            path.rename(target)
            self.count += 1
            self.records[target] = self.records.pop(path)

    def copied(self):
        if path := self._old():
            target = path.with_name(f"copy_{self.count}_{path.name}")
            target.write_bytes(path.read_bytes())
            self.count += 1
            self.records[target] = self.records[path]

    def _new(self, source):
        self.count += 1
        return self.folder / source.name

    def _old(self, *, first=False):
        """A tidy file that is there, is whole and is not packed; `first`: under its first name."""
        slow = {Path(writer.name) for writer, _ in self._slow}
        there = sorted(p for p in self.records if p.suffix == ".csv" and p not in slow)
        if first:
            there = [path for path in there if not path.name.startswith(("copy_", "renamed_"))]
        return self.rng.choice(there) if there else None

    def _cut(self, path):
        """The header and a part of the lines."""
        header, *lines = path.read_bytes().splitlines(keepends=True)
        kept = lines[: self.rng.randint(1, len(lines))] if lines else []
        return header + b"".join(kept)

    def _put(self, path, data):
        part = path.with_name(f".{path.name}.part")
        part.write_bytes(data)
        part.rename(path)

    def _note(self, path, source):
        if any(source.match(pattern) for pattern in TIDY) and b"PAR1" not in source.read_bytes():
            self.records[path] = counted(source.read_bytes())

    def _count(self, path):
        self.records[path] = counted(path.read_bytes())


def counted(data):
    return len(list(csv.reader(io.StringIO(data.decode(), newline="")))) - 1
