//! What an encoding must be able to write.

use super::label::Label;
use super::short::{Field, Short};
use super::sink::Sink;
use crate::spec::TypeSpec;
use crate::values::Decimal;

/// Where rows are written. A value's text comes along with it: what the encoding writes as
/// text need not be made again from the value.
pub trait Encoder {
    /// Whether the block must know of which record each row was made.
    const INDEXED: bool = false;

    /// Before the rows of a block.
    fn head<'a>(_: &mut Vec<u8>, _columns: impl Iterator<Item = &'a TypeSpec>, _lineage: bool) {}
    /// Before the first value of a row.
    fn begin(out: &mut impl Sink, values: usize);
    /// Before a value.
    #[inline]
    fn key(_: &mut impl Sink, _: &Label) {}
    /// No value: no key has been written either.
    fn null(out: &mut impl Sink, label: &Label);
    /// `text`: with no plus sign.
    fn integer(out: &mut impl Sink, value: i64, width: Width, text: Field<'_>);
    fn float64(out: &mut impl Sink, value: f64, text: Field<'_>);
    fn float32(out: &mut impl Sink, value: f32, text: Field<'_>);
    fn decimal(out: &mut Vec<u8>, value: &Decimal<'_>, text: &[u8]);
    #[inline]
    fn short_decimal(out: &mut impl Sink, _: Short, text: Field<'_>) {
        Self::verbatim(out, text);
    }
    fn boolean(out: &mut impl Sink, value: bool);
    /// Days since 1970-01-01.
    fn date(out: &mut impl Sink, days: i32);
    /// Microseconds since midnight. Of a column that takes spans of time: any number of them.
    fn time(out: &mut impl Sink, micros: i64);
    /// Microseconds since 1970-01-01 00:00. `text`: `YYYY-MM-DD?HH:MM:SS`, if that says it all.
    fn timestamp(out: &mut impl Sink, micros: i64, text: Option<&[u8; 19]>);
    /// The same in UTC.
    fn timestamptz(out: &mut impl Sink, micros: i64);
    /// Text with nothing in it that needs an escape.
    fn verbatim(out: &mut impl Sink, text: Field<'_>);
    /// A text, if nothing in it needs an escape; if false, nothing was written. `verbatim`: no
    /// text here needs one.
    #[inline(always)]
    fn simple_text(out: &mut impl Sink, text: Field<'_>, verbatim: bool) -> bool {
        if verbatim {
            Self::verbatim(out, text);
        }
        verbatim
    }
    /// Any text. What it is written as may be longer.
    fn text(out: &mut Vec<u8>, text: &[u8]);
    fn uuid(out: &mut Vec<u8>, value: &[u8; 16], text: &[u8]);
    fn json(out: &mut Vec<u8>, text: &[u8], jsonb: bool);
    /// After the last value of a row.
    fn end(out: &mut Vec<u8>);

    /// Whether any text may hold bytes that need an escape.
    fn has_escapes(data: &[u8], newline: u8) -> bool;

    /// A value of our own.
    #[inline]
    fn own_integer(out: &mut impl Sink, value: i64) {
        let mut digits = Digits::default();
        let start = digits.write(value);
        let text = Field::new(&digits.0, start, false);
        Self::integer(out, value, Width::Eight, text);
    }
}

/// Bytes of an integer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Width {
    Two,
    Four,
    Eight,
}

/// An integer's decimal digits.
#[derive(Default)]
struct Digits([u8; 24]);

impl Digits {
    /// Where they start; they end with the array.
    fn write(&mut self, value: i64) -> usize {
        let mut rest = value.unsigned_abs();
        let mut start = self.0.len();
        loop {
            start -= 1;
            self.0[start] = b'0' + (rest % 10) as u8;
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        if value < 0 {
            start -= 1;
            self.0[start] = b'-';
        }
        start
    }
}

/// Microseconds in a day.
pub const DAY: i64 = 86_400_000_000;

const HOUR: i64 = DAY / 24;

/// Appends `YYYY-MM-DD`.
pub fn write_date(out: &mut impl Sink, days: i32) {
    let (year, month, day) = civil(days);
    let ([a, b], [c, d]) = (two_digits(year / 100), two_digits(year % 100));
    let ([e, f], [g, h]) = (two_digits(month), two_digits(day));
    out.array([a, b, c, d, b'-', e, f, b'-', g, h]);
}

/// A time of day.
pub struct Clock {
    pub hour: u8,
    pub minute: u8,
    pub second: u8,
    pub micros: u32,
}

impl Clock {
    /// From microseconds since midnight.
    pub fn of(micros: i64) -> Clock {
        let (seconds, micros) = ((micros / 1_000_000) as u32, (micros % 1_000_000) as u32);
        Clock {
            hour: (seconds / 3600) as u8,
            minute: (seconds / 60 % 60) as u8,
            second: (seconds % 60) as u8,
            micros,
        }
    }
}

/// Appends `HH:MM:SS[.f]`, without zeros at the end of the fraction.
pub fn write_time(out: &mut impl Sink, micros: i64) {
    let clock = Clock::of(micros);
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
pub fn write_span(out: &mut impl Sink, micros: i64) {
    if micros < 0 {
        out.array([b'-']);
    }
    let span = micros.unsigned_abs() as i64;
    let hours = (span / HOUR) as u32;
    if hours > 99 {
        out.array([b'0' + (hours / 100) as u8]);
    }
    out.array(two_digits(hours % 100));
    // Of a time within an hour, what stands behind its own two digits.
    let mut within = Vec::new();
    write_time(&mut within, span % HOUR);
    out.slice(&within[2..]);
}

/// Appends `YYYY-MM-DD HH:MM:SS[.f]`, with this in the gap.
pub fn write_timestamp(out: &mut impl Sink, gap: u8, micros: i64) {
    write_date(out, micros.div_euclid(DAY) as i32);
    out.array([gap]);
    write_time(out, micros.rem_euclid(DAY));
}

fn two_digits(number: u32) -> [u8; 2] {
    [b'0' + (number / 10) as u8, b'0' + (number % 10) as u8]
}

/// Year, month and day of a day since 1970-01-01, for years 1 to 9999: by 400-year cycles
/// that begin in March, so that the leap day comes last.
pub fn civil(days: i32) -> (u32, u32, u32) {
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
    fn integers_have_their_digits() {
        for value in [0, 7, -1, 10, 1234567890123, i64::MAX, i64::MIN] {
            let mut digits = Digits::default();
            let start = digits.write(value);
            assert_eq!(digits.0[start..], *value.to_string().as_bytes());
        }
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
