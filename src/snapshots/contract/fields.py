"""Reads one field of a Table Schema as a column."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

from msgspec.structs import replace

from snapshots.contract.places import place_of
from snapshots.contract.reading import (
    SchemaPlace,
    count,
    flag,
    refuse,
    shown,
    text,
    texts,
    words_of,
    written,
)
from snapshots.contract.words import (
    CONSTRAINTS,
    DATED,
    EXTRA_TYPES,
    FIELD,
    ORDERED,
    PHYSICAL,
    STRING_FORMATS,
    TEMPORAL,
    TYPES,
    TypeMeaning,
    nearest,
)
from snapshots.model import Column, Type, Wire

if TYPE_CHECKING:
    from collections.abc import Mapping

_BITS = {"integer": (8, 16, 24, 32, 64), "float": (32, 64)}


def parse_field(field: Mapping[str, Any], at: SchemaPlace) -> Column:
    """Returns the column that a field describes. Raises ContractError for what cannot be kept."""
    if not isinstance(field, dict) or not isinstance(field.get("name"), str) or not field["name"]:
        raise refuse(at, "A field must be an object with a name.")
    words_of(field, FIELD, at)
    misplaced = CONSTRAINTS & set(field)
    if misplaced:
        key = min(misplaced)
        raise refuse(
            at.key(key),
            f"{key} belongs under constraints.",
            f'Write "constraints": {{"{key}": ...}}.',
        )
    meaning = _meaning(field, at)
    kind = meaning.type.kind
    constraints = field.get("constraints", {})
    if not isinstance(constraints, dict):
        raise refuse(at.key("constraints"), "constraints must be an object.")
    _check_constraints(constraints, kind, at)
    return Column(
        name=field["name"],
        source=_source(field, at),
        type=_physical(field, meaning.type, at),
        format=_temporal_format(field, at) if kind in TEMPORAL else "default",
        required=flag(constraints, "required", at, default=False),
        unique=flag(constraints, "unique", at, default=False),
        minimum=_bound(constraints, "minimum", at),
        maximum=_bound(constraints, "maximum", at),
        exclusive_minimum=_bound(constraints, "exclusiveMinimum", at),
        exclusive_maximum=_bound(constraints, "exclusiveMaximum", at),
        min_length=count(constraints, "minLength", at),
        max_length=count(constraints, "maxLength", at),
        pattern=_pattern(constraints, meaning, at),
        enum=texts(constraints, "enum", at),
        true_values=texts(field, "trueValues", at),
        false_values=texts(field, "falseValues", at),
        decimal_char=text(field, "decimalChar", at) or ".",
        group_char=text(field, "groupChar", at) or None,
        bare_number=flag(field, "bareNumber", at, default=True),
        missing_values=texts(field, "missingValues", at),
        place=place_of(field, at),
    )


def _source(field: Mapping[str, Any], at: SchemaPlace) -> str:
    """Returns the name in the header: it may be empty there, which no column's name is."""
    source = text(field, "x-source", at)
    return field["name"] if source is None else source


def _meaning(field: Mapping[str, Any], at: SchemaPlace) -> TypeMeaning:
    word = text(field, "x-type", at)
    if word is not None:
        if word not in EXTRA_TYPES:
            raise refuse(
                at.key("x-type"), f"The x-type {word!r} is unknown.", nearest(word, EXTRA_TYPES)
            )
        return TYPES[word]
    word = text(field, "type", at) or "string"
    if word not in TYPES or word in EXTRA_TYPES:
        hint = f'Write "x-type": "{word}".' if word in EXTRA_TYPES else nearest(word, _standard())
        raise refuse(at.key("type"), f"The type {word!r} is unknown.", hint)
    form = text(field, "format", at) or "default"
    if word == "string":
        if form not in STRING_FORMATS:
            raise refuse(
                at.key("format"),
                f"Strings have no format {form!r}.",
                nearest(form, STRING_FORMATS),
            )
        return STRING_FORMATS[form]
    if word == "number" and flag(field, "floatNumber", at, default=False):
        return TypeMeaning(Type("float"))
    if word == "datetime" and "%z" in form:
        return TYPES["timestamptz"]
    if word == "geopoint" and form != "default":
        return TypeMeaning(Type("json"))
    return TYPES[word]


def _standard() -> set[str]:
    return set(TYPES) - set(EXTRA_TYPES)


def _temporal_format(field: Mapping[str, Any], at: SchemaPlace) -> str:
    form = text(field, "format", at) or "default"
    if form in {"default", "any"}:
        return "default"
    if "%" not in form:
        raise refuse(
            at.key("format"),
            f"{form!r} is not a format for dates or times.",
            "Write default, or a pattern such as %d/%m/%Y.",
        )
    return form


def _check_constraints(constraints: Mapping[str, Any], kind: str, at: SchemaPlace) -> None:
    for key in constraints:
        if key not in CONSTRAINTS:
            raise refuse(
                at.key(f"constraints.{key}"),
                f"The constraint {key!r} is unknown.",
                nearest(key, CONSTRAINTS),
            )
        if kind not in ORDERED and key in {
            "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum",
        }:  # fmt: skip
            hint = "Use minLength or maxLength." if kind == "text" else "Remove it."
            raise refuse(at.key(f"constraints.{key}"), f"{key} does not apply to {kind}.", hint)


def _bound(constraints: Mapping[str, Any], key: str, at: SchemaPlace) -> str | None:
    value = constraints.get(key)
    return None if value is None else written(value, at.key(f"constraints.{key}"))


def _pattern(constraints: Mapping[str, Any], meaning: TypeMeaning, at: SchemaPlace) -> str | None:
    own = text(constraints, "pattern", at)
    if own is not None and meaning.pattern is not None and own != meaning.pattern:
        raise refuse(
            at.key("constraints.pattern"),
            "The type or format of this field already has a pattern.",
            "Make it a plain string, and put the whole rule into the pattern.",
        )
    return meaning.pattern if own is None else own


def _physical(field: Mapping[str, Any], plain: Type, at: SchemaPlace) -> Type:
    """Returns the limits under `x-snapshots`: those of a table's own type, or what inference
    found."""
    limits = field.get("x-snapshots", {})
    place = at.key("x-snapshots")
    if not isinstance(limits, dict):
        raise refuse(place, "x-snapshots must be an object.")
    unknown = set(limits) - PHYSICAL
    if unknown:
        raise refuse(
            place, f"The limit {min(unknown)!r} is unknown.", nearest(min(unknown), PHYSICAL)
        )
    found: dict[str, Any] = {
        "bits": count(limits, "bits", place) or plain.bits,
        "unsigned": flag(limits, "unsigned", place, default=plain.unsigned),
        "precision": count(limits, "precision", place),
        "scale": count(limits, "scale", place),
        "max_chars": count(limits, "maxChars", place),
        "max_bytes": count(limits, "maxBytes", place),
    }
    if (fraction := count(limits, "fraction", place)) is not None:
        found["fraction"] = fraction
    if (wire := text(limits, "wire", place)) is not None:
        found["wire"] = wire
    if found["bits"] not in _BITS.get(plain.kind, (found["bits"],)):
        raise refuse(place, f"{plain.kind} cannot have {shown(found['bits'])} bits.")
    if found.get("wire", "") not in get_args(Wire):
        known = ", ".join(filter(None, get_args(Wire)))
        raise refuse(
            place, f"The wire {found['wire']!r} is unknown.", f"Leave it out, or use {known}."
        )
    if found.get("wire", "").startswith("epoch") and plain.kind not in DATED:
        raise refuse(
            place,
            f"The wire {found['wire']!r} is for dates with or without a time, not for"
            f" {plain.kind}.",
            "Use the type date or datetime.",
        )
    return replace(plain, **{name: found[name] for name in Type.__struct_fields__ if name in found})
