"""A target that the package does not know: the least that a new one needs.

It is a SQLite file under another name, with URLs, a dialect and a ledger of its own. The
conformance suite runs on it, so that nothing outside of a target can depend on which targets there
are.
"""

from snapshots import locations

KIND = locations.TargetKind(
    "toy", "Toy", ("toy", "plaything"), "tests.conformance.toy.target", is_file=True
)
locations.register(KIND)
