//! Fields that are short, or of one fixed form, as most numbers and times are: read eight
//! bytes at a time, with no branch that depends on where a digit or the point stands. Such a
//! branch is guessed wrong at every other field, which costs more than all the rest.

use super::short_number::{NO_POINT, ShortNumber, WHOLE_TENS, ZEROS, value, without_point};

/// A field, with the bytes before it in memory. They let it be read in one piece of fixed length.
#[derive(Clone, Copy)]
pub struct Field<'a> {
    /// The bytes from anywhere before the field to its end.
    until: &'a [u8],
    start: usize,
    pub quoted: bool,
}

impl<'a> Field<'a> {
    #[inline]
    pub fn new(until: &'a [u8], start: usize, quoted: bool) -> Field<'a> {
        Field {
            until,
            start,
            quoted,
        }
    }

    #[inline]
    pub fn text(&self) -> &'a [u8] {
        &self.until[self.start..]
    }

    #[inline]
    pub fn len(&self) -> usize {
        self.until.len() - self.start
    }

    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The bytes from anywhere before the field to its end.
    #[inline(always)]
    pub fn until(&self) -> &'a [u8] {
        self.until
    }

    /// Parses `-?digits[.digits]` of at most eight bytes after the sign. None means that the caller
    /// must parse the text in full.
    #[inline(always)]
    pub fn number(&self) -> Option<ShortNumber> {
        let (negative, length, text) = self.padded()?;
        let (digits, decimals) = without_point(text);
        if length == 1 && decimals != NO_POINT {
            return None;
        }
        Some(ShortNumber {
            negative,
            mantissa: value(digits)?,
            decimals: decimals & 7,
        })
    }

    /// Parses `-?digits` in the same way.
    #[inline(always)]
    pub fn integer(&self) -> Option<i64> {
        let (negative, _, text) = self.padded()?;
        let value = i64::from(value(text)?);
        Some(if negative { -value } else { value })
    }

    /// The microseconds of a second's fraction: a point and up to six digits, which are the last
    /// `length` bytes of the field.
    #[inline]
    pub fn fraction(&self, length: usize) -> Option<u32> {
        let digits = length.checked_sub(1).filter(|digits| *digits <= 6)?;
        let start = self.until.len() - digits;
        match Field::new(self.until, start, false).padded()? {
            (false, _, values) if self.until[start - 1] == b'.' => {
                Some(value(values)? * WHOLE_TENS[6 - digits])
            }
            _ => None,
        }
    }

    /// Gives (whether there is a minus, the length without it, the values of the digits with zeros
    /// before them). A byte that is no digit has a value of more than 9.
    #[inline(always)]
    fn padded(&self) -> Option<(bool, usize, u64)> {
        let tail = u64::from_le_bytes(*self.until.last_chunk()?);
        let negative = *self.until.get(self.start)? == b'-';
        let length = self.len() - usize::from(negative);
        if length.wrapping_sub(1) > 7 {
            return None;
        }
        // The first byte of memory is the lowest.
        let before = 64 - 8 * length as u32;
        Some((negative, length, ((tail ^ ZEROS) >> before) << before))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::values;

    fn number(text: &str) -> Option<(bool, u32, u32)> {
        let until = format!("0009.-7,{text}");
        let field = Field::new(until.as_bytes(), 8, false);
        let short = field.number()?;
        let whole = !text.contains('.') && short.decimals == 0;
        let signed = i64::from(short.mantissa) * if short.negative { -1 } else { 1 };
        assert_eq!(field.integer(), whole.then_some(signed), "{text}");
        Some((short.negative, short.mantissa, short.decimals))
    }

    #[test]
    fn numbers_are_read_wherever_the_point_stands() {
        assert_eq!(number("45.61"), Some((false, 4561, 2)));
        assert_eq!(number("-12345678"), Some((true, 12_345_678, 0)));
        assert_eq!(number("1234567."), Some((false, 1_234_567, 0)));
        assert_eq!(number(".1234567"), Some((false, 1_234_567, 7)));
        assert_eq!(number("1234.678"), Some((false, 1_234_678, 3)));
        assert_eq!(number("0"), Some((false, 0, 0)));
        assert_eq!(number("-.5"), Some((true, 5, 1)));
    }

    #[test]
    fn what_is_no_short_number_is_left_to_others() {
        for text in [
            "",
            "-",
            ".",
            "-.",
            "--1",
            "+1",
            "1.2.3",
            "1e5",
            "123456789",
            "1,5",
            " 1",
        ] {
            assert_eq!(number(text), None, "{text}");
        }
        for byte in (0..=255_u8).filter(|byte| !b"0123456789.".contains(byte)) {
            for place in 0..8 {
                let mut text = *b"11111111";
                text[place] = byte;
                if (place, byte) != (0, b'-') {
                    assert_eq!(Field::new(&text, 0, false).number(), None, "{text:?}");
                }
            }
        }
    }

    #[test]
    fn short_numbers_are_what_the_full_reading_gives() {
        for mantissa in (0..99_999_999_u32).step_by(9973) {
            let all = mantissa.to_string();
            for point in 0..=all.len() {
                let text = format!("{}.{}", &all[..point], &all[point..]);
                if text.len() <= 8 {
                    let (_, found, decimals) = number(&text).unwrap();
                    let value = f64::from(found) / 10_f64.powi(decimals as i32);
                    assert_eq!(Ok(value), values::float64(text.as_bytes()), "{text}");
                }
            }
            assert_eq!(number(&all), Some((false, mantissa, 0)));
        }
    }

    #[test]
    fn fractions_are_of_a_second() {
        let fraction = |text: &str, length| {
            let until = format!("2024-01-01 00:00:00{text}");
            Field::new(until.as_bytes(), 0, false).fraction(length)
        };
        assert_eq!(fraction(".5", 2), Some(500_000));
        assert_eq!(fraction(".000001", 7), Some(1));
        assert_eq!(fraction(".250000", 7), Some(250_000));
        for wrong in [".", "05", ".-5", ".0000001", ".1x", ".+1", ".1 "] {
            assert_eq!(fraction(wrong, wrong.len()), None, "{wrong}");
        }
    }
}
