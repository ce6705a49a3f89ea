//! The letters and numbers that stand for a byte behind an escape.

use crate::dialect::Escapes;

/// The byte that is meant behind an escape, and how many bytes say so. Any other byte means itself.
pub fn letter(escapes: Escapes, rest: &[u8]) -> (u8, usize) {
    let [first, others @ ..] = rest else {
        return (0, 0);
    };
    let byte = match (escapes, *first) {
        (_, b'b') => 0x08,
        (_, b'n') => b'\n',
        (_, b'r') => b'\r',
        (_, b't') => b'\t',
        (Escapes::Postgres, b'f') => 0x0C,
        (Escapes::Postgres, b'v') => 0x0B,
        (Escapes::Postgres, b'0'..=b'7') => return number(8, 3, rest),
        (Escapes::Postgres, b'x') if others.first().is_some_and(u8::is_ascii_hexdigit) => {
            let (byte, taken) = number(16, 2, others);
            return (byte, taken + 1);
        }
        (Escapes::Mysql, b'0') => 0,
        (Escapes::Mysql, b'Z') => 0x1A,
        (_, byte) => byte,
    };
    (byte, 1)
}

/// Whether an escape may stand for any byte, even one that no text holds.
pub fn has_number(escapes: Escapes, escape: u8, raw: &[u8]) -> bool {
    let follows = |at: usize| match raw.get(at + 1) {
        Some(b'0'..=b'7' | b'x') => escapes == Escapes::Postgres,
        Some(_) | None => false,
    };
    match escapes {
        Escapes::Signs => false,
        Escapes::Mysql => memchr::memmem::find(raw, &[escape, b'0']).is_some(),
        Escapes::Postgres => memchr::memchr_iter(escape, raw).any(follows),
    }
}

/// The last eight bits of a number of at most so many digits, and how many there are.
fn number(base: u32, most: usize, digits: &[u8]) -> (u8, usize) {
    let (mut value, mut taken) = (0, 0);
    for &byte in digits.iter().take(most) {
        let Some(digit) = char::from(byte).to_digit(base) else {
            break;
        };
        value = value * base + digit;
        taken += 1;
    }
    (value as u8, taken)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_those_of_the_server() {
        for (escapes, text, found) in [
            (Escapes::Postgres, "n", (b'\n', 1)),
            (Escapes::Postgres, "v", (0x0B, 1)),
            (Escapes::Postgres, "101z", (b'A', 3)),
            (Escapes::Postgres, "1019", (b'A', 3)),
            (Escapes::Postgres, "7", (7, 1)),
            (Escapes::Postgres, "777", (0xFF, 3)),
            (Escapes::Postgres, "x41f", (b'A', 3)),
            (Escapes::Postgres, "xg", (b'x', 1)),
            (Escapes::Postgres, "x", (b'x', 1)),
            (Escapes::Postgres, "8", (b'8', 1)),
            (Escapes::Postgres, "Z", (b'Z', 1)),
            (Escapes::Mysql, "0", (0, 1)),
            (Escapes::Mysql, "Z", (0x1A, 1)),
            (Escapes::Mysql, "v", (b'v', 1)),
            (Escapes::Mysql, "x41", (b'x', 1)),
            (Escapes::Mysql, "\"", (b'"', 1)),
        ] {
            assert_eq!(letter(escapes, text.as_bytes()), found, "{text}");
        }
    }
}
