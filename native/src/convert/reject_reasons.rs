//! The sentence about each reject, which shows the value.

use std::fmt::Write;

use crate::conversion_spec::{TypeKind, TypeSpec, Wire};
use crate::dialect::Dialect;
use crate::reject_code::{RejectCode, UNCALCULATED};
use crate::values;

/// The most characters of a value that are shown.
const SHOWN: usize = 60;

/// A value in quotes. It is cut if it is long, and its control characters are escaped.
pub fn shown(text: &[u8]) -> String {
    format!("\"{}\"", escaped(text))
}

fn escaped(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(&text[..text.len().min(4 * SHOWN + 4)]).into_owned();
    let mut shown = String::with_capacity(text.len());
    for (i, char) in text.chars().enumerate() {
        if i == SHOWN {
            shown.push('…');
            break;
        }
        if char.is_control() {
            shown.extend(char.escape_default());
        } else {
            shown.push(char);
        }
    }
    shown
}

/// The sentence about a record whose structure is broken.
pub fn of_record(code: RejectCode, dialect: &Dialect) -> String {
    match code {
        RejectCode::UnterminatedQuote if dialect.quote.is_none() => {
            "An escape character precedes the last line end, so the record does not end.".into()
        }
        RejectCode::UnterminatedQuote => "A quoted field is not closed.".into(),
        RejectCode::TextAfterQuote => "Text follows the closing quote of a field.".into(),
        RejectCode::RecordTooLong => {
            format!(
                "The record is longer than {} bytes.",
                dialect.max_record_size
            )
        }
        RejectCode::RepeatedHeader => "The record repeats the header.".into(),
        RejectCode::NulCharacter => "The record contains a NUL character.".into(),
        _ => "The record is not valid UTF-8.".into(),
    }
}

/// The sentence about a record with too few or too many fields.
pub fn of_field_count(found: usize, expected: usize, dialect: &Dialect) -> String {
    let fields = if found == 1 { "field" } else { "fields" };
    if !dialect.places.is_empty() {
        return match found > expected {
            true => "The line goes on behind the last field.".into(),
            false => format!("The line ends within field {} of {expected}.", found + 1),
        };
    }
    if dialect.header {
        format!("The record has {found} {fields}, the header has {expected}.")
    } else {
        format!("The record has {found} {fields}, not {expected}.")
    }
}

/// The sentence about a value that the type of its column refuses. `pattern` is the format of dates
/// that the contract gives, if any.
pub fn of_value(code: RejectCode, text: &[u8], kind: &TypeSpec, pattern: Option<&str>) -> String {
    let form = |usual| pattern.unwrap_or(usual);
    let mut sentence = match code {
        RejectCode::MissingValue => return "A value is required but missing.".into(),
        RejectCode::OutOfRange if kind.kind != TypeKind::Timestamptz => escaped(text),
        _ => shown(text),
    };
    let written = match code {
        RejectCode::NotAnInteger => write!(sentence, " is not an integer."),
        RejectCode::NotANumber => write!(sentence, " is not a number."),
        RejectCode::NotABoolean if kind.wire == Wire::Tiny => write!(
            sentence,
            " is neither a number nor a word for true or false."
        ),
        RejectCode::NotABoolean => {
            write!(sentence, " is not a word for true or false.")
        }
        RejectCode::NotADate => write!(sentence, " is not a date ({}).", form("YYYY-MM-DD")),
        RejectCode::NotATime | RejectCode::NotATimestamp
            if pattern.is_none()
                && let Some(zone) = zone_of(text, kind.kind) =>
        {
            let zone = escaped(zone);
            write!(
                sentence,
                " has a time zone, {zone}, which the column does not store."
            )
        }
        RejectCode::NotATime if kind.wire == Wire::Span => write!(
            sentence,
            " is neither a time of day nor a time span ({}).",
            form("[-]HH:MM:SS")
        ),
        RejectCode::NotATime => write!(sentence, " is not a time of day ({}).", form("HH:MM:SS")),
        RejectCode::NotATimestamp if kind.kind == TypeKind::Timestamptz => {
            let form = form("YYYY-MM-DD HH:MM:SS+HH:MM");
            write!(sentence, " is not a timestamp with a time zone ({form}).")
        }
        RejectCode::NotATimestamp => {
            write!(
                sentence,
                " is not a timestamp ({}).",
                form("YYYY-MM-DD HH:MM:SS")
            )
        }
        RejectCode::NotAUuid => write!(sentence, " is not a UUID."),
        RejectCode::ErrorCell if text == UNCALCULATED.as_bytes() => write!(
            sentence,
            " stands for a formula without a value. Save the workbook with a spreadsheet program, \
             which calculates it."
        ),
        RejectCode::ErrorCell => write!(sentence, " is an error in the sheet, not a value."),
        RejectCode::NotJson => write!(sentence, " is not valid JSON."),
        RejectCode::OutOfRange => out_of_range(&mut sentence, kind),
        RejectCode::LosesPrecision => loses_precision(&mut sentence, kind),
        RejectCode::TooLong => too_long(&mut sentence, text, kind),
        _ => write!(sentence, " is refused: {}.", code.as_str()),
    };
    debug_assert!(written.is_ok(), "a String takes whatever is written");
    sentence
}

/// The time zone after a time or a timestamp whose type has no zone: an offset, or a name.
fn zone_of(text: &[u8], kind: TypeKind) -> Option<&[u8]> {
    let behind = match kind {
        TypeKind::Time => 0,
        TypeKind::Timestamp => text.iter().position(|byte| b" T".contains(byte))? + 1,
        _ => return None,
    };
    let in_clock = |byte: &u8| matches!(byte, b'0'..=b'9' | b':' | b'.');
    let length = text[behind..]
        .iter()
        .take_while(|byte| in_clock(byte))
        .count();
    let (clock, rest) = text.split_at(behind + length);
    let fits = match kind {
        TypeKind::Time => values::time(clock).is_ok(),
        _ => values::timestamp(clock).is_ok(),
    };
    let zone = rest.trim_ascii();
    let offset = matches!(zone, [b'+' | b'-', b'0'..=b'9', ..]);
    let half = zone.eq_ignore_ascii_case(b"am") || zone.eq_ignore_ascii_case(b"pm");
    let name = matches!(zone, [b'A'..=b'Z' | b'a'..=b'z' | b'[', ..]) && !half;
    (fits && (offset || name)).then_some(zone)
}

fn out_of_range(sentence: &mut String, kind: &TypeSpec) -> std::fmt::Result {
    match kind.kind {
        TypeKind::Integer => {
            let (min, max) = values::integer_range(kind.bits, kind.unsigned).unwrap_or_default();
            let article = match (kind.unsigned, kind.bits) {
                (true, _) => "an unsigned",
                (false, 8) => "an",
                (false, _) => "a",
            };
            let bits = kind.bits;
            write!(
                sentence,
                " is outside the range of {article} {bits}-bit integer ({min} to {max})."
            )
        }
        TypeKind::Float => write!(
            sentence,
            " is outside the range of a {}-bit float.",
            kind.bits
        ),
        TypeKind::Timestamptz => write!(sentence, " is outside the years 0001 to 9999 in UTC."),
        _ => match (kind.precision, kind.scale) {
            (Some(precision), Some(scale)) => {
                let before = i64::from(precision) - i64::from(scale);
                write!(
                    sentence,
                    " has more than {before} digits before the decimal point."
                )
            }
            (Some(precision), None) => write!(sentence, " has more than {precision} digits."),
            _ => write!(
                sentence,
                " has more than 1000 digits before or after the decimal point."
            ),
        },
    }
}

fn loses_precision(sentence: &mut String, kind: &TypeSpec) -> std::fmt::Result {
    match kind.kind {
        TypeKind::Decimal => match (kind.scale, kind.precision) {
            (Some(scale), _) => {
                write!(
                    sentence,
                    " has more than {scale} digits after the decimal point."
                )
            }
            (None, precision) => {
                write!(
                    sentence,
                    " has more than {} digits.",
                    precision.unwrap_or_default()
                )
            }
        },
        TypeKind::Float => {
            write!(
                sentence,
                " cannot be stored exactly in a {}-bit float.",
                kind.bits
            )
        }
        _ => write!(
            sentence,
            " has more than {} fractional digits in the seconds.",
            kind.fraction
        ),
    }
}

fn too_long(sentence: &mut String, text: &[u8], kind: &TypeSpec) -> std::fmt::Result {
    let chars = String::from_utf8_lossy(text).chars().count();
    match (kind.max_chars, kind.max_bytes) {
        (Some(most), _) if chars > most => {
            write!(
                sentence,
                " has {chars} characters; the column holds at most {most}."
            )
        }
        (_, most) => {
            let most = most.unwrap_or_default();
            write!(
                sentence,
                " has {} bytes; the column holds at most {most}.",
                text.len()
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_is_named() {
        for (text, kind, zone) in [
            ("2024-01-05T10:00:00Z", TypeKind::Timestamp, Some("Z")),
            (
                "2024-01-05 10:00:00.5 +02:00",
                TypeKind::Timestamp,
                Some("+02:00"),
            ),
            ("2024-01-05 10:00-0330", TypeKind::Timestamp, Some("-0330")),
            ("2024-01-05 10:00:00 UTC", TypeKind::Timestamp, Some("UTC")),
            (
                "2024-01-05 10:00 Europe/Rome",
                TypeKind::Timestamp,
                Some("Europe/Rome"),
            ),
            ("10:00:00+02", TypeKind::Time, Some("+02")),
            ("2024-01-05 10:00:00 PM", TypeKind::Timestamp, None),
            ("2024-01-05", TypeKind::Timestamp, None),
            ("2024-01-05 25:00:00Z", TypeKind::Timestamp, None),
            ("2024-01-05 10:00:00-", TypeKind::Timestamp, None),
            ("2024-01-05 10:00:00Z", TypeKind::Timestamptz, None),
            ("10:00:00", TypeKind::Time, None),
            ("", TypeKind::Time, None),
            ("T", TypeKind::Timestamp, None),
        ] {
            let found = zone_of(text.as_bytes(), kind);
            assert_eq!(found, zone.map(str::as_bytes), "{text}");
        }
    }

    #[test]
    fn values_are_cut_and_escaped() {
        assert_eq!(
            shown(b"a\tb\n\x1b[31m\xc2\x85"),
            r#""a\tb\n\u{1b}[31m\u{85}""#
        );
        assert_eq!(
            shown("é".repeat(60).as_bytes()),
            format!("\"{}\"", "é".repeat(60))
        );
        assert_eq!(
            shown("é".repeat(99).as_bytes()),
            format!("\"{}…\"", "é".repeat(60))
        );
    }
}
