//! What an encoding must be able to write.

use super::super::field::Field;
use super::super::output::Output;
use super::super::short_number::ShortNumber;
use super::column_key::ColumnKey;
use crate::conversion_spec::TypeSpec;
use crate::values::Decimal;

/// Where rows are written. A value's text comes along with it: what the encoding writes as
/// text need not be made again from the value.
pub trait Encoder {
    /// Whether the block must know of which record each row was made.
    const INDEXED: bool = false;

    /// Before the rows of a block.
    fn head<'a>(_: &mut Vec<u8>, _columns: impl Iterator<Item = &'a TypeSpec>, _lineage: bool) {}
    /// Before the first value of a row.
    fn begin(out: &mut impl Output, values: usize);
    /// Before a value.
    #[inline]
    fn key(_: &mut impl Output, _: &ColumnKey) {}
    /// No value: no key has been written either.
    fn null(out: &mut impl Output, label: &ColumnKey);
    /// `text`: with no plus sign.
    fn integer(out: &mut impl Output, value: i64, width: Width, text: Field<'_>);
    fn float64(out: &mut impl Output, value: f64, text: Field<'_>);
    fn float32(out: &mut impl Output, value: f32, text: Field<'_>);
    fn decimal(out: &mut Vec<u8>, value: &Decimal<'_>, text: &[u8]);
    #[inline]
    fn short_decimal(out: &mut impl Output, _: ShortNumber, text: Field<'_>) {
        Self::verbatim(out, text);
    }
    fn boolean(out: &mut impl Output, value: bool);
    /// Days since 1970-01-01.
    fn date(out: &mut impl Output, days: i32);
    /// Microseconds since midnight. Of a column that takes spans of time: any number of them.
    fn time(out: &mut impl Output, micros: i64);
    /// Microseconds since 1970-01-01 00:00. `text`: `YYYY-MM-DD?HH:MM:SS`, if that says it all.
    fn timestamp(out: &mut impl Output, micros: i64, text: Option<&[u8; 19]>);
    /// The same in UTC.
    fn timestamptz(out: &mut impl Output, micros: i64);
    /// Text with nothing in it that needs an escape.
    fn verbatim(out: &mut impl Output, text: Field<'_>);
    /// A text, if nothing in it needs an escape; if false, nothing was written. `verbatim`: no
    /// text here needs one.
    #[inline(always)]
    fn simple_text(out: &mut impl Output, text: Field<'_>, verbatim: bool) -> bool {
        if verbatim {
            Self::verbatim(out, text);
        }
        verbatim
    }
    /// Any text. What it is written as may be longer.
    fn text(out: &mut Vec<u8>, text: &[u8]);
    fn uuid(out: &mut Vec<u8>, value: &[u8; 16], text: &[u8]);
    fn json(out: &mut Vec<u8>, text: &[u8], jsonb: bool);
    /// After the last value of a row.
    fn end(out: &mut Vec<u8>);

    /// Whether any text may hold bytes that need an escape.
    fn has_escapes(data: &[u8], newline: u8) -> bool;

    /// A value of our own.
    #[inline]
    fn own_integer(out: &mut impl Output, value: i64) {
        let mut digits = Digits::default();
        let start = digits.write(value);
        let text = Field::new(&digits.0, start, false);
        Self::integer(out, value, Width::Eight, text);
    }
}

/// Bytes of an integer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Width {
    Two,
    Four,
    Eight,
}

/// An integer's decimal digits.
#[derive(Default)]
struct Digits([u8; 24]);

impl Digits {
    /// Where they start; they end with the array.
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
