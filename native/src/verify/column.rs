//! Decides whether two values of a column are the same although their bytes differ.

use super::decimal_text::same_number;
use super::expected::unescaped;
use super::json;
use crate::conversion_spec::RowEncoding;
use crate::convert::encoders::sqlite::{FLOAT, INTEGER, TEXT};
use crate::values::{float32, float64, integer, uuid};

/// How the values of a column are compared and shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// The column is not compared. The rows of the table come without it.
    Ignored,
    /// Only equal bytes are the same.
    Text,
    /// The table fills the value with blanks.
    Padded,
    Boolean,
    Integer,
    Float,
    /// A float of 32 bits, which the table gives as a float of 64 bits.
    Single,
    /// A number that keeps the decimals that it was written with.
    Numeric,
    /// A number that has as many decimals as the column.
    Scaled,
    Date,
    Time,
    Timestamp,
    Timestamptz,
    Uuid,
    /// JSON of which the column keeps only the value.
    Json,
    /// JSON of which the column keeps only the value, with numbers rounded to 64 bits.
    JsonDoubles,
    /// A text that the column stores as a number if it looks like one.
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

    /// Tells whether two values whose bytes differ are the same.
    pub fn same(
        self,
        encoding: RowEncoding,
        expected: &[u8],
        found: &[u8],
        scratch: &mut Vec<u8>,
    ) -> bool {
        match encoding {
            RowEncoding::Postgres => self.same_binary(expected, found),
            RowEncoding::Text => self.same_text(unescaped(expected, scratch), found),
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

    /// Gives a time without zeros at the end of its fraction, and without the mark of UTC.
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

/// The tag of bytes that are not text. No converter makes them.
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
