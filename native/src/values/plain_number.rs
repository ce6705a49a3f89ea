//! Numbers `-?digits[.digits]` of at most sixteen bytes after the sign, read with no branch that
//! depends on the digits, or on whether and where there is a point.

use super::short_number::{ZEROS, each, value};

/// A number that is written as a person would: without zeros before it, without a point at the end,
/// and with at most 15 digits. Zero has no minus. An empty text counts as 0 digits with the value 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlainNumber {
    pub negative: bool,
    /// All of its digits, without the point.
    pub mantissa: u64,
    pub has_point: bool,
    pub integer_digits: usize,
    pub fraction_digits: usize,
}

/// The most bytes after the sign.
const MOST: usize = 16;

/// The bytes of a word that a text of so many bytes takes at its end.
const LAST: [u64; 9] = {
    let mut masks = [0; 9];
    let mut length = 1;
    while length < 9 {
        masks[length] = u64::MAX << (64 - 8 * length);
        length += 1;
    }
    masks
};

/// Reads the text at `start..end` of `data`, with `point` as its decimal mark. None if it is no such
/// number, or if too little stands before it in the data.
#[inline(always)]
pub fn plain_number(data: &[u8], start: usize, end: usize, point: u8) -> Option<PlainNumber> {
    let until = data.get(..end)?;
    let first = *data.get(start)?;
    let filled = end != start;
    let negative = filled & (first == b'-');
    let length = (end - start) - usize::from(negative);
    let number = if length <= 8 {
        let tail = u64::from_le_bytes(*until.last_chunk()?);
        let digits = (tail ^ ZEROS) & LAST[length];
        let points = first_of(digits, point ^ b'0');
        let (digits, decimals) = without(digits, points);
        Read {
            mantissa: u64::from(value(digits)?),
            has_point: points != 0,
            fraction_digits: decimals as usize,
        }
    } else if length <= MOST {
        long(until, length, point)?
    } else {
        return None;
    };
    let Read {
        mantissa,
        has_point,
        fraction_digits,
    } = number;
    let unsigned = until.get(start + usize::from(negative)..)?;
    let padded = matches!(unsigned, [b'0', second, ..] if *second != point);
    let ends_in_point = has_point & (fraction_digits == 0);
    let negative_zero = negative & (mantissa == 0);
    if padded | ends_in_point | negative_zero {
        return None;
    }
    Some(PlainNumber {
        negative,
        mantissa,
        has_point,
        integer_digits: length - fraction_digits - usize::from(has_point),
        fraction_digits,
    })
}

struct Read {
    mantissa: u64,
    has_point: bool,
    fraction_digits: usize,
}

/// The highest bit of the first byte that equals `byte`, or 0.
#[inline(always)]
fn first_of(word: u64, byte: u8) -> u64 {
    let differs = word ^ each(byte);
    // Only the lowest bit is sure to be right.
    let zeros = differs.wrapping_sub(each(1)) & !differs & each(0x80);
    zeros & zeros.wrapping_neg()
}

/// Removes the byte whose highest bit is given. What stood before it moves up by one byte, and a zero
/// in from below. Gives the number of bytes after it, too.
#[inline(always)]
fn without(digits: u64, point: u64) -> (u64, u32) {
    let upto = (point << 1).wrapping_sub(u64::from(point != 0));
    let moved = (digits & (upto >> 8)) << 8;
    let after = 8 - ((point.trailing_zeros() + 1) >> 3);
    ((digits & !upto) | moved, after)
}

/// Reads a number of nine to sixteen bytes.
#[inline(always)]
fn long(until: &[u8], length: usize, point: u8) -> Option<Read> {
    let tail = u128::from_le_bytes(*until.last_chunk()?);
    let [mut head, mut last] = [tail as u64, (tail >> 64) as u64].map(|word| word ^ ZEROS);
    head &= LAST[length - 8];
    let (in_head, in_last) = (first_of(head, point ^ b'0'), first_of(last, point ^ b'0'));
    let (moved_head, head_decimals) = without(head, in_head);
    let (moved_last, last_decimals) = without(last, in_last);
    let has_point = (in_head | in_last) != 0;
    let mut fraction_digits = last_decimals as usize;
    if in_head != 0 {
        // A second point, in the last bytes, is no digit.
        (head, fraction_digits) = (moved_head, head_decimals as usize + 8);
    } else if in_last != 0 {
        // The last byte of the head moves into the place that got free.
        last = moved_last | (head >> 56);
        head <<= 8;
    }
    let mantissa = u64::from(value(head)?) * 100_000_000 + u64::from(value(last)?);
    let digits = length - usize::from(has_point);
    (digits < MOST).then_some(Read {
        mantissa,
        has_point,
        fraction_digits,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::values::plain;

    fn read(text: &str, point: u8) -> Option<PlainNumber> {
        let data = format!("00000000-0.,{text},999");
        plain_number(data.as_bytes(), 12, 12 + text.len(), point)
    }

    /// All that a text could be, by the plain reading.
    fn expected(text: &str) -> Option<PlainNumber> {
        let digits = text.strip_prefix('-').unwrap_or(text);
        let padded = digits.len() > 1 && digits.starts_with('0') && !digits.starts_with("0.");
        if padded || digits.ends_with('.') || text.starts_with('+') {
            return None;
        }
        let (negative, mantissa, fraction_digits) = plain(text.as_bytes())?;
        let has_point = digits.contains('.');
        let count = digits.len() - usize::from(has_point);
        if (negative && mantissa == 0) || count > 15 {
            return None;
        }
        Some(PlainNumber {
            negative,
            mantissa,
            has_point,
            integer_digits: count - fraction_digits,
            fraction_digits,
        })
    }

    #[test]
    fn numbers_are_read_wherever_the_point_stands() {
        for length in 1..=18 {
            let digits = &"1203456789012345678"[..length];
            for text in [digits.to_owned(), format!("-{digits}")] {
                assert_eq!(read(&text, b'.'), expected(&text), "{text}");
                for place in 0..=text.len() {
                    for wrong in [".", ",", "-", "+", "e", " ", "0", "\0", "é", "..", "00."] {
                        let text = format!("{}{wrong}{}", &text[..place], &text[place..]);
                        assert_eq!(read(&text, b'.'), expected(&text), "{text}");
                        let comma = text.replace(',', "x").replace('.', ",");
                        assert_eq!(read(&comma, b','), expected(&text.replace(',', "x")));
                    }
                }
            }
        }
    }

    #[test]
    fn every_short_text_is_read_right() {
        const ALPHABET: &[u8] = b"0179.-+eE ";
        let mut texts = vec![String::new()];
        let mut last = 0;
        for _ in 0..4 {
            let end = texts.len();
            for at in last..end {
                for &byte in ALPHABET {
                    texts.push(format!("{}{}", texts[at], char::from(byte)));
                }
            }
            last = end;
        }
        for text in &texts[1..] {
            assert_eq!(read(text, b'.'), expected(text), "{text:?}");
            let zeros = format!("{text}000000");
            assert_eq!(read(&zeros, b'.'), expected(&zeros), "{zeros:?}");
        }
    }

    #[test]
    fn an_empty_text_is_nothing_at_all() {
        let found = read("", b'.').unwrap();
        assert_eq!(
            (found.mantissa, found.integer_digits, found.has_point),
            (0, 0, false)
        );
    }
}
