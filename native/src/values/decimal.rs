//! Decimals: `[+-]?digits[.digits][e[+-]digits]`, also `.5` and `5.`, kept as digits.

use std::cmp::Ordering;
use std::ops::RangeInclusive;

use super::integer::split_sign;
use crate::reject_code::RejectCode;

/// The largest exponent that is kept. No field has as many digits.
const LARGEST_EXPONENT: i32 = 1_000_000_000;

/// A number as it was written; its value is `integer.fraction * 10^exponent`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decimal<'a> {
    pub negative: bool,
    /// Digits before the point, without leading zeros.
    pub integer: &'a [u8],
    /// Digits after the point, as written.
    pub fraction: &'a [u8],
    /// Within `LARGEST_EXPONENT` in either direction, which stands for all larger exponents.
    pub exponent: i32,
}

/// Parses a decimal number into its parts.
#[inline]
pub fn decimal(text: &[u8]) -> Result<Decimal<'_>, RejectCode> {
    let (negative, rest) = split_sign(text);
    let whole = leading_digits(rest);
    let (integer, rest) = rest.split_at(whole);
    let (fraction, rest) = match rest.split_first() {
        Some((b'.', rest)) => rest.split_at(leading_digits(rest)),
        _ => (&rest[..0], rest),
    };
    if integer.is_empty() && fraction.is_empty() {
        return Err(RejectCode::NotANumber);
    }
    let exponent = match rest.split_first() {
        None => 0,
        Some((b'e' | b'E', rest)) => exponent(rest)?,
        Some(_) => return Err(RejectCode::NotANumber),
    };
    let zeros = integer.iter().take_while(|byte| **byte == b'0').count();
    Ok(Decimal {
        negative,
        integer: &integer[zeros..],
        fraction,
        exponent,
    })
}

#[inline]
fn leading_digits(text: &[u8]) -> usize {
    text.iter()
        .position(|byte| !byte.is_ascii_digit())
        .unwrap_or(text.len())
}

#[cold]
fn exponent(text: &[u8]) -> Result<i32, RejectCode> {
    let (negative, digits) = split_sign(text);
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return Err(RejectCode::NotANumber);
    }
    let value = digits.iter().fold(0_i32, |value, byte| {
        value
            .saturating_mul(10)
            .saturating_add(i32::from(byte - b'0'))
            .min(LARGEST_EXPONENT)
    });
    Ok(if negative { -value } else { value })
}

impl Decimal<'_> {
    /// All digits from the first to the last that is not zero, and the place of the first: 0 for
    /// tenths, 1 for ones, 2 for tens. None if the number is zero.
    fn significant(&self) -> Option<(i64, impl Iterator<Item = u8> + '_)> {
        let digits = self.integer.iter().chain(self.fraction).copied();
        let total = self.integer.len() + self.fraction.len();
        let leading = digits.clone().take_while(|byte| *byte == b'0').count();
        let trailing = digits
            .clone()
            .rev()
            .take_while(|byte| *byte == b'0')
            .count();
        if leading == total {
            return None;
        }
        let place = self.integer.len() as i64 - leading as i64 + i64::from(self.exponent);
        Some((place, digits.skip(leading).take(total - leading - trailing)))
    }

    /// Whether there are no more digits between the zeros before and behind them, and the first of
    /// them stands in one of the places, of which 1 is that of ones. Zero has no digits.
    pub fn has_at_most(&self, digits: usize, places: RangeInclusive<i64>) -> bool {
        self.significant()
            .is_none_or(|(place, found)| places.contains(&place) && found.count() <= digits)
    }

    /// Whether the number is zero, of either sign.
    pub fn is_zero(&self) -> bool {
        self.integer
            .iter()
            .chain(self.fraction)
            .all(|byte| *byte == b'0')
    }

    /// Compares two values exactly: 1.0 equals 1, and -0 equals 0.
    pub fn compare(&self, other: &Decimal<'_>) -> Ordering {
        let sign = |number: &Decimal<'_>| match (number.is_zero(), number.negative) {
            (true, _) => 0,
            (false, true) => -1,
            (false, false) => 1,
        };
        let order = sign(self).cmp(&sign(other));
        if order.is_ne() {
            return order;
        }
        let (Some((place, digits)), Some((other_place, other_digits))) =
            (self.significant(), other.significant())
        else {
            return Ordering::Equal;
        };
        // Digits without trailing zeros order as text does, once the first stand in one place.
        let order = place
            .cmp(&other_place)
            .then_with(|| digits.cmp(other_digits));
        if self.negative {
            order.reverse()
        } else {
            order
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> (bool, &str, &str, i32) {
        let number = decimal(text.as_bytes()).expect(text);
        let text = |bytes| std::str::from_utf8(bytes).unwrap();
        (
            number.negative,
            text(number.integer),
            text(number.fraction),
            number.exponent,
        )
    }

    #[test]
    fn keeps_the_digits() {
        assert_eq!(parts("12.50"), (false, "12", "50", 0));
        assert_eq!(parts("-0"), (true, "", "", 0));
        assert_eq!(parts("+007.0"), (false, "7", "0", 0));
        assert_eq!(parts("5."), (false, "5", "", 0));
        assert_eq!(parts(".5"), (false, "", "5", 0));
        assert_eq!(parts("1.5e-3"), (false, "1", "5", -3));
        assert_eq!(parts("1E+3"), (false, "1", "", 3));
        assert_eq!(
            parts("1e99999999999999"),
            (false, "1", "", LARGEST_EXPONENT)
        );
        assert_eq!(
            parts("1e-99999999999999"),
            (false, "1", "", -LARGEST_EXPONENT)
        );
    }

    #[test]
    fn refuses_what_is_no_number() {
        for text in [
            "", ".", "+", "-.", "e5", ".e5", "1e", "1e+", "1.2.3", "1,5", "1_000", " 1", "1 ",
            "NaN", "nan", "Infinity", "inf", "-inf", "0x10", "１", "1e5.0", "--1", "1e--5",
        ] {
            assert_eq!(
                decimal(text.as_bytes()),
                Err(RejectCode::NotANumber),
                "{text:?}"
            );
        }
    }

    #[test]
    fn compares_values_and_not_texts() {
        let ascending = [
            "-1e1000",
            "-1000",
            "-12.5",
            "-12.49",
            "-1e-1000",
            "0",
            "1e-1000",
            "0.09",
            "0.1",
            "0.10000000000000000000000001",
            "9",
            "9.5",
            "10",
            "1e2",
            "101",
            "1e1000",
        ];
        for (i, left) in ascending.iter().enumerate() {
            for (j, right) in ascending.iter().enumerate() {
                let left = decimal(left.as_bytes()).unwrap();
                assert_eq!(left.compare(&decimal(right.as_bytes()).unwrap()), i.cmp(&j));
            }
        }
        for (left, right) in [
            ("1", "1.000"),
            ("-0", "0"),
            ("0e9", "0"),
            ("100", "1e2"),
            ("0.01", "1.0e-2"),
        ] {
            let left = decimal(left.as_bytes()).unwrap();
            assert!(left.compare(&decimal(right.as_bytes()).unwrap()).is_eq());
        }
    }
}
