//! The operations of an encoding.

use super::super::output::Output;
use super::column_key::ColumnKey;
use crate::conversion_spec::TypeSpec;
use crate::values::Decimal;
use crate::values::Field;
use crate::values::ShortNumber;

/// Writes rows in one encoding. Most methods get the text of a value along with the value, so that
/// encodings of text need not format it again.
pub trait Encoder {
    /// Whether the block must record the place of each row's record.
    const INDEXED: bool = false;

    /// Writes what precedes the rows of a block.
    fn head<'a>(_: &mut Vec<u8>, _columns: impl Iterator<Item = &'a TypeSpec>, _lineage: bool) {}
    /// Writes what precedes rows whose values are not from the input.
    fn own_head(_: &mut Vec<u8>, _kinds: &[OwnKind]) {}
    /// Writes what precedes the first value of a row. `values` is the number of values.
    fn begin(out: &mut impl Output, values: usize);
    /// Writes what precedes a value.
    #[inline]
    fn key(_: &mut impl Output, _: &ColumnKey) {}
    /// Writes a NULL. No key has been written before.
    fn null(out: &mut impl Output, label: &ColumnKey);
    /// Writes an integer. `text` has no plus sign.
    fn integer(out: &mut impl Output, value: i64, width: Width, text: Field<'_>);
    fn float64(out: &mut impl Output, value: f64, text: Field<'_>);
    fn float32(out: &mut impl Output, value: f32, text: Field<'_>);
    fn decimal(out: &mut Vec<u8>, value: &Decimal<'_>, text: &[u8]);
    #[inline]
    fn short_decimal(out: &mut impl Output, _: ShortNumber, text: Field<'_>) {
        Self::verbatim(out, text);
    }
    fn boolean(out: &mut impl Output, value: bool);
    /// Writes a date, in days since 1970-01-01.
    fn date(out: &mut impl Output, days: i32);
    /// Writes a time, in microseconds since midnight. In columns for spans of time any number may come.
    fn time(out: &mut impl Output, micros: i64);
    /// Writes a timestamp, in microseconds since 1970-01-01 00:00. `text` is given if it has the form
    /// `YYYY-MM-DD?HH:MM:SS` and no fraction.
    fn timestamp(out: &mut impl Output, micros: i64, text: Option<&[u8; 19]>);
    /// Writes a timestamp in UTC.
    fn timestamptz(out: &mut impl Output, micros: i64);
    /// Writes a text that needs no escape.
    fn verbatim(out: &mut impl Output, text: Field<'_>);
    /// Writes a text if it needs no escape; otherwise writes nothing and gives false. `verbatim` says
    /// that no text of the block needs an escape.
    #[inline(always)]
    fn simple_text(out: &mut impl Output, text: Field<'_>, verbatim: bool) -> bool {
        if verbatim {
            Self::verbatim(out, text);
        }
        verbatim
    }
    /// Writes any text.
    fn text(out: &mut Vec<u8>, text: &[u8]);
    /// Writes bytes that need not be a text.
    fn bytes(out: &mut Vec<u8>, bytes: &[u8]) {
        Self::text(out, bytes);
    }
    fn uuid(out: &mut Vec<u8>, value: &[u8; 16], text: &[u8]);
    fn json(out: &mut Vec<u8>, text: &[u8], jsonb: bool);
    /// Writes what follows the last value of a row.
    fn end(out: &mut Vec<u8>);

    /// Whether any text in `data` may hold bytes that need an escape.
    fn has_escapes(data: &[u8], newline: u8) -> bool;

    /// Writes an integer that is not from the input.
    #[inline]
    fn own_integer(out: &mut impl Output, value: i64) {
        let mut digits = Digits::default();
        let start = digits.write(value);
        let text = Field::new(&digits.0, start, false);
        Self::integer(out, value, Width::Eight, text);
    }
}

/// The kinds of values that are not from the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OwnKind {
    Integer,
    Text,
    Bytes,
}

/// The number of bytes of an integer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Width {
    Two,
    Four,
    Eight,
}

/// The decimal digits of an integer.
#[derive(Default)]
struct Digits([u8; 24]);

impl Digits {
    /// Writes the digits to the end of the array, and gives the index at which they start.
    fn write(&mut self, value: i64) -> usize {
        let mut rest = value.unsigned_abs();
        let mut start = self.0.len();
        loop {
            start -= 1;
            self.0[start] = b'0' + (rest % 10) as u8;
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        if value < 0 {
            start -= 1;
            self.0[start] = b'-';
        }
        start
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_have_their_digits() {
        for value in [0, 7, -1, 10, 1234567890123, i64::MAX, i64::MIN] {
            let mut digits = Digits::default();
            let start = digits.write(value);
            assert_eq!(digits.0[start..], *value.to_string().as_bytes());
        }
    }
}
