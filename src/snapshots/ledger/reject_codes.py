"""The codes of rejects, for interfaces that take one from a user.

The kernel decides on most of them (`native/src/reject_code.rs`), and a test compares both lists.
"""

from __future__ import annotations

from typing import Final

CODES: Final = (
    "unterminated_quote",
    "text_after_quote",
    "record_too_long",
    "field_count",
    "repeated_header",
    "nul_character",
    "invalid_encoding",
    "not_an_object",
    "duplicate_name",
    "unknown_name",
    "lone_surrogate",
    "too_deep",
    "not_an_integer",
    "not_a_number",
    "not_a_boolean",
    "not_a_date",
    "not_a_time",
    "not_a_timestamp",
    "not_a_uuid",
    "not_json",
    "out_of_range",
    "loses_precision",
    "error_cell",
    "missing_value",
    "below_minimum",
    "above_maximum",
    "too_short",
    "too_long",
    "pattern_mismatch",
    "not_in_enum",
    "altered_by_target",
    "refused_by_target",
    "awaits_parent",
    "duplicate_key",
)
