//! UUIDs and JSON.

use serde::de::IgnoredAny;

use crate::codes::Code;

/// Digits of a UUID as they stand in `8-4-4-4-12`: offsets of the sixteen pairs.
const PAIRS: [usize; 16] = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34];
const HYPHENS: [usize; 4] = [8, 13, 18, 23];

const NO_DIGIT: u8 = 0xFF;
const HEX: [u8; 256] = {
    let mut table = [NO_DIGIT; 256];
    let mut digit = 0;
    while digit < 16 {
        table[b"0123456789abcdef"[digit] as usize] = digit as u8;
        table[b"0123456789ABCDEF"[digit] as usize] = digit as u8;
        digit += 1;
    }
    table
};

/// The sixteen bytes of a UUID, its digits in either case.
#[inline]
pub fn uuid(text: &[u8]) -> Result<[u8; 16], Code> {
    let text: &[u8; 36] = text.try_into().map_err(|_| Code::NotAUuid)?;
    if HYPHENS.iter().any(|at| text[*at] != b'-') {
        return Err(Code::NotAUuid);
    }
    let mut value = [0; 16];
    let mut seen = 0;
    for (byte, at) in value.iter_mut().zip(PAIRS) {
        let (high, low) = (HEX[text[at] as usize], HEX[text[at + 1] as usize]);
        seen |= high | low;
        *byte = high << 4 | (low & 0x0F);
    }
    if seen > 0x0F {
        Err(Code::NotAUuid)
    } else {
        Ok(value)
    }
}

/// Is the text one JSON value (RFC 8259)?
#[inline]
pub fn json(text: &[u8]) -> Result<(), Code> {
    serde_json::from_slice::<IgnoredAny>(text)
        .map(drop)
        .map_err(|_| Code::NotJson)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_uuids() {
        let value = uuid(b"00112233-4455-6677-8899-aAbBcCdDeEfF").unwrap();
        let expected: Vec<u8> = (0..16).map(|n| n << 4 | n).collect();
        assert_eq!(value.as_slice(), expected);
        for text in [
            "",
            "00112233445566778899aabbccddeeff",
            "00112233-4455-6677-8899-aabbccddeef",
            "{0112233-4455-6677-8899-aabbccddeef}",
            "00112233-4455-6677-8899-aabbccddeegf",
            "00112233-4455-6677-8899_aabbccddeeff",
            "0011223--4455-6677-8899-aabbccddeeff",
        ] {
            assert_eq!(uuid(text.as_bytes()), Err(Code::NotAUuid), "{text}");
        }
    }

    #[test]
    fn reads_json() {
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        for text in [
            "{}",
            "[]",
            "1",
            "\"a\"",
            "null",
            " {\"a\": [1, 2.5e400, true]} ",
            "\"\\ud83d\\ude00\"",
            &deep,
        ] {
            assert_eq!(
                json(text.as_bytes()),
                Ok(()),
                "{}",
                &text[..text.len().min(40)]
            );
        }
        for text in [
            "", "{", "{a: 1}", "[1,]", "01", "1 2", "NaN", "'a'", "\"\t\"", "nul", "+1",
        ] {
            assert_eq!(json(text.as_bytes()), Err(Code::NotJson), "{text:?}");
        }
    }
}
