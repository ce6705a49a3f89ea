//! Numbers as text, with all of their digits and no more.

/// Writes an integer that counts units of ten to the power of `-scale`.
pub fn write_decimal(out: &mut Vec<u8>, digits: &str, scale: i8) {
    let (sign, digits) = match digits.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", digits),
    };
    out.extend_from_slice(sign.as_bytes());
    let Ok(scale) = usize::try_from(scale) else {
        out.extend_from_slice(digits.as_bytes());
        if digits != "0" {
            out.resize(out.len() + usize::from(scale.unsigned_abs()), b'0');
        }
        return;
    };
    let whole = digits.len().saturating_sub(scale);
    out.extend_from_slice(if whole == 0 {
        b"0"
    } else {
        &digits.as_bytes()[..whole]
    });
    if scale > 0 {
        out.push(b'.');
        out.resize(out.len() + scale.saturating_sub(digits.len()), b'0');
        out.extend_from_slice(&digits.as_bytes()[whole..]);
    }
}

/// Writes the shortest decimal that reads back as the double.
pub fn write_double(out: &mut Vec<u8>, value: f64) {
    const UNIT: f64 = 10_000.0;
    const MOST: f64 = 1e13;
    // Amounts and measures have few decimals. A decimal of at most 15 digits that reads back as the
    // double is the only such one, and therefore the shortest.
    let scaled = value.abs() * UNIT;
    if scaled < MOST {
        let units = (scaled + 0.5) as u64;
        if units as f64 / UNIT == value.abs() {
            return write_units(out, value.is_sign_negative(), units);
        }
    }
    out.extend_from_slice(zmij::Buffer::new().format(value).as_bytes());
}

/// Writes a number of ten thousandths, with one decimal at least.
fn write_units(out: &mut Vec<u8>, negative: bool, units: u64) {
    if negative {
        out.push(b'-');
    }
    out.extend_from_slice(itoa::Buffer::new().format(units / 10_000).as_bytes());
    let decimals = (units % 10_000) as u32;
    let digit = |unit| b'0' + (decimals / unit % 10) as u8;
    out.extend_from_slice(&[b'.', digit(1_000), digit(100), digit(10), digit(1)]);
    let zeros = match decimals {
        _ if decimals.is_multiple_of(1_000) => 3,
        _ if decimals.is_multiple_of(100) => 2,
        _ if decimals.is_multiple_of(10) => 1,
        _ => 0,
    };
    out.truncate(out.len() - zeros);
}

/// Writes bytes as `\x` and hexadecimal digits, as PostgreSQL does.
pub fn write_hex(out: &mut Vec<u8>, bytes: &[u8]) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    out.extend_from_slice(b"\\x");
    for byte in bytes {
        out.push(DIGITS[usize::from(byte >> 4)]);
        out.push(DIGITS[usize::from(byte & 15)]);
    }
}

/// Writes 16 bytes as a UUID.
pub fn write_uuid(out: &mut Vec<u8>, bytes: &[u8]) {
    let start = out.len();
    write_hex(out, bytes);
    out.drain(start..start + 2);
    for at in [8, 13, 18, 23] {
        out.insert((start + at).min(out.len()), b'-');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_decimals_of_any_scale() {
        for (digits, scale, text) in [
            ("0", 0, "0"),
            ("-5", 2, "-0.05"),
            ("12345", 2, "123.45"),
            ("12345", 5, "0.12345"),
            ("12", -3, "12000"),
            ("0", -3, "0"),
            ("0", 2, "0.00"),
        ] {
            let mut out = Vec::new();
            write_decimal(&mut out, digits, scale);
            assert_eq!(out, text.as_bytes(), "{digits} {scale}");
        }
    }

    #[test]
    fn doubles_of_few_decimals_are_written_like_all_others() {
        let mut state = 0x2545_F491_4F6C_DD1D_u64;
        for round in 0..200_000 {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            let units = (state >> (20 + round % 44)) as f64;
            let value = match round % 5 {
                0 => f64::from_bits(state),
                1 => -units / 10_000.0,
                2 => units / 100_000.0,
                _ => units / 10_f64.powi(round % 4),
            };
            let mut out = Vec::new();
            write_double(&mut out, value);
            let usual = zmij::Buffer::new().format(value).to_owned();
            assert_eq!(String::from_utf8(out).unwrap(), usual);
        }
        for value in [
            0.0,
            -0.0,
            1e-4,
            5e-5,
            1e9,
            999_999_999.999_9,
            1e15,
            f64::NAN,
        ] {
            let mut out = Vec::new();
            write_double(&mut out, value);
            assert_eq!(out, zmij::Buffer::new().format(value).as_bytes());
        }
    }

    #[test]
    fn writes_a_uuid() {
        let mut out = Vec::new();
        write_uuid(&mut out, &(0..16).collect::<Vec<u8>>());
        assert_eq!(out, b"00010203-0405-0607-0809-0a0b0c0d0e0f");
    }
}
