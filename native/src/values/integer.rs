//! Integers: `[+-]?digits`.

use crate::reject_code::RejectCode;

/// The number of digits that always fit an i64.
const SHORT: usize = 18;

/// Splits off an optional sign: gives (whether it is negative, the rest).
#[inline]
pub(super) fn split_sign(text: &[u8]) -> (bool, &[u8]) {
    match text.first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    }
}

/// Parses an integer. A value that no i128 holds is `OutOfRange`, as it is for every type.
#[inline]
pub fn integer(text: &[u8]) -> Result<i128, RejectCode> {
    let (negative, digits) = split_sign(text);
    if digits.is_empty() {
        return Err(RejectCode::NotAnInteger);
    }
    if digits.len() > SHORT {
        return long(negative, digits);
    }
    let mut value = 0_i64;
    for byte in digits {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return Err(RejectCode::NotAnInteger);
        }
        value = value * 10 + i64::from(digit);
    }
    Ok(i128::from(if negative { -value } else { value }))
}

#[cold]
fn long(negative: bool, digits: &[u8]) -> Result<i128, RejectCode> {
    if !digits.iter().all(u8::is_ascii_digit) {
        return Err(RejectCode::NotAnInteger);
    }
    let value = digits.iter().try_fold(0_i128, |value, byte| {
        value.checked_mul(10)?.checked_add(i128::from(byte - b'0'))
    });
    let value = value.ok_or(RejectCode::OutOfRange)?;
    Ok(if negative { -value } else { value })
}

/// The least and the greatest integer of so many bits. The error is a sentence.
pub fn integer_range(bits: u32, unsigned: bool) -> Result<(i128, i128), String> {
    match (bits, unsigned) {
        (8 | 16 | 24 | 32 | 64, true) => Ok((0, (1 << bits) - 1)),
        (8 | 16 | 24 | 32 | 64, false) => Ok((-(1 << (bits - 1)), (1 << (bits - 1)) - 1)),
        _ => Err(format!("there is no integer of {bits} bits")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_plain_integers() {
        for (text, value) in [
            ("0", 0),
            ("-0", 0),
            ("+7", 7),
            ("007", 7),
            ("-12", -12),
            ("999999999999999999", 999_999_999_999_999_999),
            ("9223372036854775807", i128::from(i64::MAX)),
            ("-9223372036854775808", i128::from(i64::MIN)),
            ("18446744073709551615", i128::from(u64::MAX)),
            ("0000000000000000000000000000000000000000000000001", 1),
        ] {
            assert_eq!(integer(text.as_bytes()), Ok(value), "{text}");
        }
    }

    #[test]
    fn refuses_what_is_no_integer() {
        for text in [
            "",
            "+",
            "-",
            "--1",
            "+-1",
            "1_000",
            "1,000",
            " 1",
            "1 ",
            "1.0",
            "1.",
            "1e3",
            "0x1f",
            "１２",
            "12x",
            "1-",
            "99999999999999999999x",
        ] {
            assert_eq!(
                integer(text.as_bytes()),
                Err(RejectCode::NotAnInteger),
                "{text:?}"
            );
        }
    }

    #[test]
    fn refuses_what_nothing_holds() {
        let huge = "9".repeat(60);
        assert_eq!(integer(huge.as_bytes()), Err(RejectCode::OutOfRange));
        assert_eq!(
            integer(format!("-{huge}").as_bytes()),
            Err(RejectCode::OutOfRange)
        );
    }
}
