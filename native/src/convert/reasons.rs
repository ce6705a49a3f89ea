//! What is said of a reject: one sentence, with the value.

use std::fmt::Write;

use super::column::integer_range;
use crate::codes::Code;
use crate::dialect::Dialect;
use crate::spec::{Kind, TypeSpec, Wire};
use crate::values;

/// Characters of a value that are shown.
const SHOWN: usize = 60;

/// A value in quotes: cut where it is long, control characters escaped.
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

/// Of a record whose structure is broken.
pub fn of_record(code: Code, dialect: &Dialect) -> String {
    match code {
        Code::UnterminatedQuote if dialect.quote.is_none() => {
            "The last line end has an escape before it, so the record does not end.".into()
        }
        Code::UnterminatedQuote => "A quoted field is not closed.".into(),
        Code::TextAfterQuote => "Text follows the closing quote of a field.".into(),
        Code::RecordTooLong => {
            format!(
                "The record is longer than {} bytes.",
                dialect.max_record_size
            )
        }
        Code::RepeatedHeader => "The record is the header once more.".into(),
        Code::NulCharacter => "The record holds a NUL character.".into(),
        _ => "The record is not valid UTF-8.".into(),
    }
}

/// Of a record with too few or too many fields.
pub fn of_field_count(found: usize, expected: usize, header: bool) -> String {
    let fields = if found == 1 { "field" } else { "fields" };
    if header {
        format!("The record has {found} {fields}, the header has {expected}.")
    } else {
        format!("The record has {found} {fields}, not {expected}.")
    }
}

/// Of a value that its column's type refuses. `pattern`: the user's own form of a date.
pub fn of_value(code: Code, text: &[u8], kind: &TypeSpec, pattern: Option<&str>) -> String {
    let form = |usual| pattern.unwrap_or(usual);
    let mut sentence = match code {
        Code::MissingValue => return "A value is required, and there is none.".into(),
        Code::OutOfRange if kind.kind != Kind::Timestamptz => escaped(text),
        _ => shown(text),
    };
    let written = match code {
        Code::NotAnInteger => write!(sentence, " is not an integer."),
        Code::NotANumber => write!(sentence, " is not a number."),
        Code::NotABoolean if kind.wire == Wire::Tiny => write!(
            sentence,
            " is neither a number nor a word for true or false."
        ),
        Code::NotABoolean => write!(sentence, " is neither a word for true nor one for false."),
        Code::NotADate => write!(sentence, " is not a date ({}).", form("YYYY-MM-DD")),
        Code::NotATime | Code::NotATimestamp
            if pattern.is_none()
                && let Some(zone) = zone_of(text, kind.kind) =>
        {
            let zone = escaped(zone);
            write!(
                sentence,
                " has a time zone, {zone}, and the column keeps none."
            )
        }
        Code::NotATime if kind.wire == Wire::Span => write!(
            sentence,
            " is neither a time of day nor a span of time ({}).",
            form("[-]HH:MM:SS")
        ),
        Code::NotATime => write!(sentence, " is not a time of day ({}).", form("HH:MM:SS")),
        Code::NotATimestamp if kind.kind == Kind::Timestamptz => {
            let form = form("YYYY-MM-DD HH:MM:SS+HH:MM");
            write!(sentence, " is not a timestamp with a time zone ({form}).")
        }
        Code::NotATimestamp => {
            write!(
                sentence,
                " is not a timestamp ({}).",
                form("YYYY-MM-DD HH:MM:SS")
            )
        }
        Code::NotAUuid => write!(sentence, " is not a UUID."),
        Code::NotJson => write!(sentence, " is not valid JSON."),
        Code::OutOfRange => out_of_range(&mut sentence, kind),
        Code::LosesPrecision => loses_precision(&mut sentence, kind),
        Code::TooLong => too_long(&mut sentence, text, kind),
        _ => write!(sentence, " is refused: {}.", code.as_str()),
    };
    debug_assert!(written.is_ok(), "a String takes whatever is written");
    sentence
}

/// What is written behind a time or a timestamp that has no zone by its type, if that reads as a
/// zone: an offset, or a name.
fn zone_of(text: &[u8], kind: Kind) -> Option<&[u8]> {
    let behind = match kind {
        Kind::Time => 0,
        Kind::Timestamp => text.iter().position(|byte| b" T".contains(byte))? + 1,
        _ => return None,
    };
    let in_clock = |byte: &u8| matches!(byte, b'0'..=b'9' | b':' | b'.');
    let length = text[behind..]
        .iter()
        .take_while(|byte| in_clock(byte))
        .count();
    let (clock, rest) = text.split_at(behind + length);
    let fits = match kind {
        Kind::Time => values::time(clock).is_ok(),
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
        Kind::Integer => {
            let (min, max) = integer_range(kind.bits, kind.unsigned).unwrap_or_default();
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
        Kind::Float => write!(
            sentence,
            " is outside the range of a {}-bit float.",
            kind.bits
        ),
        Kind::Timestamptz => write!(sentence, " is outside the years 0001 to 9999 in UTC."),
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
                " has more than 1000 digits on a side of the decimal point."
            ),
        },
    }
}

fn loses_precision(sentence: &mut String, kind: &TypeSpec) -> std::fmt::Result {
    match kind.kind {
        Kind::Decimal => match (kind.scale, kind.precision) {
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
        Kind::Float => {
            write!(
                sentence,
                " cannot be kept exactly in a {}-bit float.",
                kind.bits
            )
        }
        _ => write!(
            sentence,
            " has more than {} digits after the second.",
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
                " has {chars} characters, the column holds {most}."
            )
        }
        (_, most) => {
            let most = most.unwrap_or_default();
            write!(
                sentence,
                " has {} bytes, the column holds {most}.",
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
            ("2024-01-05T10:00:00Z", Kind::Timestamp, Some("Z")),
            (
                "2024-01-05 10:00:00.5 +02:00",
                Kind::Timestamp,
                Some("+02:00"),
            ),
            ("2024-01-05 10:00-0330", Kind::Timestamp, Some("-0330")),
            ("2024-01-05 10:00:00 UTC", Kind::Timestamp, Some("UTC")),
            (
                "2024-01-05 10:00 Europe/Rome",
                Kind::Timestamp,
                Some("Europe/Rome"),
            ),
            ("10:00:00+02", Kind::Time, Some("+02")),
            ("2024-01-05 10:00:00 PM", Kind::Timestamp, None),
            ("2024-01-05", Kind::Timestamp, None),
            ("2024-01-05 25:00:00Z", Kind::Timestamp, None),
            ("2024-01-05 10:00:00-", Kind::Timestamp, None),
            ("2024-01-05 10:00:00Z", Kind::Timestamptz, None),
            ("10:00:00", Kind::Time, None),
            ("", Kind::Time, None),
            ("T", Kind::Timestamp, None),
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
