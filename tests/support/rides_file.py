"""A file of taxi rides, some of which are not what the contract says."""

import random

CONTRACT = {
    "fields": [
        {"name": "ride", "type": "integer"},
        {"name": "begun", "type": "date"},
        {"name": "miles", "type": "number", "constraints": {"minimum": 0}},
        {"name": "payment", "type": "string", "constraints": {"enum": ["card", "cash"]}},
    ]
}
HOSTILE = "<img src=x onerror=alert(1)></code><script>alert(2)</script>\x1b[31m\u202egnp"
"""A field that would be a script, a colour of a terminal, and text that runs backwards."""


def rides(count, bad=0.002, seed=1):
    """The bytes of such a file."""
    rng = random.Random(seed)
    lines = ["ride,begun,miles,payment"]
    for n in range(1, count + 1):
        begun, miles, payment = (
            f"2026-{n % 12 + 1:02d}-{n % 28 + 1:02d}", f"{rng.random() * 20:.2f}", "card",
        )  # fmt: skip
        roll = rng.random() / bad if bad else 1
        if roll < 0.5:
            miles = rng.choice(["n/a", "3,5", "12 mi"]).replace(",", ".")
        elif roll < 0.75:
            begun = "2026-02-30"
        elif roll < 0.9:
            payment = "barter"
        elif roll < 0.97:
            miles = "-1"
        elif roll < 1:
            payment = "card,tip"
        lines.append(f"{n},{begun},{miles},{payment}")
    return ("\n".join(lines) + "\n").encode()
