//! Whether a text is a date or a time in one of the forms that nearly all have, without its value:
//! eight bytes at a time, and no branch for each part.
//!
//! None means that the caller must parse the text in full.

use super::short_number::{ZEROS, each};
use super::temporal::zone;

/// The days of each month, with February's leap day. No other two digits are a month.
const MONTHS: [u8; 100] = {
    let mut days = [0; 100];
    let lengths = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let mut month = 0;
    while month < 12 {
        days[month + 1] = lengths[month];
        month += 1;
    }
    days
};

/// Whether a text is `YYYY-MM-DD`.
#[inline(always)]
pub fn is_common_date(text: &[u8]) -> bool {
    text.try_into().is_ok_and(|text| year_of(text).is_some())
}

/// The digits of the second's fraction of `HH:MM:SS[.f]`, without zeros at the end.
#[inline(always)]
pub fn common_time(text: &[u8]) -> Option<u8> {
    let (clock, rest) = text.split_first_chunk::<8>()?;
    is_clock(*clock).then_some(())?;
    second_digits(text, rest.len())
}

/// The same of `YYYY-MM-DD HH:MM:SS[.f]`, or with a T.
#[inline(always)]
pub fn common_timestamp(text: &[u8]) -> Option<u8> {
    let (_, rest) = date_and_clock(text)?;
    second_digits(text, rest.len())
}

/// The same, with a zone behind it. The year is far from the first and the last.
#[inline(always)]
pub fn common_timestamptz(text: &[u8]) -> Option<u8> {
    let (year, rest) = date_and_clock(text)?;
    let fraction = match rest {
        [b'.', digits @ ..] => {
            1 + digits
                .iter()
                .take_while(|byte| byte.is_ascii_digit())
                .count()
        }
        _ => 0,
    };
    let (_, rest) = rest.split_at(fraction);
    zone(rest.strip_prefix(b" ").unwrap_or(rest))?;
    let clock = &text[..text.len() - rest.len()];
    second_digits(clock, fraction).filter(|_| (2..9999).contains(&year))
}

/// The year, and what follows the seconds.
#[inline(always)]
fn date_and_clock(text: &[u8]) -> Option<(u32, &[u8])> {
    let (head, rest) = text.split_first_chunk::<19>()?;
    let [date @ .., gap, _, _, _, _, _, _, _, _] = *head;
    let [_, _, _, _, _, _, _, _, _, _, _, clock @ ..] = *head;
    let year = year_of(&date)?;
    (is_clock(clock) & ((gap == b' ') | (gap == b'T'))).then_some((year, rest))
}

/// The year of a date that exists.
#[inline(always)]
fn year_of(text: &[u8; 10]) -> Option<u32> {
    let [head @ .., _, _] = *text;
    let [_, _, tail @ ..] = *text;
    let (head, head_is_right) = pairs(head, *b"0000-00-");
    let (tail, tail_is_right) = pairs(tail, *b"00-00-00");
    let part = |pairs: u64, place: u32| (pairs >> (8 * place)) as u32 & 0xFF;
    let year = part(head, 0) * 100 + part(head, 2);
    let (month, day) = (part(tail, 3), part(tail, 6));
    let days = u32::from(*MONTHS.get(month as usize)?);
    let exists = (day.wrapping_sub(1) < days) & (year != 0);
    if !(head_is_right & tail_is_right & exists) {
        return None;
    }
    let leap_day = month == 2 && day == 29;
    (!leap_day || super::calendar::is_leap(year)).then_some(year)
}

#[inline(always)]
fn is_clock(text: [u8; 8]) -> bool {
    let (pairs, is_right) = pairs(text, *b"00:00:00");
    let part = |place: u32| (pairs >> (8 * place)) as u32 & 0xFF;
    is_right & (part(0) < 24) & (part(3) < 60) & (part(6) < 60)
}

/// In each byte the number that its digit and the next one make, and whether all bytes match the
/// pattern, in which a 0 stands for any digit.
#[inline(always)]
fn pairs(text: [u8; 8], pattern: [u8; 8]) -> (u64, bool) {
    // A digit differs from the 0 by at most 9, everything else by nothing: adding this much
    // carries whatever differs by more into the byte's highest bit.
    let limits = pattern.map(|byte| if byte == b'0' { 0x76 } else { 0x7F });
    let values = u64::from_le_bytes(text) ^ u64::from_le_bytes(pattern);
    let over = values.wrapping_add(u64::from_le_bytes(limits));
    let pairs = values.wrapping_mul(10).wrapping_add(values >> 8);
    (pairs, (values | over) & each(0x80) == 0)
}

/// The digits without zeros at the end of a fraction of `length` bytes, with its point, at the end
/// of a text.
#[inline(always)]
fn second_digits(text: &[u8], length: usize) -> Option<u8> {
    if length == 0 {
        return Some(0);
    }
    let digits = length - 1;
    if digits.wrapping_sub(1) > 7 || text[text.len() - length] != b'.' {
        return None;
    }
    let tail = u64::from_le_bytes(*text.last_chunk()?);
    let values = (tail ^ ZEROS) >> (64 - 8 * digits);
    if (values | values.wrapping_add(each(0x76))) & each(0x80) != 0 {
        return None;
    }
    Some((8 - values.leading_zeros() / 8) as u8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::values;

    /// What the full reading says, where the form is a common one.
    fn agree(text: &[u8]) -> [bool; 4] {
        let found = [
            is_common_date(text).then_some(0),
            common_time(text),
            common_timestamp(text),
            common_timestamptz(text),
        ];
        let full = [
            values::date(text).ok().map(|_| 0),
            values::time(text).ok().map(|clock| clock.digits),
            values::timestamp(text).ok().map(|clock| clock.digits),
            values::timestamptz(text).ok().map(|clock| clock.digits),
        ];
        for (found, full) in found.iter().zip(full) {
            assert!(found.is_none() || *found == full, "{}", text.escape_ascii());
        }
        found.map(|found| found.is_some())
    }

    /// Every byte at every place of every form.
    #[test]
    fn forms_are_what_the_full_reading_gives() {
        for date in ["2024-02-29", "0001-01-01", "9999-12-31", "1999-11-30"] {
            for fraction in ["", ".5", ".000000", ".120", ".12345678", ".123456789"] {
                for zone in ["", "Z", "+05", " -0330", "+15:59"] {
                    let clock = format!("23:59:58{fraction}{zone}");
                    for text in [date.to_owned(), clock.clone(), format!("{date} {clock}")] {
                        for place in 0..text.len() {
                            for byte in 0..=255 {
                                let mut text = text.clone().into_bytes();
                                text[place] = byte;
                                agree(&text);
                            }
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn the_common_forms_are_known() {
        let [date, time, timestamp, zoned] =
            [0, 1, 2, 3].map(|kind| move |text: &str| agree(text.as_bytes())[kind]);
        assert!(date("2024-02-29") && !date("2023-02-29") && !date("1900-02-29"));
        assert!(!date("2024-00-10") && !date("2024-13-10") && !date("0000-01-01"));
        assert!(!date("2024-04-31") && !date("2024-04-00") && date("2024-04-30"));
        assert!(time("00:00:00") && time("23:59:59.5") && !time("24:00:00"));
        assert!(timestamp("2024-01-01 00:00:00") && timestamp("2024-01-01T00:00:00.000000"));
        assert!(zoned("2024-01-01T00:00:00Z") && zoned("2024-01-01 00:00:00.123+00:00"));
    }
}
