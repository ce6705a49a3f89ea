//! Dates and times of any range as text. A year beyond 1 to 9999 is written, too: it is rejected.

use arrow_schema::TimeUnit;

const DAY: i64 = 86_400;

/// How many of a unit are a second, and how many digits its fraction has.
pub fn unit_of(unit: TimeUnit) -> (i64, usize) {
    match unit {
        TimeUnit::Second => (1, 0),
        TimeUnit::Millisecond => (1_000, 3),
        TimeUnit::Microsecond => (1_000_000, 6),
        TimeUnit::Nanosecond => (1_000_000_000, 9),
    }
}

/// The day that was written last: the next value is often of the same one.
#[derive(Default)]
pub struct LastDay {
    day: i64,
    text: Vec<u8>,
}

impl LastDay {
    /// The day as `write_date` writes it.
    #[inline]
    fn text(&mut self, day: i64) -> &[u8] {
        if self.day != day || self.text.is_empty() {
            self.text.clear();
            write_date(&mut self.text, day);
            self.day = day;
        }
        &self.text
    }
}

/// Writes a day, counted from 1970-01-01, as `YYYY-MM-DD`.
pub fn write_date(out: &mut Vec<u8>, days: i64) {
    // Years that begin with March have their leap day at the end.
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 {
        march_month + 3
    } else {
        march_month - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    if (0..=9999).contains(&year) {
        out.extend_from_slice(&two(year as u32 / 100));
        out.extend_from_slice(&two(year as u32 % 100));
    } else {
        out.extend_from_slice(itoa::Buffer::new().format(year).as_bytes());
    }
    out.push(b'-');
    out.extend_from_slice(&two(month as u32));
    out.push(b'-');
    out.extend_from_slice(&two(day as u32));
}

/// Writes a time since midnight as `HH:MM:SS`, with a fraction if it has one.
pub fn write_time(out: &mut Vec<u8>, value: i64, (per_second, digits): (i64, usize)) {
    let (seconds, fraction) = (value.div_euclid(per_second), value.rem_euclid(per_second));
    if !(0..DAY).contains(&seconds) {
        out.extend_from_slice(itoa::Buffer::new().format(seconds).as_bytes());
        out.push(b's');
        return;
    }
    let (text, length) = clock(seconds as u32, fraction, digits);
    // A fixed number of bytes is copied more quickly than a variable one.
    out.extend_from_slice(&text);
    out.truncate(out.len() - (text.len() - length));
}

/// The text of a time within a day, and its length.
#[inline]
fn clock(seconds: u32, fraction: i64, digits: usize) -> ([u8; 18], usize) {
    let ([h, i], [m, n]) = (two(seconds / 3600), two(seconds / 60 % 60));
    let [s, t] = two(seconds % 60);
    let mut text = *b"00:00:00.000000000";
    *text.first_chunk_mut().unwrap_or(&mut [0; 8]) = [h, i, b':', m, n, b':', s, t];
    if fraction == 0 {
        return (text, 8);
    }
    // Zeros at the end say nothing, and a reader is quicker without them.
    let (mut rest, mut digits) = (fraction as u32, digits);
    while digits > 6 && rest.is_multiple_of(1_000) {
        (rest, digits) = (rest / 1_000, digits - 3);
    }
    for digit in text[9..9 + digits].iter_mut().rev() {
        *digit = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    (text, 9 + digits)
}

/// Writes a point in time as `YYYY-MM-DD HH:MM:SS`; `zone` is written behind it.
pub fn write_timestamp(
    out: &mut Vec<u8>,
    last: &mut LastDay,
    value: i64,
    unit: (i64, usize),
    zone: &[u8],
) {
    let a_day = unit.0 * DAY;
    let day = last.text(value.div_euclid(a_day));
    match day.first_chunk::<10>() {
        Some(usual) if day.len() == 10 => out.extend_from_slice(usual),
        _ => out.extend_from_slice(day),
    }
    out.push(b' ');
    write_time(out, value.rem_euclid(a_day), unit);
    out.extend_from_slice(zone);
}

#[inline]
fn two(number: u32) -> [u8; 2] {
    [b'0' + (number / 10 % 10) as u8, b'0' + (number % 10) as u8]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stamp(value: i64, unit: TimeUnit) -> String {
        let mut out = Vec::new();
        write_timestamp(&mut out, &mut LastDay::default(), value, unit_of(unit), b"");
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn writes_points_in_time_of_all_units() {
        assert_eq!(stamp(0, TimeUnit::Second), "1970-01-01 00:00:00");
        assert_eq!(stamp(-1, TimeUnit::Millisecond), "1969-12-31 23:59:59.999");
        assert_eq!(stamp(951_782_400, TimeUnit::Second), "2000-02-29 00:00:00");
        assert_eq!(
            stamp(1_500_000, TimeUnit::Microsecond),
            "1970-01-01 00:00:01.500000"
        );
        assert_eq!(
            stamp(7, TimeUnit::Nanosecond),
            "1970-01-01 00:00:00.000000007"
        );
        assert_eq!(
            stamp(7_000, TimeUnit::Nanosecond),
            "1970-01-01 00:00:00.000007"
        );
        assert!(stamp(i64::MAX, TimeUnit::Second).starts_with("292277026596-12-04"));
        assert!(stamp(i64::MIN, TimeUnit::Second).starts_with("-292277022657-01-27"));
    }
}
