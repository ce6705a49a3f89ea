//! Floating point numbers, accepted only if nothing of what was written is lost.
//!
//! A text is accepted if the shortest decimal that reads back to the same float is equal to
//! it: then nothing is lost, for the database prints that decimal again. Any decimal of at
//! most 15 (6 for 32 bits) significant digits in the normal range is such a text.

use std::fmt::{self, LowerExp, Write};
use std::ops::RangeInclusive;
use std::str::FromStr;

use super::decimal::{Decimal, decimal};
use super::integer::split_sign;
use crate::reject_code::RejectCode;

/// The number of digits that always fit a u64.
const SHORT: usize = 19;

/// Powers of ten that a double holds exactly, as far as `SHORT` reaches.
const TENS: [f64; SHORT + 1] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19,
];
/// The same for 32 bits.
const TENS_32: [f32; 11] = [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10];

/// The double that the text stands for.
#[inline]
pub fn float64(text: &[u8]) -> Result<f64, RejectCode> {
    float64_of(text, plain(text))
}

/// The same of a text that `plain` was asked about.
#[inline]
pub(crate) fn float64_of(
    text: &[u8],
    plain: Option<(bool, u64, usize)>,
) -> Result<f64, RejectCode> {
    const EXACT: u64 = 1 << f64::MANTISSA_DIGITS;
    if let Some((negative, mantissa, decimals)) = plain
        && mantissa <= EXACT
    {
        // Both are exact, so the one division rounds as the definition wants it.
        let value = mantissa as f64 / TENS[decimals];
        let value = if negative { -value } else { value };
        if mantissa < 1_000_000_000_000_000 || is_shown_as(value, text) {
            return Ok(value);
        }
    }
    exact(text)
}

/// Whether a float would be written like this. Nearly all were.
#[inline]
fn is_shown_as(value: impl zmij::Float, text: &[u8]) -> bool {
    zmij::Buffer::new().format_finite(value).as_bytes() == text
}

/// The 32-bit float that the text stands for.
#[inline]
pub fn float32(text: &[u8]) -> Result<f32, RejectCode> {
    if let Some((negative, mantissa, decimals)) = plain(text)
        && mantissa < 1_000_000
        && decimals < TENS_32.len()
    {
        let value = mantissa as f32 / TENS_32[decimals];
        return Ok(if negative { -value } else { value });
    }
    exact(text)
}

/// Parses a short number without exponent: its sign, its digits as an integer, and the number of
/// digits after the point.
#[inline]
pub(crate) fn plain(text: &[u8]) -> Option<(bool, u64, usize)> {
    let (negative, rest) = split_sign(text);
    if rest.len() > SHORT {
        return None;
    }
    let mut mantissa = 0_u64;
    let mut point = None;
    for (index, byte) in rest.iter().enumerate() {
        let digit = byte.wrapping_sub(b'0');
        if digit <= 9 {
            mantissa = mantissa * 10 + u64::from(digit);
        } else if *byte == b'.' && point.is_none() {
            point = Some(index);
        } else {
            return None;
        }
    }
    match point {
        Some(_) if rest.len() == 1 => None,
        Some(index) => Some((negative, mantissa, rest.len() - 1 - index)),
        None if rest.is_empty() => None,
        None => Some((negative, mantissa, 0)),
    }
}

/// What a float keeps in any case: so many digits, if the first of them stands in such a place.
trait Kept {
    const DIGITS: usize;
    const PLACES: RangeInclusive<i64>;
}

impl Kept for f64 {
    const DIGITS: usize = f64::DIGITS as usize;
    const PLACES: RangeInclusive<i64> = -300..=300;
}

impl Kept for f32 {
    const DIGITS: usize = f32::DIGITS as usize;
    const PLACES: RangeInclusive<i64> = -35..=35;
}

/// Parses any number with the standard library, and checks it against its shortest decimal.
fn exact<F: FromStr + LowerExp + zmij::Float + Copy + Into<f64> + Kept>(
    text: &[u8],
) -> Result<F, RejectCode> {
    let ascii = std::str::from_utf8(text).map_err(|_| RejectCode::NotANumber)?;
    let parsed: Result<F, F::Err> = ascii.parse();
    if let Ok(value) = parsed
        && value.into().is_finite()
        && is_shown_as(value, text)
    {
        return Ok(value);
    }
    let number = decimal(text)?;
    let value = parsed.map_err(|_| RejectCode::NotANumber)?;
    if value.into().is_infinite() {
        return Err(RejectCode::OutOfRange);
    }
    if number.has_at_most(F::DIGITS, F::PLACES) || is_its_shortest(value, &number)? {
        return Ok(value);
    }
    Err(RejectCode::LosesPrecision)
}

#[cold]
fn is_its_shortest<F: LowerExp>(value: F, number: &Decimal<'_>) -> Result<bool, RejectCode> {
    let mut shortest = ShortestDecimal::default();
    write!(shortest, "{value:e}").map_err(|_| RejectCode::LosesPrecision)?;
    Ok(decimal(shortest.bytes())?.compare(number).is_eq())
}

/// Holds the shortest decimal of a double, such as -2.2250738585072014e-308.
#[derive(Default)]
struct ShortestDecimal {
    buffer: [u8; 32],
    length: usize,
}

impl ShortestDecimal {
    fn bytes(&self) -> &[u8] {
        &self.buffer[..self.length]
    }
}

impl Write for ShortestDecimal {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.length + text.len();
        let free = self.buffer.get_mut(self.length..end).ok_or(fmt::Error)?;
        free.copy_from_slice(text.as_bytes());
        self.length = end;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_survives_the_round_trip() {
        for text in [
            "0",
            "0.0",
            "2.83",
            "45.61",
            "-1.5",
            "+3",
            "5.",
            ".5",
            "007.50",
            "0.1",
            "1e5",
            "1E-7",
            "123456789012345",
            "0.30000000000000004",
            "9007199254740992",
            "1.7976931348623157e308",
            "2.2250738585072014e-308",
            "5e-324",
            "0e999999",
            "100000000000000000000",
            "40.71280000000001",
            "0.000000000000000001",
            "0.0000000000000000000000000000001",
        ] {
            let expected: f64 = text.parse().unwrap();
            assert_eq!(
                float64(text.as_bytes()).map(f64::to_bits),
                Ok(expected.to_bits()),
                "{text}"
            );
        }
        assert!(float64(b"-0").unwrap().is_sign_negative());
        assert!(float64(b"-0.0").unwrap().is_sign_negative());
        assert!(float64(b"-0e5").unwrap().is_sign_negative());
    }

    #[test]
    fn refuses_what_would_be_changed() {
        for text in [
            "9007199254740993",
            "0.300000000000000041",
            "1e-400",
            "3e-324",
            "0.1000000000000000055511151231257827",
            "123456789.123456789123",
        ] {
            assert_eq!(
                float64(text.as_bytes()),
                Err(RejectCode::LosesPrecision),
                "{text}"
            );
        }
        for text in ["1e400", "-1e400", "1.8e308", "1e99999999999999999999"] {
            assert_eq!(
                float64(text.as_bytes()),
                Err(RejectCode::OutOfRange),
                "{text}"
            );
        }
        assert_eq!(
            float64("9".repeat(400).as_bytes()),
            Err(RejectCode::OutOfRange)
        );
    }

    #[test]
    fn refuses_what_is_no_number() {
        for text in [
            "",
            "+",
            "-",
            ".",
            "-.",
            "1_000",
            "1e",
            "NaN",
            "inf",
            "Infinity",
            "0x1p3",
            "１.5",
            "1.2.3",
            " 1.5",
            "1.5 ",
            "1,5",
            "12345678901234567890x",
        ] {
            assert_eq!(
                float64(text.as_bytes()),
                Err(RejectCode::NotANumber),
                "{text:?}"
            );
            assert_eq!(
                float32(text.as_bytes()),
                Err(RejectCode::NotANumber),
                "{text:?}"
            );
        }
    }

    #[test]
    fn knows_the_limits_of_32_bits() {
        for text in [
            "2.83",
            "0.1",
            "123456",
            "16777216",
            "0.000001",
            "3.4028235e38",
            "-0.5",
            "0.00000000001",
            "1e-45",
        ] {
            let expected: f32 = text.parse().unwrap();
            assert_eq!(
                float32(text.as_bytes()).map(f32::to_bits),
                Ok(expected.to_bits()),
                "{text}"
            );
        }
        assert!(float32(b"-0").unwrap().is_sign_negative());
        for text in ["16777217", "0.123456789", "1e-60"] {
            assert_eq!(
                float32(text.as_bytes()),
                Err(RejectCode::LosesPrecision),
                "{text}"
            );
        }
        assert_eq!(float32(b"1e39"), Err(RejectCode::OutOfRange));
    }

    /// Whether a text is kept, by the definition alone. Two decimals may be equally short and near.
    fn is_kept(text: &str) -> bool {
        let value: f64 = text.parse().unwrap();
        let (rust, mut other) = (format!("{value:e}"), zmij::Buffer::new());
        let is_equal = |shortest: &str| {
            let [shortest, number] = [shortest, text].map(|one| decimal(one.as_bytes()).unwrap());
            shortest.compare(&number).is_eq()
        };
        value.is_finite() && (is_equal(&rust) || other.format_finite(value) == text)
    }

    #[test]
    fn a_number_is_kept_if_its_shortest_decimal_is_equal() {
        let mut state = 0x9E37_79B9_7F4A_7C15_u64;
        let mut kept = 0;
        for _ in 0..100_000 {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            let digits = format!("{}", state % 10_u64.pow(1 + (state >> 50) as u32 % 19));
            let point = (state >> 40) as usize % (digits.len() + 1);
            let (whole, fraction) = digits.split_at(point);
            let exponent = (state >> 20) % 330;
            let value = f64::from_bits(state);
            for text in [
                format!("{whole}.{fraction}"),
                format!("{whole}.{fraction}000e{exponent}"),
                format!("-{digits}E-{exponent}"),
                format!("{}", value.abs().min(1e30)),
                format!("{value:e}").replace("NaN", "0").replace("inf", "0"),
            ] {
                let found = float64(text.as_bytes());
                assert_eq!(found.is_ok(), is_kept(&text), "{text}");
                if let Ok(found) = found {
                    let expected: f64 = text.parse().unwrap();
                    assert_eq!(found.to_bits(), expected.to_bits(), "{text}");
                    kept += 1;
                }
            }
        }
        assert!(kept > 100_000, "{kept}");
    }

    /// The fast path gives what the standard library gives, digit count by digit count.
    #[test]
    fn the_fast_path_rounds_as_the_parser_does() {
        let mut state = 0x9E37_79B9_7F4A_7C15_u64;
        for _ in 0..200_000 {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            let digits = format!("{}", state % 10_u64.pow(1 + (state >> 50) as u32 % 15));
            let point = (state >> 40) as usize % (digits.len() + 1);
            let text = format!("{}.{}", &digits[..point], &digits[point..]);
            let expected: f64 = text.parse().unwrap();
            assert_eq!(
                float64(text.as_bytes()).map(f64::to_bits),
                Ok(expected.to_bits()),
                "{text}"
            );
            if digits.len() <= 6 {
                let expected: f32 = text.parse().unwrap();
                assert_eq!(
                    float32(text.as_bytes()).map(f32::to_bits),
                    Ok(expected.to_bits())
                );
            }
        }
    }
}
