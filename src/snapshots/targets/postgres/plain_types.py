r"""What PostgreSQL's plain types make of a text, and when that is another value.

Each entry is an SQL condition: `{t}` stands for the text, `{v}` for the value that the type has
made of it. It is asked only where the value does not read as the text does, and only of texts that
the type takes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from snapshots.targets.postgres.type_parts import TypeParts

_NUMBER = r"^\s*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]+)?\s*$"
_NUMBERS = r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e[+-]?[0-9]+)?"

_YEAR = "[0-9]{4,}"
_DAY = (
    rf"({_YEAR}([-/.])[0-9]{{1,2}}[-/.][0-9]{{1,2}}|[0-9]{{8}}|j[0-9]+"
    rf"|([a-z]+,? )?[0-9]{{1,2}}[- ]?[a-z]{{3,9}}[-, ]+{_YEAR}"
    rf"|([a-z]+,? )?[a-z]{{3,9}}[- ]?[0-9]{{1,2}},?[- ]+{_YEAR}"
    rf"|{_YEAR}[- ]?[a-z]{{3,9}}[- ]?[0-9]{{1,2}})"
)
"""With a year of four digits, and the month where every DateStyle looks for it."""
_SECOND = r"[0-5][0-9](\.[0-9]{0,6}0*)?"
_CLOCK = rf"([0-9]{{1,2}}:[0-9]{{2}}(:{_SECOND})?( ?[ap]m)?|[0-9]{{4}}({_SECOND})?)"
_OFFSET = r" ?(z|utc|gmt|zulu|[+-][0-9]{1,2}(:?[0-9]{2}){0,2}|(?!am|pm)[a-z]{3,5})"
_ZONE = rf"({_OFFSET}| ?[a-z]+(/[a-z0-9_+-]+)+)"
_ERA = "( ?(bc|ad))?"
_FIXED = "[+-]?infinity|epoch"


_ISO_DAY = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_ISO_CLOCK = r"[0-9]{2}:[0-9]{2}:[0-5][0-9](?:\.[0-9]{1,6})?"
_ISO_ZONE = "(?:Z|[+-][0-9]{2}(?::?[0-9]{2})?)"


def _unless(usual: str, form: str) -> str:
    """The text is of no form that means the same whatever is set, and today and tomorrow. The
    usual form is looked for first: it is a matter of a tenth of the time."""
    return rf"CASE WHEN {{t}} ~ '^{usual}$' THEN false ELSE {{t}} !~* '^\s*({form})\s*$' END"


_GEOMETRY = (
    f"EXISTS (SELECT FROM regexp_matches({{t}}, '{_NUMBERS}', 'gi') AS m"
    " WHERE CAST(m[1] AS numeric) <> CAST(CAST(CAST(m[1] AS float8) AS text) AS numeric))"
)
_WRAPS = (
    r"CASE WHEN {t} ~ '^\s*[+-]?[0-9]+\s*$'"
    " THEN CAST({t} AS numeric) <> CAST(CAST({v} AS text) AS numeric) ELSE true END"
)
_FLOAT = (
    f"CASE WHEN {{t}} ~* '{_NUMBER}'"
    " THEN CAST({t} AS numeric) <> CAST(CAST({v} AS text) AS numeric) ELSE false END"
)
_CUT = '{t} COLLATE "C" <> CAST({v} AS text)'

_KEYS = (
    """(SELECT count(m[1]) FROM regexp_matches({0}, '"(?:[^"\\\\]|\\\\.)*"(\\s*:)?', 'g') AS m)"""
)
_ARROWS = """(SELECT count(*) FROM regexp_matches(
    regexp_replace({0}, '"(\\\\.|[^"\\\\])*"', '', 'g'), '=>', 'g'))"""

_UNITS = {
    "1e6": "s sec secs second seconds", "1e3": "ms msec msecs msecond mseconds millisecond"
    " milliseconds", "6e7": "m min mins minute minutes", "36e8": "h hr hrs hour hours",
    "864e8": "d day days", "6048e8": "w week weeks", "12": "y yr yrs year years",
    "120": "dec decs decade decades", "1200": "c cent century centuries",
    "12000": "mil mils millennium millennia",
}  # fmt: skip
"""Microseconds or months of a unit: a fraction of it must be a whole number of them."""
_SCALE = " ".join(
    f"WHEN lower(m[2]) IN ({', '.join(repr(name) for name in names.split())}) THEN {factor}"
    for factor, names in _UNITS.items()
)
_INTERVAL = (
    "EXISTS (SELECT FROM regexp_matches(CASE WHEN {t} ~* '^\\s*P' THEN translate("
    "regexp_replace({t}, '^([^T]*[0-9.])M', '\\1mon', 'i'), 'Tt', '  ') ELSE {t} END,"
    " '([0-9]*\\.[0-9]+)\\s*([a-z]*)', 'gi') AS m"
    f" WHERE CAST(m[1] AS numeric) * (CASE WHEN m[2] = '' THEN 1e6 {_SCALE} ELSE 1 END) % 1 <> 0)"
)

_SUM = "regexp_replace({0}, '[^0-9.,'']', '', 'g')"
_MONEY = (
    f"CASE WHEN {_SUM.format('{t}')} ~ '^([0-9]+\\.?[0-9]*|\\.[0-9]+)$'"
    f" THEN CAST({_SUM.format('{t}')} AS numeric) <> abs(CAST({{v}} AS numeric))"
    f" ELSE {_SUM.format('CAST({v} AS text)')} !~ ('^' || replace({_SUM.format('{t}')}, '.', '\\.')"
    " || '[.,]?0*$') END"
)
"""Plain digits are the same number everywhere; else it must be as the server writes it."""

_POSITIONS = (
    "EXISTS (SELECT FROM regexp_matches("
    "regexp_replace({t}, '''(''''|\\\\.|[^''\\\\])*''', '', 'g'),"
    " '[:,]([0-9]+)', 'g') AS m WHERE CAST(m[1] AS numeric) > 16383)"
)
_CLASSES = r"{t} !~ '/' AND {t} !~ ':' AND {t} !~ '^\s*[0-9]+(\.[0-9]+){3}\s*$'"
"""Of a network without a mask, how much of it is named: what is left out, its class fills in."""

ALTERED: Final[dict[str, str]] = {
    "float4": _FLOAT,
    "float8": _FLOAT,
    "varchar": _CUT,
    "name": _CUT,
    "char": _CUT,
    "bpchar": "{t} LIKE '% '",
    "date": _unless(_ISO_DAY, rf"{_DAY}([ t]00:00(:00(\.0+)?)?)?{_ERA}|{_FIXED}"),
    "time": _unless(_ISO_CLOCK, rf"t?{_CLOCK}|allballs"),
    "timetz": _unless(_ISO_CLOCK + _ISO_ZONE, rf"t?{_CLOCK}{_OFFSET}"),
    "timestamp": _unless(
        f"{_ISO_DAY}[ T]{_ISO_CLOCK}", rf"{_DAY}([ t]+{_CLOCK})?{_ERA}|{_FIXED}"
    ),
    "timestamptz": _unless(
        f"{_ISO_DAY}[ T]{_ISO_CLOCK}{_ISO_ZONE}", rf"{_DAY}[ t]+{_CLOCK}{_ZONE}{_ERA}|{_FIXED}"
    ),
    "interval": _INTERVAL,
    "money": _MONEY,
    "oid": _WRAPS,
    "xid": _WRAPS,
    "xid8": _WRAPS,
    "cid": _WRAPS,
    "oidvector": "{t} ~ '-'",
    "cidr": _CLASSES,
    "macaddr8": "length(regexp_replace({t}, '[^0-9A-Fa-f]', '', 'g')) <> 16",
    "jsonb": f"{_KEYS.format('{t}')} <> {_KEYS.format('CAST({v} AS text)')}",
    "tsvector": _POSITIONS,
    "hstore": f"{_ARROWS.format('{t}')} <> {_ARROWS.format('CAST({v} AS text)')}",
    **dict.fromkeys(
        ("point", "lseg", "box", "_box", "path", "polygon", "circle", "cube"), _GEOMETRY
    ),
    # What two points make of the three numbers that are kept is rounded, as a rule.
    "line": f"{{t}} !~ '^\\s*\\{{' OR {_GEOMETRY}",
    **dict.fromkeys(
        ("regclass", "regtype", "regproc", "regprocedure", "regoper", "regoperator", "regrole",
         "regnamespace", "regconfig", "regdictionary", "regcollation"), r"{t} ~ '^\s*-[0-9]'",
    ),
}  # fmt: skip
"""What a type may make of a text without its modifier's doing."""

MODIFIED: Final = frozenset({"numeric", "interval", "time", "timetz", "timestamp", "timestamptz"})
"""Types whose modifier rounds or cuts: the value without it must be the same."""

ONLY_MODIFIED: Final = frozenset({"varchar", "bpchar"})
"""Types that cut nothing where they have no length."""

FAITHFUL: Final = frozenset({
    "bool", "int2", "int4", "int8", "int2vector", "numeric", "bytea", "text", "citext", "uuid",
    "xml", "json", "jsonpath", "enum", "inet", "macaddr", "bit", "varbit", "pg_lsn", "tid",
    "tsquery", "pg_snapshot", "txid_snapshot", "ltree", "lquery", "ltxtquery",
})  # fmt: skip
"""Types that keep every value that they take, whatever they write for it."""


def altered(made: TypeParts, text: str, value: str) -> str | None:
    """The condition for a value of a plain type; None: it is never another, or nobody can tell."""
    conditions = []
    if made.name in ALTERED and (made.modified or made.name not in ONLY_MODIFIED):
        conditions.append(ALTERED[made.name].replace("{t}", text).replace("{v}", value))
    if made.modified and made.name in MODIFIED:
        conditions.append(f"{value} <> CAST({text} AS {made.plain_sql})")
    return " OR ".join(f"({one})" for one in conditions) or None


def by_modifier_alone(made: TypeParts) -> bool:
    """A plain type keeps all but what its modifier rounds."""
    return made.modified and made.name in MODIFIED and made.name not in ALTERED


def is_padded(made: TypeParts) -> bool:
    """A plain type whose values read as their texts do, and yet lose the blanks at their end."""
    return made.modified and made.name == "bpchar"


def is_open(made: TypeParts) -> bool:
    """Nobody can tell what a plain type makes of a text."""
    return made.name not in ALTERED and made.name not in FAITHFUL
