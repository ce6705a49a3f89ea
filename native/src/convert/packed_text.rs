//! Short texts as one 128-bit number, so that all bytes are examined at once.

use super::output::MAX_PREFIX;

/// A text of at most sixteen bytes, the first of them in the lowest byte; above it are zeros.
#[derive(Clone, Copy)]
pub struct PackedText {
    pub bytes: u128,
    pub length: usize,
}

impl PackedText {
    #[inline]
    pub fn of(text: &[u8; MAX_PREFIX]) -> PackedText {
        PackedText {
            bytes: u128::from_le_bytes(*text),
            length: MAX_PREFIX,
        }
    }

    #[inline]
    pub fn without_minus(self) -> PackedText {
        let minus = usize::from(self.bytes as u8 == b'-');
        PackedText {
            bytes: self.bytes >> (8 * minus),
            length: self.length - minus,
        }
    }

    #[inline]
    pub fn first_two(self) -> [u8; 2] {
        (self.bytes as u16).to_le_bytes()
    }

    /// Whether an ASCII text holds a letter, or one of ``@[\]^_`{|}~``.
    #[inline]
    pub fn has_letters(self) -> bool {
        self.bytes & wide(0x40) != 0
    }

    /// Whether there is a quote, a backslash or a control character.
    #[inline]
    pub fn needs_json_escape(self) -> bool {
        // A byte below the subtrahend borrows, and gets its highest bit; so may bytes above it.
        let below = |bytes: u128, limit: u8| bytes.wrapping_sub(wide(limit)) & !bytes;
        let equal = |byte: u8| below(self.bytes ^ wide(byte), 1);
        let found = below(self.bytes, 0x20) | equal(b'"') | equal(b'\\');
        // The zeros above the text are no control characters of it.
        let above = 8 * (MAX_PREFIX - self.length) as u32;
        (found & wide(0x80)).checked_shl(above).unwrap_or(0) != 0
    }
}

const fn wide(byte: u8) -> u128 {
    u128::from_le_bytes([byte; MAX_PREFIX])
}
