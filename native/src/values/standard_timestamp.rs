//! Timestamps of one fixed form, read eight bytes at a time.

use super::calendar::day_number;
use super::short_number::each;

/// Parses `YYYY-MM-DD HH:MM:SS`, or the same with a T, to microseconds since 1970-01-01 00:00. None
/// means that the caller must parse the text in full.
#[inline]
pub fn standard_timestamp(text: &[u8; 19]) -> Option<i64> {
    let [head @ .., _, _, _, _, _, _, _, _, _, _, _] = *text;
    let [_, _, _, _, _, _, _, _, d, e, gap, clock @ ..] = *text;
    let date = digits(head, *b"0000-00-")?;
    let clock = digits(clock, *b"00:00:00")?;
    let (tens, ones) = (d.wrapping_sub(b'0'), e.wrapping_sub(b'0'));
    if tens > 3 || ones > 9 || (gap != b' ' && gap != b'T') {
        return None;
    }
    let part = |pairs: u64, place: u32| (pairs >> (8 * place)) as u32 & 0xFF;
    let year = part(date, 0) * 100 + part(date, 2);
    let day = u32::from(tens) * 10 + u32::from(ones);
    let (hour, minute, second) = (part(clock, 0), part(clock, 3), part(clock, 6));
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let days = day_number(year, part(date, 5), day)?;
    let seconds = i64::from(days) * 86_400 + i64::from((hour * 60 + minute) * 60 + second);
    Some(seconds * 1_000_000)
}

/// Gives, in each byte, the number that its digit and the next one make. None unless all bytes match
/// the pattern, in which a 0 stands for any digit.
#[inline]
fn digits(text: [u8; 8], pattern: [u8; 8]) -> Option<u64> {
    // A digit differs from the 0 by at most 9, everything else by nothing: adding this much
    // carries whatever differs by more into the byte's highest bit.
    let limits = pattern.map(|byte| if byte == b'0' { 0x76 } else { 0x7F });
    let values = u64::from_le_bytes(text) ^ u64::from_le_bytes(pattern);
    let over = values.wrapping_add(u64::from_le_bytes(limits));
    if (values | over) & each(0x80) != 0 {
        return None;
    }
    Some(values.wrapping_mul(10).wrapping_add(values >> 8))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::values;

    /// Every byte at every place, against the full reading.
    #[test]
    fn timestamps_are_what_the_full_reading_gives() {
        for good in [
            b"2024-02-29 23:59:59",
            b"0001-01-01T00:00:00",
            b"9999-12-31 12:34:56",
        ] {
            for place in 0..good.len() {
                for byte in 0..=255 {
                    let mut text = *good;
                    text[place] = byte;
                    let full = values::timestamp(&text).ok().map(|clock| clock.micros);
                    assert_eq!(standard_timestamp(&text), full, "{text:?}");
                }
            }
        }
    }
}
