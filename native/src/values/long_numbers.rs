//! Numbers of at most sixteen bytes, many at once: what `short_numbers` does with one word each, with
//! two.

use super::number_words::{Found, MINUS, all_if, first_of, no_digit, value};
use super::short_number::{ZEROS, each};

/// Calls the implementation that suits this processor.
#[inline]
pub(super) fn fastest_long(heads: &[u64], words: &[u64], lengths: &[u64], point: u8) -> Found {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx512vl") && is_x86_feature_detected!("avx512dq") {
        // SAFETY: the features were detected.
        return unsafe { find_long_avx512(heads, words, lengths, point) };
    }
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") {
        // SAFETY: AVX2 was detected.
        return unsafe { find_long_avx2(heads, words, lengths, point) };
    }
    find_long(heads, words, lengths, point)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512vl,avx512dq")]
fn find_long_avx512(heads: &[u64], words: &[u64], lengths: &[u64], point: u8) -> Found {
    find_long(heads, words, lengths, point)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn find_long_avx2(heads: &[u64], words: &[u64], lengths: &[u64], point: u8) -> Found {
    find_long(heads, words, lengths, point)
}

#[inline(always)]
pub(super) fn find_long(heads: &[u64], words: &[u64], lengths: &[u64], point: u8) -> Found {
    let mut found = Found::NOTHING;
    let mark = u64::from(point ^ b'0');
    for ((head, word), length) in heads.iter().zip(words).zip(lengths) {
        add_long(&mut found, [*head, *word], *length, mark);
    }
    found
}

/// Adds one text of at most sixteen bytes in the same way.
#[inline(always)]
fn add_long(found: &mut Found, words: [u64; 2], length: u64, mark: u64) {
    let [head, tail] = words.map(|word| word ^ ZEROS);
    // Half of the bits of each word that are not of the last `count` bytes.
    let halves = |count: u64| [64 - (4 * count).max(32), 32 - (4 * count).min(32)];
    let front = |count: u64, [in_head, in_tail]: [u64; 2]| {
        let long = all_if(count > 8);
        ((head >> in_head >> in_head) & long) | ((tail >> in_tail >> in_tail) & !long)
    };
    let first = front(length, halves(length)) & 0xFF;
    let negative = all_if(first == MINUS && length != 0);
    let count = length.wrapping_add(negative);
    let [in_head, in_tail] = halves(count);
    let unsigned = front(count, [in_head, in_tail]);
    let second = if count == 9 { tail } else { unsigned >> 8 } & 0xFF;
    let padded = all_if(unsigned & 0xFF == 0 && count > 1 && second != mark);
    let head = head >> in_head >> in_head << in_head << in_head;
    let tail = tail >> in_tail >> in_tail << in_tail << in_tail;

    // Only the first point counts: a second one is no digit.
    let (point_head, point_tail) = (first_of(head, mark), first_of(tail, mark));
    let in_head = all_if(point_head != 0);
    let in_tail = all_if(point_tail != 0) & !in_head;
    let upto_head = (point_head << 1).wrapping_add(in_head);
    let upto_tail = (point_tail << 1).wrapping_add(in_tail) & in_tail;
    let without = |digits: u64, upto: u64| (digits & !upto) | ((digits & (upto >> 8)) << 8);
    let (after_head, after_tail) = (!upto_head & in_head, !upto_tail & in_tail | in_head);
    // The last byte of the head moves into the place that got free in the tail.
    let tail = without(tail, upto_tail) | ((head >> 56) & in_tail);
    let head = without(head, upto_head) & !in_tail | (head << 8) & in_tail;

    let has_point = in_head | in_tail;
    let bytes = |mask: u64| (mask & each(1)).wrapping_mul(each(1)) >> 56;
    let fraction = bytes(after_head) + bytes(after_tail);
    let digits = count.wrapping_sub(has_point & 1);
    let too_many = all_if(digits > 15);
    let ends_in_point = has_point & all_if(after_tail == 0);
    let negative_zero = negative & all_if((head | tail) == 0);
    found.wrong |= no_digit(head) | no_digit(tail);
    found.wrong |= too_many | padded | ends_in_point | negative_zero;

    let value = value(head)
        .wrapping_mul(100_000_000)
        .wrapping_add(value(tail));
    let value = (value ^ negative).wrapping_sub(negative) as i64;
    let whole = has_point == 0 && length != 0;
    found.min = found.min.min(if whole { value } else { i64::MAX });
    found.max = found.max.max(if whole { value } else { i64::MIN });
    found.integer |= (1 << (digits.wrapping_sub(fraction) & 31)) - 1;
    found.fraction |= (1 << (fraction & 31)) - 1;
    found.point |= has_point;
}
