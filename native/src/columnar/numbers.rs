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
    fn writes_a_uuid() {
        let mut out = Vec::new();
        write_uuid(&mut out, &(0..16).collect::<Vec<u8>>());
        assert_eq!(out, b"00010203-0405-0607-0809-0a0b0c0d0e0f");
    }
}
