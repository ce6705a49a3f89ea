//! When two values of a column are the same, though their bytes are not.

use std::borrow::Cow;

use super::expected::unescaped;
use super::json;
use crate::convert::sqlite::{FLOAT, INTEGER, TEXT};
use crate::spec::Encoding;
use crate::values::{Decimal, decimal, float32, float64, integer, uuid};

/// How the values of a column are compared, and shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// It is not compared: the table's rows lack it.
    Ignored,
    /// The same bytes only.
    Text,
    /// The table fills it with blanks.
    Padded,
    Boolean,
    Integer,
    Float,
    /// A float of 32 bits, which the table gives as one of 64.
    Single,
    /// As many decimals as it was written with.
    Numeric,
    /// As many decimals as the column has.
    Scaled,
    Date,
    Time,
    Timestamp,
    Timestamptz,
    Uuid,
    /// JSON of which the column keeps the value alone.
    Json,
    /// The same, with numbers as 64 bits hold them.
    JsonDoubles,
    /// A text that the column makes a number of, if it is one.
    LikeNumber,
}

impl Mode {
    pub fn parse(word: &str) -> Result<Mode, String> {
        Ok(match word {
            "ignored" => Mode::Ignored,
            "text" => Mode::Text,
            "padded" => Mode::Padded,
            "boolean" => Mode::Boolean,
            "integer" => Mode::Integer,
            "float" => Mode::Float,
            "single" => Mode::Single,
            "numeric" => Mode::Numeric,
            "scaled" => Mode::Scaled,
            "date" => Mode::Date,
            "time" => Mode::Time,
            "timestamp" => Mode::Timestamp,
            "timestamptz" => Mode::Timestamptz,
            "uuid" => Mode::Uuid,
            "json" => Mode::Json,
            "json_doubles" => Mode::JsonDoubles,
            "like_number" => Mode::LikeNumber,
            _ => return Err(format!("there is no way {word:?} to compare values")),
        })
    }

    /// Whether two values are the same; of values whose bytes differ.
    pub fn same(
        self,
        encoding: Encoding,
        expected: &[u8],
        found: &[u8],
        scratch: &mut Vec<u8>,
    ) -> bool {
        match encoding {
            Encoding::Postgres => self.same_binary(expected, found),
            Encoding::Text => self.same_text(unescaped(expected, scratch), found),
            _ => self.same_tagged(expected, found),
        }
    }

    fn same_binary(self, expected: &[u8], found: &[u8]) -> bool {
        match self {
            Mode::Padded => padded(expected, found),
            // Digits, weight and sign; the decimals shown are the column's.
            Mode::Scaled => {
                expected.len() == found.len()
                    && expected.len() >= 8
                    && expected[..6] == found[..6]
                    && expected[8..] == found[8..]
            }
            Mode::Json => match (expected.split_first(), found.split_first()) {
                (Some((1, one)), Some((1, other))) => json::same(one, other, false),
                _ => false,
            },
            _ => false,
        }
    }

    fn same_text(self, expected: &[u8], found: &[u8]) -> bool {
        match self {
            Mode::Padded => expected == found || padded(expected, found),
            Mode::Boolean => truth(expected) == truth(found) && truth(found).is_some(),
            Mode::Integer => match (integer(expected), integer(found)) {
                (Ok(one), Ok(other)) => one == other,
                _ => false,
            },
            Mode::Float => match (float64(expected), float64(found)) {
                (Ok(one), Ok(other)) => one == other,
                _ => false,
            },
            Mode::Single => match (float32(expected), float64(found)) {
                (Ok(one), Ok(other)) => f64::from(one) == other,
                _ => false,
            },
            Mode::Numeric | Mode::Scaled => same_number(expected, found),
            Mode::Time | Mode::Timestamp | Mode::Timestamptz => {
                self.clock(expected) == self.clock(found)
            }
            Mode::Uuid => match (uuid(expected), uuid(found)) {
                (Ok(one), Ok(other)) => one == other,
                _ => expected == found,
            },
            Mode::Json => json::same(expected, found, false),
            Mode::JsonDoubles => json::same(expected, found, true),
            _ => expected == found,
        }
    }

    /// A time without zeros at the end of its fraction, and without the mark of UTC.
    fn clock(self, text: &[u8]) -> &[u8] {
        let text = match self {
            Mode::Timestamptz => text.strip_suffix(b"+00").unwrap_or(text),
            _ => text,
        };
        if !text.contains(&b'.') {
            return text;
        }
        let zeros = text.iter().rev().take_while(|byte| **byte == b'0').count();
        let text = &text[..text.len() - zeros];
        text.strip_suffix(b".").unwrap_or(text)
    }

    fn same_tagged(self, expected: &[u8], found: &[u8]) -> bool {
        match (Tagged::of(expected), Tagged::of(found)) {
            (Some(Tagged::Integer(one)), Some(Tagged::Float(other)))
            | (Some(Tagged::Float(other)), Some(Tagged::Integer(one))) => {
                other == one as f64 && other as i128 == i128::from(one)
            }
            (Some(Tagged::Float(one)), Some(Tagged::Float(other))) => one == other,
            (Some(Tagged::Text(text)), Some(Tagged::Integer(number))) => {
                let text = text.trim_ascii();
                let same = integer(text) == Ok(number.into());
                self == Mode::LikeNumber && (same || float64(text) == Ok(number as f64))
            }
            (Some(Tagged::Text(text)), Some(Tagged::Float(number))) => {
                self == Mode::LikeNumber && float64(text.trim_ascii()) == Ok(number)
            }
            _ => false,
        }
    }
}

/// A value of SQLite, by its tag.
pub enum Tagged<'a> {
    Integer(i64),
    Float(f64),
    Text(&'a [u8]),
    Blob(&'a [u8]),
}

/// Of bytes that are no text; no converter makes them.
pub const BLOB: u8 = 4;

impl Tagged<'_> {
    pub fn of(bytes: &[u8]) -> Option<Tagged<'_>> {
        let (tag, value) = bytes.split_first()?;
        Some(match *tag {
            INTEGER => Tagged::Integer(i64::from_le_bytes(value.try_into().ok()?)),
            FLOAT => Tagged::Float(f64::from_le_bytes(value.try_into().ok()?)),
            TEXT => Tagged::Text(value.get(4..)?),
            BLOB => Tagged::Blob(value.get(4..)?),
            _ => return None,
        })
    }
}

fn padded(expected: &[u8], found: &[u8]) -> bool {
    let rest = found.strip_prefix(expected);
    rest.is_some_and(|rest| rest.iter().all(|byte| *byte == b' '))
}

fn truth(text: &[u8]) -> Option<bool> {
    match text {
        b"1" | b"true" | b"t" => Some(true),
        b"0" | b"false" | b"f" => Some(false),
        _ => None,
    }
}

/// Whether two texts are the same decimal number, however many zeros they end in.
fn same_number(one: &[u8], other: &[u8]) -> bool {
    match (canonical_number(one), canonical_number(other)) {
        (Some(one), Some(other)) => one == other,
        _ => false,
    }
}

/// Sign, digits without zeros at either end, and the place of the first one.
pub fn canonical_number(text: &[u8]) -> Option<(bool, Cow<'_, [u8]>, i64)> {
    let Decimal {
        negative,
        integer,
        fraction,
        exponent,
    } = decimal(text).ok()?;
    let digits = if fraction.is_empty() {
        Cow::Borrowed(integer)
    } else {
        Cow::Owned([integer, fraction].concat())
    };
    let leading = digits.iter().take_while(|digit| **digit == b'0').count();
    let point = integer.len() as i64 + i64::from(exponent) - leading as i64;
    let kept = digits.len() - digits.iter().rev().take_while(|it| **it == b'0').count();
    if leading >= kept {
        return Some((false, Cow::Borrowed(b""), 0));
    }
    let digits = match digits {
        Cow::Borrowed(digits) => Cow::Borrowed(&digits[leading..kept]),
        Cow::Owned(digits) => Cow::Owned(digits[leading..kept].to_vec()),
    };
    Some((negative, digits, point))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(mode: Mode, expected: &str, found: &str) -> bool {
        mode.same_text(expected.as_bytes(), found.as_bytes())
    }

    #[test]
    fn numbers_are_compared_by_their_value() {
        for (one, other) in [
            ("1.50", "1.5"),
            ("0", "-0.000"),
            ("15e-1", "1.5000"),
            ("007", "7"),
            ("100", "1e2"),
            (".5", "0.50"),
        ] {
            assert!(text(Mode::Scaled, one, other), "{one} {other}");
        }
        for (one, other) in [("1.5", "15"), ("1.5", "-1.5"), ("10", "1"), ("0.05", "0.5")] {
            assert!(!text(Mode::Scaled, one, other), "{one} {other}");
        }
        assert!(text(Mode::Single, "0.1", "0.10000000149011612"));
        assert!(!text(Mode::Float, "0.1", "0.10000000149011612"));
    }

    #[test]
    fn times_are_compared_without_zeros_at_their_end() {
        assert!(text(Mode::Time, "10:00:00", "10:00:00.000000"));
        assert!(text(
            Mode::Timestamptz,
            "2024-01-01 10:00:00.5",
            "2024-01-01 10:00:00.500+00"
        ));
        assert!(!text(
            Mode::Timestamp,
            "2024-01-01 10:00:00",
            "2024-01-01 10:00:01"
        ));
        assert!(!text(
            Mode::Timestamp,
            "2024-01-01 10:00:00",
            "2024-01-01 10:00:00+00"
        ));
        assert!(!text(Mode::Time, "10:00:00", "10:00:"));
    }
}
