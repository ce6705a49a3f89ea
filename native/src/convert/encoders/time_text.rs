//! Writes dates, times and timestamps as text.

use super::super::output::Output;

/// The microseconds of a day.
pub const DAY: i64 = 86_400_000_000;

const HOUR: i64 = DAY / 24;

/// Appends `YYYY-MM-DD`.
pub fn write_date(out: &mut impl Output, days: i32) {
    let (year, month, day) = year_month_day(days);
    let ([a, b], [c, d]) = (two_digits(year / 100), two_digits(year % 100));
    let ([e, f], [g, h]) = (two_digits(month), two_digits(day));
    out.array([a, b, c, d, b'-', e, f, b'-', g, h]);
}

/// A time of day, in its parts.
pub struct TimeOfDay {
    pub hour: u8,
    pub minute: u8,
    pub second: u8,
    pub micros: u32,
}

impl TimeOfDay {
    /// From microseconds since midnight.
    pub fn of(micros: i64) -> TimeOfDay {
        let (seconds, micros) = ((micros / 1_000_000) as u32, (micros % 1_000_000) as u32);
        TimeOfDay {
            hour: (seconds / 3600) as u8,
            minute: (seconds / 60 % 60) as u8,
            second: (seconds % 60) as u8,
            micros,
        }
    }
}

/// Appends `HH:MM:SS[.f]`, without zeros at the end of the fraction.
pub fn write_time(out: &mut impl Output, micros: i64) {
    let clock = TimeOfDay::of(micros);
    let [a, b] = two_digits(clock.hour.into());
    let [c, d] = two_digits(clock.minute.into());
    let [e, f] = two_digits(clock.second.into());
    out.array([a, b, b':', c, d, b':', e, f]);
    let mut fraction = clock.micros;
    if fraction > 0 {
        out.array([b'.']);
        let mut place = 100_000;
        while fraction > 0 {
            out.array([b'0' + (fraction / place) as u8]);
            fraction %= place;
            place /= 10;
        }
    }
}

/// Appends a span of time as `[-]HH:MM:SS[.f]`, of up to 999 hours.
pub fn write_span(out: &mut impl Output, micros: i64) {
    if micros < 0 {
        out.array([b'-']);
    }
    let span = micros.unsigned_abs() as i64;
    let hours = (span / HOUR) as u32;
    if hours > 99 {
        out.array([b'0' + (hours / 100) as u8]);
    }
    out.array(two_digits(hours % 100));
    // A time within the first hour, without its first two digits.
    let mut within = Vec::new();
    write_time(&mut within, span % HOUR);
    out.slice(&within[2..]);
}

/// Appends `YYYY-MM-DD HH:MM:SS[.f]`, with the byte `gap` in place of the space.
pub fn write_timestamp(out: &mut impl Output, gap: u8, micros: i64) {
    write_date(out, micros.div_euclid(DAY) as i32);
    out.array([gap]);
    write_time(out, micros.rem_euclid(DAY));
}

fn two_digits(number: u32) -> [u8; 2] {
    [b'0' + (number / 10) as u8, b'0' + (number % 10) as u8]
}

/// Year, month and day of a day since 1970-01-01, for years 1 to 9999: by 400-year cycles
/// that begin in March, so that the leap day comes last.
pub fn year_month_day(days: i32) -> (u32, u32, u32) {
    /// From 0000-03-01 to 1970-01-01.
    const EPOCH: i32 = 719_468;
    const CYCLE: u32 = 146_097;
    // A year that begins in January begins ten months into the one before.
    let day = (days + EPOCH) as u32;
    let in_cycle = day % CYCLE;
    let year = (in_cycle - in_cycle / 1460 + in_cycle / 36_524 - in_cycle / 146_096) / 365;
    let in_year = in_cycle - (365 * year + year / 4 - year / 100);
    let month = (5 * in_year + 2) / 153;
    let of_month = in_year - (153 * month + 2) / 5 + 1;
    let (month, next_year) = if month < 10 {
        (month + 3, 0)
    } else {
        (month - 9, 1)
    };
    (day / CYCLE * 400 + year + next_year, month, of_month)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl Fn(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn days_are_written_as_they_are_read() {
        let (first, last) = (-719_162, 2_932_896);
        let mut text = String::new();
        for days in first..=last {
            let written = written(|out| write_date(out, days));
            assert!(text < written, "{written} after {text}");
            assert_eq!(
                crate::values::date(written.as_bytes()),
                Ok(days),
                "{written}"
            );
            text = written;
        }
        assert_eq!(text, "9999-12-31");
    }

    #[test]
    fn times_lose_their_zeros_only() {
        for text in [
            "0001-01-01 00:00:00",
            "1969-12-31 23:59:59.999999",
            "2024-02-29 01:02:03.04",
        ] {
            let clock = crate::values::timestamp(text.as_bytes()).unwrap();
            assert_eq!(
                written(|out| write_timestamp(out, b' ', clock.micros)),
                text
            );
        }
        for text in [
            "-00:00:00.5",
            "-01:00:00",
            "24:00:00",
            "-838:59:59",
            "100:00:00.000001",
        ] {
            let clock = crate::values::span(text.as_bytes()).unwrap().unwrap();
            assert_eq!(written(|out| write_span(out, clock.micros)), text);
        }
        assert_eq!(written(|out| write_time(out, 500_000)), "00:00:00.5");
        assert_eq!(written(|out| write_time(out, 1)), "00:00:00.000001");
    }
}
