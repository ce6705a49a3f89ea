//! Many short numbers at once: what all of them have in common, and what is the most of any.
//!
//! Each is a word of eight bytes, or two of them, whose last bytes are the text. Nothing here depends on the data but
//! the values: the compiler makes it instructions that take several words at a time.

use super::long_numbers::fastest_long;
use super::number_words::{Found, MINUS, ShortNumbers, all_if, first_of, no_digit, value};
use super::short_number::ZEROS;

/// The most numbers of one call.
pub const MOST: usize = 64;

/// Numbers are taken in groups of so many: a processor takes some or all of them at once.
const LANES: usize = 8;

/// Texts of at most eight bytes each, or of at most sixteen.
pub struct ShortTexts {
    /// What stands before the words, of texts of more than eight bytes.
    heads: [u64; MOST],
    words: [u64; MOST],
    lengths: [u64; MOST],
    count: usize,
}

impl ShortTexts {
    #[inline]
    pub fn new() -> ShortTexts {
        ShortTexts {
            heads: [0; MOST],
            words: [0; MOST],
            lengths: [0; MOST],
            count: 0,
        }
    }

    /// Forgets all of them.
    #[inline]
    pub fn clear(&mut self) {
        self.count = 0;
    }

    /// Adds the text of `length` bytes, at most eight, at the end of a word.
    #[inline(always)]
    pub fn push(&mut self, word: u64, length: usize) {
        let at = self.count & (MOST - 1);
        self.words[at] = word;
        self.lengths[at] = length as u64;
        self.count += 1;
    }

    /// Adds a text of at most sixteen bytes in this way.
    #[inline(always)]
    pub fn push_long(&mut self, words: u128, length: usize) {
        self.heads[self.count & (MOST - 1)] = words as u64;
        self.push((words >> 64) as u64, length);
    }

    /// The number of texts in whole groups. Those at the end are empty, whatever their words are.
    #[inline]
    fn rounded_up(&mut self) -> usize {
        let count = self.count.next_multiple_of(LANES).min(MOST);
        self.lengths[self.count.min(count)..count].fill(0);
        count
    }

    /// What all of them are, which were added by `push_long`. None if one is no such number, or has
    /// more than 15 digits.
    #[inline]
    pub fn long_numbers(&mut self, point: u8) -> Option<ShortNumbers> {
        let count = self.rounded_up();
        let [heads, words, lengths] =
            [&self.heads, &self.words, &self.lengths].map(|all| &all[..count]);
        let found = fastest_long(heads, words, lengths, point);
        found.numbers(1)
    }

    /// What all of them are, with `point` as the decimal mark. None if one is no such number.
    #[inline]
    pub fn numbers(&mut self, point: u8) -> Option<ShortNumbers> {
        let count = self.rounded_up();
        fastest(&self.words[..count], &self.lengths[..count], point).numbers(8)
    }
}

/// Calls the implementation that suits this processor.
#[inline]
fn fastest(words: &[u64], lengths: &[u64], point: u8) -> Found {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx512vl") && is_x86_feature_detected!("avx512dq") {
        // SAFETY: the features were detected.
        return unsafe { find_avx512(words, lengths, point) };
    }
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") {
        // SAFETY: AVX2 was detected.
        return unsafe { find_avx2(words, lengths, point) };
    }
    find(words, lengths, point)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512vl,avx512dq")]
fn find_avx512(words: &[u64], lengths: &[u64], point: u8) -> Found {
    find(words, lengths, point)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn find_avx2(words: &[u64], lengths: &[u64], point: u8) -> Found {
    find(words, lengths, point)
}

#[inline(always)]
fn find(words: &[u64], lengths: &[u64], point: u8) -> Found {
    let mut found = Found::NOTHING;
    let mark = u64::from(point ^ b'0');
    for (word, length) in words.iter().zip(lengths) {
        add(&mut found, *word, *length, mark);
    }
    found
}

/// Adds one text. `mark` is the point without the bits of a zero, as all bytes are seen here.
#[inline(always)]
fn add(found: &mut Found, word: u64, length: u64, mark: u64) {
    // In two halves, because no shift may be by all 64 bits.
    let half = 32 - 4 * length;
    let text = (word ^ ZEROS) >> half >> half;
    let negative = all_if(text & 0xFF == MINUS && length != 0);
    let unsigned = text >> (negative & 8);
    let count = length.wrapping_add(negative);
    let half = 32 - 4 * count;
    let digits = unsigned << half << half;
    let written = (u64::MAX >> half) >> half;

    let point = first_of(digits, mark);
    let has_point = all_if(point != 0);
    // The bytes of the point and of what stands before it.
    let upto = (point << 1).wrapping_add(has_point);
    let after = !upto & has_point;
    let digits = (digits & !upto) | ((digits & (upto >> 8)) << 8);
    let before = ((upto >> 8) >> half >> half) & has_point | (written & !has_point);

    let second = (unsigned >> 8) & 0xFF;
    let padded = all_if(unsigned & 0xFF == 0 && count > 1 && second != mark);
    let ends_in_point = has_point & all_if(after == 0);
    let negative_zero = negative & all_if(digits == 0);
    found.wrong |= no_digit(digits) | padded | ends_in_point | negative_zero;

    let value = (value(digits) ^ negative).wrapping_sub(negative) as i64;
    let whole = has_point == 0 && length != 0;
    found.min = found.min.min(if whole { value } else { i64::MAX });
    found.max = found.max.max(if whole { value } else { i64::MIN });
    found.integer |= before;
    found.fraction |= after;
    found.point |= point;
}

#[cfg(test)]
mod tests {
    use super::super::long_numbers::find_long;
    use super::*;
    use crate::values::plain_number;

    fn texts(texts: &[&str]) -> ShortTexts {
        let mut short = ShortTexts::new();
        for text in texts {
            let data = format!("-0.,-0.,{text}");
            let word = u64::from_le_bytes(*data.as_bytes().last_chunk().unwrap());
            short.push(word, text.len());
        }
        short
    }

    fn long_texts(texts: &[&str]) -> ShortTexts {
        let mut long = ShortTexts::new();
        for text in texts {
            let data = format!("-0.,9-0.7,-0.,-0.,{text}");
            let words = u128::from_le_bytes(*data.as_bytes().last_chunk().unwrap());
            long.push_long(words, text.len());
        }
        long
    }

    fn check(text: &str) {
        let expected = expected(text);
        for find in [fastest_long, find_long] {
            let long = long_texts(&[text]);
            let found = find(&long.heads[..8], &long.words[..8], &long.lengths[..8], b'.');
            assert_eq!(found.numbers(1), expected, "{text:?}");
        }
        let comma = text.replace('.', ",");
        if !text.contains(',') {
            assert_eq!(
                long_texts(&[&comma]).long_numbers(b','),
                expected,
                "{comma:?}"
            );
        }
        if text.len() <= 8 {
            check_short(text, expected);
        }
    }

    fn expected(text: &str) -> Option<ShortNumbers> {
        let data = format!("0000000000000000{text},");
        let single = plain_number(data.as_bytes(), 16, data.len() - 1, b'.');
        single.map(|number| {
            let value = number.mantissa as i64 * if number.negative { -1 } else { 1 };
            let whole = !number.has_point && !text.is_empty();
            ShortNumbers {
                min: if whole { value } else { i64::MAX },
                max: if whole { value } else { i64::MIN },
                integer_digits: number.integer_digits,
                fraction_digits: number.fraction_digits,
                has_point: number.has_point,
            }
        })
    }

    fn check_short(text: &str, expected: Option<ShortNumbers>) {
        for find in [fastest, find] {
            let short = texts(&[text]);
            let found = find(&short.words[..8], &short.lengths[..8], b'.');
            assert_eq!(found.wrong == 0, expected.is_some(), "{text:?}");
        }
        assert_eq!(texts(&[text]).numbers(b'.'), expected, "{text:?}");
        let comma = text.replace('.', ",");
        if !text.contains(',') {
            assert_eq!(texts(&[&comma]).numbers(b','), expected, "{comma:?}");
        }
    }

    #[test]
    fn each_text_is_what_it_is_alone() {
        const ALPHABET: &[u8] = b"0179.-+e,/:";
        let mut all = vec![String::new()];
        let mut last = 0;
        // Miri is slow.
        for _ in 0..if cfg!(miri) { 1 } else { 4 } {
            let end = all.len();
            for at in last..end {
                for &byte in ALPHABET {
                    all.push(format!("{}{}", all[at], char::from(byte)));
                }
            }
            last = end;
        }
        for text in &all {
            check(text);
            check(&format!("{text}1000"));
            check(&format!("1000{text}"));
            check(&format!("-0{text}.9"));
            check(&format!("12345{text}67"));
            check(&format!("-10{text}2345.6789"));
            check(&format!("1234.5678{text}"));
        }
    }

    #[test]
    fn every_byte_counts_at_every_place() {
        for good in [
            "12345678",
            "-1234.67",
            ".0000001",
            "1",
            "123456789",
            "-12345678",
            "1234567.8",
            "-1.23456789",
            "-123456789012345",
            "1234567890123.45",
            "0.12345678901234",
            "1234567890123456",
        ] {
            for place in 0..good.len() {
                for byte in (0..=127_u8).step_by(if cfg!(miri) { 23 } else { 1 }) {
                    let mut text = good.as_bytes().to_vec();
                    text[place] = byte;
                    check(std::str::from_utf8(&text).unwrap());
                }
            }
        }
    }

    #[test]
    fn the_most_of_any_is_found() {
        let all = ["", "12", "-7", "0.125", "1234.5", "", "3", "0", "99"];
        let found = texts(&all).numbers(b'.').unwrap();
        assert_eq!((found.min, found.max, found.has_point), (-7, 99, true));
        assert_eq!((found.integer_digits, found.fraction_digits), (4, 3));
        let all = [
            "",
            "12",
            "-1234567890",
            "0.0000000125",
            "12345678.5",
            "1234567890123",
        ];
        let found = long_texts(&all).long_numbers(b'.').unwrap();
        assert_eq!((found.min, found.max), (-1_234_567_890, 1_234_567_890_123));
        assert_eq!((found.integer_digits, found.fraction_digits), (13, 10));
        for wrong in 0..MOST {
            let mut all = ["5"; MOST];
            assert_eq!(texts(&all).numbers(b'.').unwrap().max, 5);
            all[wrong] = "05";
            assert_eq!(texts(&all).numbers(b'.'), None);
            assert_eq!(long_texts(&all).long_numbers(b'.'), None);
        }
    }
}
