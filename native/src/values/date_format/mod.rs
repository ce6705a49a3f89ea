//! Dates and times in a format that the contract gives: a subset of strptime.
//!
//! A number may lack its leading zeros (`1/2/2024` is `%d/%m/%Y`) unless another number stands
//! directly beside it. Names of months are English, their case does not matter. Everything
//! else in a pattern, spaces too, stands for itself.

mod items;

use self::items::{Item, Part};
use super::calendar::day_number;
use super::temporal::{DAY, ParsedTime, SECOND, fraction, in_utc, zone};
use crate::conversion_spec::TypeKind;
use crate::reject_code::RejectCode;

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// A format that was checked for its type: a text that matches it has all parts that the type needs.
#[derive(Debug)]
pub struct DateFormat {
    items: Vec<Item>,
}

/// The parts that a text has. The others keep their defaults.
struct DateParts {
    year: u32,
    month: u32,
    day: u32,
    day_of_year: Option<u32>,
    hour: u32,
    afternoon: Option<bool>,
    minute: u32,
    clock: ParsedTime,
    second: u32,
    offset: i64,
}

impl DateFormat {
    /// Compiles a format for a date, time, timestamp or timestamptz. The error is a sentence.
    pub fn compile(pattern: &str, kind: TypeKind) -> Result<DateFormat, String> {
        items::compile(pattern, kind).map(|items| DateFormat { items })
    }

    /// Parses a date to days since 1970-01-01.
    pub fn date(&self, text: &[u8]) -> Result<i32, RejectCode> {
        self.fields(text)
            .and_then(|fields| fields.day_number())
            .ok_or(RejectCode::NotADate)
    }

    /// Parses a time to microseconds since midnight.
    pub fn time(&self, text: &[u8]) -> Result<ParsedTime, RejectCode> {
        self.fields(text)
            .and_then(|fields| fields.clock())
            .ok_or(RejectCode::NotATime)
    }

    /// Parses a timestamp without a zone to microseconds since 1970-01-01 00:00.
    pub fn timestamp(&self, text: &[u8]) -> Result<ParsedTime, RejectCode> {
        self.fields(text)
            .and_then(|fields| fields.timestamp())
            .ok_or(RejectCode::NotATimestamp)
    }

    /// Parses a timestamp with a zone to microseconds since 1970-01-01 00:00 UTC.
    pub fn timestamptz(&self, text: &[u8]) -> Result<ParsedTime, RejectCode> {
        let fields = self.fields(text).ok_or(RejectCode::NotATimestamp)?;
        in_utc(
            fields.timestamp().ok_or(RejectCode::NotATimestamp)?,
            fields.offset,
        )
    }

    fn fields(&self, text: &[u8]) -> Option<DateParts> {
        let mut fields = DateParts {
            year: 0,
            month: 0,
            day: 0,
            day_of_year: None,
            hour: 0,
            afternoon: None,
            minute: 0,
            clock: ParsedTime {
                micros: 0,
                excess: false,
                digits: 0,
            },
            second: 0,
            offset: 0,
        };
        let mut rest = text;
        for item in &self.items {
            rest = match item {
                Item::Literal(literal) => rest.strip_prefix(&**literal)?,
                Item::Part(part, least) => fields.read(*part, *least, rest)?,
            };
        }
        rest.is_empty().then_some(fields)
    }
}

impl DateParts {
    /// Parses one part at the start of the text, and gives what follows.
    fn read<'a>(&mut self, part: Part, least: usize, text: &'a [u8]) -> Option<&'a [u8]> {
        let Some(width) = part.width() else {
            return self.read_word(part, text);
        };
        let length = text
            .iter()
            .take(width)
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        if length < least {
            return None;
        }
        let (digits, rest) = text.split_at(length);
        if part == Part::Fraction {
            self.clock = fraction(self.clock, digits)?;
            return Some(rest);
        }
        let number = digits
            .iter()
            .fold(0, |number, byte| number * 10 + u32::from(byte - b'0'));
        match part {
            Part::Year => self.year = number,
            Part::ShortYear => self.year = if number < 69 { 2000 } else { 1900 } + number,
            Part::Month => self.month = number,
            Part::Day => self.day = number,
            Part::DayOfYear => self.day_of_year = Some(number),
            Part::Hour => self.hour = number,
            Part::Hour12 if (1..=12).contains(&number) => self.hour = number % 12,
            Part::Minute => self.minute = number,
            Part::Second => self.second = number,
            _ => return None,
        }
        Some(rest)
    }

    fn read_word<'a>(&mut self, part: Part, text: &'a [u8]) -> Option<&'a [u8]> {
        let starts = |word: &str| {
            text.get(..word.len())
                .is_some_and(|head| head.eq_ignore_ascii_case(word.as_bytes()))
        };
        let length = match part {
            Part::HalfDay => {
                self.afternoon = Some(starts("pm"));
                if starts("am") || starts("pm") {
                    2
                } else {
                    return None;
                }
            }
            Part::Zone => {
                let is_zone =
                    |byte: &u8| matches!(byte, b'0'..=b'9' | b':' | b'+' | b'-' | b'Z' | b'z');
                let length = text.iter().take_while(|byte| is_zone(byte)).count();
                self.offset = zone(&text[..length])?;
                length
            }
            _ => {
                let name = |month: &'static str| {
                    if part == Part::ShortMonthName {
                        &month[..3]
                    } else {
                        month
                    }
                };
                let month = MONTHS.iter().position(|month| starts(name(month)))?;
                self.month = month as u32 + 1;
                name(MONTHS[month]).len()
            }
        };
        Some(&text[length..])
    }

    fn day_number(&self) -> Option<i32> {
        match self.day_of_year {
            None => day_number(self.year, self.month, self.day),
            Some(day) => {
                let first = day_number(self.year, 1, 1)?;
                let last = day_number(self.year, 12, 31)?;
                let number = first + day as i32 - 1;
                (first..=last).contains(&number).then_some(number)
            }
        }
    }

    fn clock(&self) -> Option<ParsedTime> {
        let hour = self.hour + if self.afternoon == Some(true) { 12 } else { 0 };
        if hour > 23 || self.minute > 59 || self.second > 59 {
            return None;
        }
        let whole = i64::from((hour * 60 + self.minute) * 60 + self.second) * SECOND;
        Some(ParsedTime {
            micros: whole + self.clock.micros,
            ..self.clock
        })
    }

    fn timestamp(&self) -> Option<ParsedTime> {
        let clock = self.clock()?;
        Some(ParsedTime {
            micros: i64::from(self.day_number()?) * DAY + clock.micros,
            ..clock
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::temporal;
    use super::*;

    fn date(pattern: &str, text: &str) -> Result<i32, RejectCode> {
        DateFormat::compile(pattern, TypeKind::Date)
            .unwrap()
            .date(text.as_bytes())
    }

    #[test]
    fn reads_dates() {
        let expected = temporal::date(b"2024-02-09");
        for (pattern, text) in [
            ("%d/%m/%Y", "09/02/2024"),
            ("%d/%m/%Y", "9/2/2024"),
            ("%m/%d/%y", "2/9/24"),
            ("%Y%m%d", "20240209"),
            ("%d %b %Y", "9 feb 2024"),
            ("%B %d, %Y", "FEBRUARY 09, 2024"),
            ("%Y-%j", "2024-040"),
            ("%j/%Y", "40/2024"),
            ("%d%%%m%%%Y", "9%2%2024"),
            ("le %d.%m.%Y", "le 9.2.2024"),
            ("%d%b%Y", "9Feb2024"),
        ] {
            assert_eq!(date(pattern, text), expected, "{pattern} {text}");
        }
        for (pattern, text) in [
            ("%d/%m/%Y", "30/02/2024"),
            ("%d/%m/%Y", "1/13/2024"),
            ("%d/%m/%Y", "1/2/24"),
            ("%d/%m/%Y", "01/02/2024 "),
            ("%d/%m/%Y", "001/2/2024"),
            ("%Y%m%d", "2024111"),
            ("%d %b %Y", "9 Febr 2024"),
            ("%d %B %Y", "9 Feb 2024"),
            ("%Y-%j", "2023-366"),
            ("%Y-%j", "2024-000"),
            ("%d/%m/%Y", ""),
            ("%d/%m/%Y", "0/1/2024"),
            ("%d/%m/%Y", "１/2/2024"),
            ("%d %b %Y", "1 é 2024"),
        ] {
            assert_eq!(
                date(pattern, text),
                Err(RejectCode::NotADate),
                "{pattern} {text}"
            );
        }
        assert_eq!(date("%d.%m.%y", "1.1.69"), temporal::date(b"1969-01-01"));
        assert_eq!(date("%d.%m.%y", "1.1.68"), temporal::date(b"2068-01-01"));
        assert_eq!(date("%Y-%j", "2024-366"), temporal::date(b"2024-12-31"));
    }

    #[test]
    fn reads_times() {
        for (pattern, text, same) in [
            ("%H:%M", "7:05", "07:05"),
            ("%I:%M %p", "12:00 AM", "00:00"),
            ("%I:%M %p", "12:30 pm", "12:30"),
            ("%I %p", "1 PM", "13:00"),
            ("%H.%M.%S,%f", "23.59.59,1234567", "23:59:59.1234567"),
            ("%H%M%S%f", "1203045", "12:03:04.5"),
        ] {
            let format = DateFormat::compile(pattern, TypeKind::Time).unwrap();
            assert_eq!(
                format.time(text.as_bytes()),
                temporal::time(same.as_bytes()),
                "{text}"
            );
        }
        let format = DateFormat::compile("%I:%M %p", TypeKind::Time).unwrap();
        for text in [
            "0:00 AM", "13:00 PM", "1:60 AM", "1:00", "1:00 XM", "1:00 A",
        ] {
            assert_eq!(
                format.time(text.as_bytes()),
                Err(RejectCode::NotATime),
                "{text}"
            );
        }
    }

    #[test]
    fn reads_timestamps() {
        let format = DateFormat::compile("%d/%m/%Y %H:%M:%S", TypeKind::Timestamp).unwrap();
        let expected = temporal::timestamp(b"2024-01-02 03:04:05");
        assert_eq!(format.timestamp(b"2/1/2024 03:04:05"), expected);
        assert_eq!(
            format.timestamp(b"2/1/2024 24:00:00"),
            Err(RejectCode::NotATimestamp)
        );
        let format = DateFormat::compile("%d %b %Y %H:%M %z", TypeKind::Timestamptz).unwrap();
        let expected = temporal::timestamptz(b"2024-01-02 03:04+05:30");
        assert_eq!(format.timestamptz(b"02 Jan 2024 03:04 +0530"), expected);
        assert_eq!(
            format.timestamptz(b"02 Jan 2024 03:04 IST"),
            Err(RejectCode::NotATimestamp)
        );
        assert_eq!(
            format.timestamptz(b"01 Jan 0001 00:00 +01"),
            Err(RejectCode::OutOfRange)
        );
    }

    #[test]
    fn refuses_patterns_that_say_too_little_or_too_much() {
        for (pattern, kind) in [
            ("", TypeKind::Date),
            ("%Y-%m", TypeKind::Date),
            ("%Y-%m-%d %H", TypeKind::Date),
            ("%Y-%m-%d-%d", TypeKind::Date),
            ("%Y-%m-%j", TypeKind::Date),
            ("%d/%m/%Y%", TypeKind::Date),
            ("%d/%m/%Q", TypeKind::Date),
            ("%I:%M", TypeKind::Time),
            ("%H:%M %p", TypeKind::Time),
            ("%H:%S", TypeKind::Time),
            ("%Y %H:%M", TypeKind::Time),
            ("%Y-%m-%d", TypeKind::Timestamp),
            ("%Y-%m-%d %H %z", TypeKind::Timestamp),
            ("%Y-%m-%d %H", TypeKind::Timestamptz),
            ("%Y-%m-%d", TypeKind::Integer),
            ("%Y%y-%m-%d", TypeKind::Date),
        ] {
            assert!(DateFormat::compile(pattern, kind).is_err(), "{pattern}");
        }
    }
}
