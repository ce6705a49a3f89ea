//! UUIDs in the form `8-4-4-4-12`.

use crate::reject_code::RejectCode;

/// The offsets of the sixteen pairs of digits in `8-4-4-4-12`.
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

/// Parses a UUID, with digits in either case, to its sixteen bytes.
#[inline]
pub fn uuid(text: &[u8]) -> Result<[u8; 16], RejectCode> {
    let text: &[u8; 36] = text.try_into().map_err(|_| RejectCode::NotAUuid)?;
    if HYPHENS.iter().any(|at| text[*at] != b'-') {
        return Err(RejectCode::NotAUuid);
    }
    let mut value = [0; 16];
    let mut seen = 0;
    for (byte, at) in value.iter_mut().zip(PAIRS) {
        let (high, low) = (HEX[text[at] as usize], HEX[text[at + 1] as usize]);
        seen |= high | low;
        *byte = high << 4 | (low & 0x0F);
    }
    if seen > 0x0F {
        Err(RejectCode::NotAUuid)
    } else {
        Ok(value)
    }
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
            assert_eq!(uuid(text.as_bytes()), Err(RejectCode::NotAUuid), "{text}");
        }
    }
}
