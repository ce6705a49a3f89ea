"""Rules of the contract, and rules that only the database can judge."""

from .case import Case, typed


def _rule(name, constraints, good, bad, kind="string"):
    lines = [*good, *bad]
    convert = int if kind == "integer" else str
    return Case(
        name,
        "".join(f"{line}\n" for line in ("a", *lines)).encode(),
        {n: (convert(text),) for n, text in enumerate(good, 2)},
        dict(enumerate(bad.values(), 2 + len(good))),
        contract=typed(a={"type": kind, "constraints": constraints}),
    )


_KEYED = {**typed(a="integer", b="string"), "primaryKey": "a"}

CASES = [
    Case("required", b'a,b\n1,x\n,y\n"",z\n', {2: (1, "x")}, {3: "missing_value", 4: "missing_value"},
         contract=typed(a={"type": "integer", "constraints": {"required": True}}, b="string")),
    _rule("minimum and maximum", {"minimum": 1, "maximum": 9}, ["1", "9"],
          {"0": "below_minimum", "10": "above_maximum"}, "integer"),
    _rule("exclusive", {"exclusiveMinimum": 1, "exclusiveMaximum": 9}, ["2", "8"],
          {"1": "below_minimum", "9": "above_maximum"}, "integer"),
    _rule("length, in characters", {"minLength": 2, "maxLength": 3}, ["éé", "😀😀😀"],
          {"é": "too_short", "éééé": "too_long"}),
    _rule("pattern, of the whole text", {"pattern": "[A-Z]{2}"}, ["FR"],
          {"France": "pattern_mismatch", "FRA": "pattern_mismatch", "fr": "pattern_mismatch"}),
    _rule("enum", {"enum": ["Yes", "No"]}, ["Yes", "No"], {"yes": "not_in_enum", "Yes ": "not_in_enum"}),
    Case("a key twice", b"a,b\n1,x\n2,y\n1,z\n", {2: (1, "x"), 3: (2, "y")}, {4: "refused_by_target"},
         contract=_KEYED),
    Case("a key without value", b"a,b\n1,x\n,y\n", {2: (1, "x")}, {3: "missing_value"}, contract=_KEYED),
    Case("keys that differ by case, accent or a space", "a\nx\nX\né\ne\nx \n".encode(),
         {2: ("x",), 3: ("X",), 4: ("é",), 5: ("e",), 6: ("x ",)},
         contract={**typed(a="string"), "primaryKey": "a"}),
    Case("unique", b"a,b\n1,x\n2,x\n3,\n4,\n", {2: (1, "x"), 4: (3, None), 5: (4, None)},
         {3: "refused_by_target"},
         contract=typed(a="integer", b={"type": "string", "constraints": {"unique": True, "maxLength": 9}})),
    Case("the first thing that is wrong", b"a,b\nx,y,z\nx,\n1,\n", {},
         {2: "field_count", 3: "not_an_integer", 4: "missing_value"},
         contract=typed(a="integer", b={"type": "string", "constraints": {"required": True}})),
]  # fmt: skip
