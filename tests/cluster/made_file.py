"""A large file with its truth: notes of several lines, broken quotes and bad values.

usage: python -m tests.cluster.made_file MEGABYTES PATH
"""

import random
import sys
from dataclasses import dataclass, field
from pathlib import Path

NOTES = ('"two\nlines"', '"a,""b""\n1,2,3\nthree, lines"', '"he said ""x""\n"', '"\n\n"')
CONTRACT = {
    "fields": [
        {"name": "id", "type": "integer"},
        {"name": "text", "type": "string"},
        {"name": "note", "type": "string"},
    ]
}


@dataclass
class Truth:
    """What an import of the file must leave."""

    path: Path
    good: int = 0
    bad: list = field(default_factory=list)
    """The lines of the rejects."""
    ids: int = 0
    """The sum of the ids of the rows."""


def make(path, megabytes, seed=7):
    rng = random.Random(seed)
    truth, line = Truth(path), 2
    filler = [f"{rng.getrandbits(400):x}" for _ in range(500)]
    with path.open("w", newline="") as file:
        file.write("id,text,note\n")
        n = 0
        while file.tell() < megabytes << 20:
            parts = []
            for _ in range(5000):
                n += 1
                chance, text = rng.random(), filler[n % 500]
                if chance < 0.001:
                    truth.bad.append(line)
                    parts.append(f'{n},{text},"broken" quote\n')
                elif chance < 0.002:
                    truth.bad.append(line)
                    parts.append(f"x{n},{text},plain\n")
                else:
                    note = rng.choice(NOTES) if chance < 0.03 else "plain"
                    parts.append(f"{n},{text},{note}\n")
                    line += note.count("\n")
                    truth.good += 1
                    truth.ids += n
                line += 1
            file.write("".join(parts))
    return truth


if __name__ == "__main__":
    print(make(Path(sys.argv[2]), int(sys.argv[1])).good)
