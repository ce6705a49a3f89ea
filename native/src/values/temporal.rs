//! Dates, times and timestamps in the default format.
//!
//! `YYYY-MM-DD`, `HH:MM[:SS[.f]]`, and both with a space or a T between them. The digits stand
//! at fixed places, so eight bytes are checked at once.

use super::calendar::{FIRST_DAY, LAST_DAY, day_number};
use crate::reject_code::RejectCode;

pub(super) const SECOND: i64 = 1_000_000;
pub(super) const MINUTE: i64 = 60 * SECOND;
pub(super) const DAY: i64 = 24 * 60 * MINUTE;

/// The most digits of a second's fraction.
pub(super) const MAX_FRACTION: usize = 9;

/// A time of day, a span, or a point in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParsedTime {
    pub micros: i64,
    /// Whether digits after the sixth are not zero. `micros` lacks them.
    pub excess: bool,
    /// The number of digits of the second's fraction, without zeros at the end.
    pub digits: u8,
}

/// Parses a date to days since 1970-01-01.
#[inline]
pub fn date(text: &[u8]) -> Result<i32, RejectCode> {
    let text: &[u8; 10] = text.try_into().map_err(|_| RejectCode::NotADate)?;
    day(text).ok_or(RejectCode::NotADate)
}

/// Parses a time to microseconds since midnight.
#[inline]
pub fn time(text: &[u8]) -> Result<ParsedTime, RejectCode> {
    match clock(text) {
        Some((clock, [])) => Ok(clock),
        _ => Err(RejectCode::NotATime),
    }
}

/// Parses a timestamp without a zone to microseconds since 1970-01-01 00:00.
#[inline]
pub fn timestamp(text: &[u8]) -> Result<ParsedTime, RejectCode> {
    match day_and_clock(text) {
        Some((clock, [])) => Ok(clock),
        _ => Err(RejectCode::NotATimestamp),
    }
}

/// Parses a timestamp with a zone to microseconds since 1970-01-01 00:00 UTC.
#[inline]
pub fn timestamptz(text: &[u8]) -> Result<ParsedTime, RejectCode> {
    let (clock, rest) = day_and_clock(text).ok_or(RejectCode::NotATimestamp)?;
    let rest = rest.strip_prefix(b" ").unwrap_or(rest);
    let offset = zone(rest).ok_or(RejectCode::NotATimestamp)?;
    in_utc(clock, offset)
}

/// Converts the local time of a zone that is `offset` microseconds ahead of UTC to UTC.
#[inline]
pub(super) fn in_utc(clock: ParsedTime, offset: i64) -> Result<ParsedTime, RejectCode> {
    let micros = clock.micros - offset;
    if (i64::from(FIRST_DAY)..=i64::from(LAST_DAY)).contains(&micros.div_euclid(DAY)) {
        Ok(ParsedTime { micros, ..clock })
    } else {
        Err(RejectCode::OutOfRange)
    }
}

/// Parses a zone to microseconds ahead of UTC: `Z`, `z`, `+HH`, `+HHMM` or `+HH:MM`, up to 15:59 in
/// either direction.
#[inline]
pub(super) fn zone(text: &[u8]) -> Option<i64> {
    let (sign, hours, minutes) = match *text {
        [b'Z' | b'z'] => return Some(0),
        [sign, a, b] => (sign, [a, b], *b"00"),
        [sign, a, b, c, d] | [sign, a, b, b':', c, d] => (sign, [a, b], [c, d]),
        _ => return None,
    };
    let (hours, minutes) = (two(hours)?, two(minutes)?);
    if hours > 15 || minutes > 59 {
        return None;
    }
    let ahead = i64::from(hours * 60 + minutes) * MINUTE;
    match sign {
        b'+' => Some(ahead),
        b'-' => Some(-ahead),
        _ => None,
    }
}

#[inline]
fn two(digits: [u8; 2]) -> Option<u32> {
    let [tens, ones] = digits.map(|digit| digit.wrapping_sub(b'0'));
    (tens <= 9 && ones <= 9).then(|| u32::from(tens) * 10 + u32::from(ones))
}

/// Parses a date, a space or T, and a time at the start of the text. Gives what follows, too.
#[inline]
fn day_and_clock(text: &[u8]) -> Option<(ParsedTime, &[u8])> {
    let (date, rest) = text.split_first_chunk::<10>()?;
    let (b' ' | b'T', rest) = rest.split_first()? else {
        return None;
    };
    let (clock, rest) = clock(rest)?;
    let midnight = i64::from(day(date)?) * DAY;
    Some((
        ParsedTime {
            micros: midnight + clock.micros,
            ..clock
        },
        rest,
    ))
}

/// Parses `HH:MM[:SS[.f]]` at the start of the text. Gives what follows, too.
#[inline]
fn clock(text: &[u8]) -> Option<(ParsedTime, &[u8])> {
    let (hour, minute, second, rest) = match text.split_first_chunk::<8>() {
        Some((head, rest)) if head[5] == b':' => {
            let [h, i, _, j, k, _, l, m] = digits(*head, *b"00:00:00")?;
            (h * 10 + i, j * 10 + k, l * 10 + m, rest)
        }
        _ => {
            let ([a, b, b':', c, d], rest) = text.split_first_chunk()? else {
                return None;
            };
            (two([*a, *b])?, two([*c, *d])?, 0, rest)
        }
    };
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let micros = i64::from((hour * 60 + minute) * 60 + second) * SECOND;
    let whole = ParsedTime {
        micros,
        excess: false,
        digits: 0,
    };
    match rest.split_first() {
        Some((b'.', fraction)) if text.get(5) == Some(&b':') => fractional(whole, fraction),
        _ => Some((whole, rest)),
    }
}

/// Adds the fraction of a second that the text begins with.
#[inline]
fn fractional(whole: ParsedTime, text: &[u8]) -> Option<(ParsedTime, &[u8])> {
    let length = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, rest) = text.split_at(length);
    Some((fraction(whole, digits)?, rest))
}

/// Adds a fraction of a second, of one to nine digits.
#[inline]
pub(super) fn fraction(whole: ParsedTime, digits: &[u8]) -> Option<ParsedTime> {
    if digits.is_empty() || digits.len() > MAX_FRACTION {
        return None;
    }
    let mut nanos = 0_u32;
    let mut significant = 0;
    for index in 0..MAX_FRACTION {
        let digit = u32::from(digits.get(index).map_or(0, |byte| byte - b'0'));
        nanos = nanos * 10 + digit;
        if digit != 0 {
            significant = index as u8 + 1;
        }
    }
    Some(ParsedTime {
        micros: whole.micros + i64::from(nanos / 1000),
        excess: !nanos.is_multiple_of(1000),
        digits: significant,
    })
}

#[inline]
fn day(text: &[u8; 10]) -> Option<i32> {
    let [head @ .., c, d] = *text;
    let [y, e, a, r, _, m, n, _] = digits(head, *b"0000-00-")?;
    day_number(y * 1000 + e * 100 + a * 10 + r, m * 10 + n, two([c, d])?)
}

/// The values of the digits where the pattern has a 0. None unless all other bytes equal the pattern.
#[inline]
fn digits(text: [u8; 8], pattern: [u8; 8]) -> Option<[u32; 8]> {
    // What a byte may differ from the pattern by is at most 9 for a digit and 0 elsewhere:
    // adding this much more carries everything else into the byte's highest bit.
    let limits = pattern.map(|byte| if byte == b'0' { 0x76 } else { 0x7F });
    let found = u64::from_le_bytes(text) ^ u64::from_le_bytes(pattern);
    let over = found.wrapping_add(u64::from_le_bytes(limits));
    if (found | over) & 0x8080_8080_8080_8080 != 0 {
        return None;
    }
    Some(found.to_le_bytes().map(u32::from))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(days: i64, hour: i64, minute: i64, second: i64) -> ParsedTime {
        let micros = days * DAY + ((hour * 60 + minute) * 60 + second) * SECOND;
        ParsedTime {
            micros,
            excess: false,
            digits: 0,
        }
    }

    #[test]
    fn reads_dates() {
        for (text, days) in [
            ("1970-01-01", 0),
            ("1969-12-31", -1),
            ("2000-01-01", 10_957),
            ("2024-02-29", 19_782),
            ("0001-01-01", FIRST_DAY),
            ("9999-12-31", LAST_DAY),
        ] {
            assert_eq!(date(text.as_bytes()), Ok(days), "{text}");
        }
        for text in [
            "",
            "2024-02-30",
            "2023-02-29",
            "0000-01-01",
            "10000-01-01",
            "2024-1-1",
            "20240101",
            "2024/01/01",
            "2024-01-01 ",
            " 2024-01-01",
            "2024-13-01",
            "2024-00-10",
            "2024-01-00",
            "2024-01-0x",
            "2024-01-:1",
            "202a-01-01",
            "-024-01-01",
            "+024-01-01",
            "２024-01-01",
            "2024-01-01 00:00",
            "2024\u{0}01-01",
        ] {
            assert_eq!(date(text.as_bytes()), Err(RejectCode::NotADate), "{text:?}");
        }
    }

    /// Every byte in every place of an else good text: only the right ones pass.
    #[test]
    fn checks_every_byte() {
        let good = b"2011-11-11 11:11:11";
        for place in 0..good.len() {
            for byte in 0..=255_u8 {
                let mut text = *good;
                text[place] = byte;
                let expected = match (good[place], byte) {
                    (b'-' | b':', _) => byte == good[place],
                    (b' ', _) => matches!(byte, b' ' | b'T'),
                    (_, b'0'..=b'9') => match place {
                        5 => byte <= b'1',
                        6 | 11 => byte <= b'2',
                        8 => byte <= b'3',
                        14 | 17 => byte <= b'5',
                        _ => true,
                    },
                    _ => false,
                };
                // November has 30 days.
                let expected = expected && &text[8..10] != b"31";
                assert_eq!(timestamp(&text).is_ok(), expected, "{place} {byte}");
            }
        }
    }

    #[test]
    fn reads_times() {
        assert_eq!(time(b"00:00"), Ok(at(0, 0, 0, 0)));
        assert_eq!(time(b"23:59:59"), Ok(at(0, 23, 59, 59)));
        for (text, micros, excess, digits) in [
            ("00:00:00.5", 500_000, false, 1),
            ("00:00:00.500000", 500_000, false, 1),
            ("00:00:00.000001", 1, false, 6),
            ("00:00:00.123456789", 123_456, true, 9),
            ("00:00:00.1234560", 123_456, false, 6),
            ("00:00:00.0000001", 0, true, 7),
            ("00:00:00.000", 0, false, 0),
        ] {
            assert_eq!(
                time(text.as_bytes()),
                Ok(ParsedTime {
                    micros,
                    excess,
                    digits
                }),
                "{text}"
            );
        }
        for text in [
            "",
            "24:00",
            "24:00:00",
            "23:60",
            "23:59:60",
            "1:00",
            "01:0",
            "01:00:",
            "01:00:0",
            "01:00:00.",
            "01:00:00.1234567890",
            "01:00.5",
            "01:00Z",
            "01:00:00Z",
            "01-00-00",
            " 01:00",
            "01:00 ",
            "0100",
            "12:00 PM",
            "01:00:00,5",
            "01:00:00.5x",
            "０1:00",
        ] {
            assert_eq!(time(text.as_bytes()), Err(RejectCode::NotATime), "{text:?}");
        }
    }

    #[test]
    fn reads_timestamps() {
        assert_eq!(timestamp(b"2024-01-01 00:21:47"), Ok(at(19_723, 0, 21, 47)));
        assert_eq!(timestamp(b"2024-01-01T00:21"), Ok(at(19_723, 0, 21, 0)));
        assert_eq!(
            timestamp(b"1969-12-31 23:59:59.999999").map(|clock| clock.micros),
            Ok(-1)
        );
        for text in [
            "2024-01-01",
            "2024-01-01 ",
            "2024-01-01T",
            "2024-01-01 00:21:47Z",
            "2024-01-01 00:21:47+00",
            "2024-01-01  00:21:47",
            "2024-01-01t00:21:47",
            "2024-01-01 24:00:00",
            "2024-01-01 00:00:60",
            "2024-02-30 00:00:00",
            "2024-01-01 0:21:47",
            "2024-01-01 00:21:47 ",
            "00:21:47",
            "2024-01-01-00:21:47",
        ] {
            assert_eq!(
                timestamp(text.as_bytes()),
                Err(RejectCode::NotATimestamp),
                "{text:?}"
            );
        }
    }

    #[test]
    fn reads_zones() {
        for (text, minutes) in [
            ("Z", 0),
            ("z", 0),
            (" Z", 0),
            ("+00", 0),
            ("-00:00", 0),
            ("+02", 120),
            ("-0330", -210),
            ("+05:45", 345),
            (" +15:59", 959),
            ("-15:59", -959),
        ] {
            for base in [
                "2024-01-01 00:21:47",
                "2024-01-01T00:21:47",
                "2024-01-01T00:21:47.000",
            ] {
                let expected = at(19_723, 0, 21 - minutes, 47);
                assert_eq!(
                    timestamptz(format!("{base}{text}").as_bytes()),
                    Ok(expected),
                    "{text}"
                );
            }
        }
        assert_eq!(
            timestamptz(b"2024-01-01 00:21+01"),
            Ok(at(19_722, 23, 21, 0))
        );
        for text in [
            "",
            " ",
            "  Z",
            "+1",
            "+1:00",
            "+16",
            "+00:60",
            "+00:0",
            "+000",
            "UTC",
            "Zulu",
            "ZZ",
            "+00:00:00",
            "=00",
            "+0a",
            "+00 ",
            "Z ",
        ] {
            let text = format!("2024-01-01 00:21:47{text}");
            assert_eq!(
                timestamptz(text.as_bytes()),
                Err(RejectCode::NotATimestamp),
                "{text:?}"
            );
        }
        assert_eq!(
            timestamptz(b"0001-01-01 00:00+01"),
            Err(RejectCode::OutOfRange)
        );
        assert_eq!(
            timestamptz(b"9999-12-31 23:00-01"),
            Err(RejectCode::OutOfRange)
        );
        assert!(timestamptz(b"9999-12-31 23:59:59.999999Z").is_ok());
    }
}
