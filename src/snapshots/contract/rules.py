"""Rules on whole records, which Table Schema does not have; they are under `x-snapshots`.

"rules": [{"when": {"source": ["di", "ihs"]}, "anyOf": ["chosenID", "api14"]}]
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from snapshots.contract.reading import SchemaPlace, refuse
from snapshots.contract.words import nearest
from snapshots.model import Rule

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from snapshots.model import Column


def parse_rules(
    schema: Mapping[str, Any], columns: Sequence[Column], at: SchemaPlace
) -> tuple[Rule, ...]:
    """Returns the rules of a schema. Raises ContractError for one that means nothing."""
    own = schema.get("x-snapshots")
    rules = own.get("rules", []) if isinstance(own, dict) else []
    at = at.key("x-snapshots.rules")
    if not isinstance(rules, list):
        raise refuse(at, "rules is a list.")
    names = {column.name for column in columns}
    return tuple(_rule(rule, names, at) for rule in rules)


def rules_schema(rules: Sequence[Rule]) -> list[dict[str, Any]]:
    """Returns what `parse_rules` reads."""
    return [
        {
            **({"when": {rule.when: list(rule.values)}} if rule.when else {}),
            "anyOf": list(rule.any_of),
        }
        for rule in rules
    ]


def _rule(rule: object, names: AbstractSet[str], at: SchemaPlace) -> Rule:
    if not isinstance(rule, dict) or "anyOf" not in rule or set(rule) - {"when", "anyOf"}:
        raise refuse(at, "A rule is an object with anyOf and, optionally, when.")
    any_of = _texts(rule["anyOf"], at)
    _check_names(any_of, names, at)
    when = rule.get("when")
    if when is None:
        return Rule(any_of)
    if not isinstance(when, dict) or len(when) != 1:
        raise refuse(at, "when is an object of one field and its values.")
    ((name, values),) = when.items()
    _check_names((name,), names, at)
    return Rule(any_of, name, _texts(values, at))


def _texts(value: object, at: SchemaPlace) -> tuple[str, ...]:
    if not isinstance(value, list) or not value or not all(isinstance(one, str) for one in value):
        raise refuse(at, "The fields of a rule, and the values of when, are lists of texts.")
    return tuple(value)


def _check_names(found: Sequence[str], names: AbstractSet[str], at: SchemaPlace) -> None:
    if unknown := next((name for name in found if name not in names), None):
        raise refuse(at, f"There is no field {unknown!r}.", nearest(unknown, names))
