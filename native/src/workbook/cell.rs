//! The value of a cell, and its text as records have it.

use std::fmt::Write;

use calamine::{CellErrorType, Data, DataRef, ExcelDateTime};

use crate::reject_code::UNCALCULATED;

/// The first day after those that spreadsheets know: the year 10000.
const BEYOND: f64 = 2_958_466.0;
const MILLIS_OF_DAY: f64 = 86_400_000.0;

/// What a cell that is not empty holds.
#[derive(Clone, Copy)]
pub enum Cell<'a> {
    Integer(i64),
    Number(f64),
    Text(&'a str),
    Boolean(bool),
    Moment(ExcelDateTime),
    /// A date, or a date and a time, in ISO 8601.
    IsoMoment(&'a str),
    /// `PT26H05M00S`
    IsoDuration(&'a str),
    Error(&'a CellErrorType),
    /// The error of a program that writes errors as texts.
    ErrorText(&'a str),
    /// A formula without a value: the program that wrote the workbook has calculated nothing.
    Uncalculated,
}

/// The errors of cells. LibreOffice also has numbered ones, such as `Err:502`.
const ERRORS: [&str; 8] = [
    "#DIV/0!", "#N/A", "#NAME?", "#NULL!", "#NUM!", "#REF!", "#VALUE!", "#DATA!",
];

impl<'a> Cell<'a> {
    /// None: the cell is empty, or has a text without characters.
    pub fn of(value: &'a Data) -> Option<Cell<'a>> {
        Some(match value {
            Data::Int(value) => Cell::Integer(*value),
            Data::Float(value) => Cell::Number(*value),
            Data::String(text) if text.is_empty() => return None,
            Data::String(text) => Cell::Text(text),
            Data::Bool(value) => Cell::Boolean(*value),
            Data::DateTime(moment) => Cell::Moment(*moment),
            Data::DateTimeIso(text) => Cell::IsoMoment(text),
            Data::DurationIso(text) => Cell::IsoDuration(text),
            Data::Error(error) => Cell::Error(error),
            Data::Empty => return None,
        })
    }

    /// The same for a cell whose text is borrowed.
    pub fn of_ref(value: &'a DataRef<'_>) -> Option<Cell<'a>> {
        Some(match value {
            DataRef::Int(value) => Cell::Integer(*value),
            DataRef::Float(value) => Cell::Number(*value),
            DataRef::String(text) if text.is_empty() => return None,
            DataRef::String(text) => Cell::Text(text),
            DataRef::SharedString("") => return None,
            DataRef::SharedString(text) => Cell::Text(text),
            DataRef::Bool(value) => Cell::Boolean(*value),
            DataRef::DateTime(moment) => Cell::Moment(*moment),
            DataRef::DateTimeIso(text) => Cell::IsoMoment(text),
            DataRef::DurationIso(text) => Cell::IsoDuration(text),
            DataRef::Error(error) => Cell::Error(error),
            DataRef::Empty => return None,
        })
    }

    /// In an OpenDocument file, the error of a cell is a text. One that was typed is an error in
    /// other programs, too.
    pub fn with_errors(self) -> Cell<'a> {
        match self {
            Cell::Text(text) if ERRORS.contains(&text) || is_numbered_error(text) => {
                Cell::ErrorText(text)
            }
            cell => cell,
        }
    }

    pub fn is_error(&self) -> bool {
        matches!(
            self,
            Cell::Error(_) | Cell::ErrorText(_) | Cell::Uncalculated
        )
    }

    pub fn is_text(&self) -> bool {
        matches!(self, Cell::Text(_))
    }

    /// Whether it is a date with a time of day that is not midnight.
    pub fn has_clock(&self) -> bool {
        match self {
            Cell::Moment(moment) => {
                moment.is_datetime() && (1.0..BEYOND).contains(&moment.as_f64()) && {
                    let (.., hour, minute, second, milli) = moment.to_ymd_hms_milli();
                    (hour, minute, second, milli) != (0, 0, 0, 0)
                }
            }
            Cell::IsoMoment(text) => text.contains('T'),
            _ => false,
        }
    }

    /// Appends the text. `clock`: a date is written with its time of day even if it is midnight,
    /// because other dates of the column have one.
    pub fn write(&self, out: &mut String, clock: bool) {
        let written = match *self {
            Cell::Integer(value) => write!(out, "{value}"),
            Cell::Number(value) => number(out, value),
            Cell::Boolean(value) => write!(out, "{value}"),
            Cell::Text(text) => return quoted(out, text),
            Cell::Moment(moment) if moment.is_duration() => duration(out, moment.as_f64()),
            Cell::Moment(moment) => self::moment(out, moment, clock),
            Cell::IsoMoment(text) => match text.split_once('T') {
                Some((day, time)) => write!(out, "{day} {}", shortened(time)),
                None if clock => write!(out, "{text} 00:00:00"),
                None => write!(out, "{text}"),
            },
            Cell::IsoDuration(text) => match iso_duration(text) {
                Some(days) => duration(out, days),
                None => return quoted(out, text),
            },
            Cell::Error(error) => write!(out, "{error}"),
            // Without quotes, a number sign begins an error.
            Cell::ErrorText(text) => write!(out, "#{}", text.trim_start_matches('#')),
            Cell::Uncalculated => write!(out, "{UNCALCULATED}"),
        };
        debug_assert!(written.is_ok(), "a String takes whatever is written");
    }
}

/// All digits of a number, and never an exponent.
fn number(out: &mut String, value: f64) -> std::fmt::Result {
    write!(out, "{}", if value == 0.0 { 0.0 } else { value })
}

fn moment(out: &mut String, moment: ExcelDateTime, clock: bool) -> std::fmt::Result {
    let value = moment.as_f64();
    if !(0.0..BEYOND).contains(&value) {
        // No program can show it as a date.
        return number(out, value);
    }
    let (year, month, day, hour, minute, second, milli) = moment.to_ymd_hms_milli();
    let midnight = (hour, minute, second, milli) == (0, 0, 0, 0);
    if value < 1.0 {
        write!(out, "{hour:02}:{minute:02}:{second:02}")?;
    } else {
        write!(out, "{year:04}-{month:02}-{day:02}")?;
        if midnight && !clock {
            return Ok(());
        }
        write!(out, " {hour:02}:{minute:02}:{second:02}")?;
    }
    fraction(out, milli.into())
}

/// Hours, minutes and seconds; hours may be more than 24.
fn duration(out: &mut String, days: f64) -> std::fmt::Result {
    let millis = (days * MILLIS_OF_DAY).round();
    if !millis.is_finite() || millis.abs() > 1e15 {
        return number(out, days);
    }
    if millis < 0.0 {
        out.push('-');
    }
    let millis = millis.abs() as u64;
    let (seconds, milli) = (millis / 1000, millis % 1000);
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    write!(out, "{hours:02}:{minutes:02}:{:02}", seconds % 60)?;
    fraction(out, milli)
}

fn fraction(out: &mut String, milli: u64) -> std::fmt::Result {
    if milli != 0 {
        let digits = format!("{milli:03}");
        write!(out, ".{}", digits.trim_end_matches('0'))?;
    }
    Ok(())
}

/// A time of day with at most six digits of a second, and none that says nothing.
fn shortened(time: &str) -> &str {
    match time.find('.') {
        Some(point) => time[..time.len().min(point + 7)]
            .trim_end_matches('0')
            .trim_end_matches('.'),
        None => time,
    }
}

fn is_numbered_error(text: &str) -> bool {
    let number = text.strip_prefix("Err:");
    number.is_some_and(|digits| digits.len() == 3 && digits.bytes().all(|it| it.is_ascii_digit()))
}

/// The days of `PT26H05M00.5S`.
fn iso_duration(text: &str) -> Option<f64> {
    let (sign, text) = match text.strip_prefix('-') {
        Some(rest) => (-1.0, rest),
        None => (1.0, text),
    };
    let mut rest = text.strip_prefix('P')?;
    let (mut seconds, mut is_time) = (0.0, false);
    while !rest.is_empty() {
        if let Some(time) = rest.strip_prefix('T') {
            (rest, is_time) = (time, true);
            continue;
        }
        let end = rest.find(|char: char| !char.is_ascii_digit() && char != '.')?;
        let value: f64 = rest[..end].parse().ok()?;
        seconds += value
            * match (rest.as_bytes()[end], is_time) {
                (b'D', false) => 86_400.0,
                (b'H', true) => 3600.0,
                (b'M', true) => 60.0,
                (b'S', true) => 1.0,
                _ => return None,
            };
        rest = &rest[end + 1..];
    }
    Some(sign * seconds / 86_400.0)
}

/// A text, in quotes if the record needs them. Without quotes, a number sign begins an error.
fn quoted(out: &mut String, text: &str) {
    let special = |byte: &u8| matches!(byte, b',' | b'"' | b'\n' | b'\r' | 0x1E);
    if text.starts_with('#') || text.as_bytes().iter().any(special) {
        out.push('"');
        out.push_str(&text.replace('"', "\"\""));
        out.push('"');
    } else {
        out.push_str(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use calamine::ExcelDateTimeType::{DateTime, TimeDelta};

    fn text(cell: Cell<'_>, clock: bool) -> String {
        let mut out = String::new();
        cell.write(&mut out, clock);
        out
    }

    #[test]
    fn numbers_have_all_their_digits() {
        for (value, expected) in [
            (1.0, "1"),
            (-0.0, "0"),
            (0.1, "0.1"),
            (1e20, "100000000000000000000"),
            (1.5e-7, "0.00000015"),
            (1_234_567_890_123_456.0, "1234567890123456"),
            (0.1 + 0.2, "0.30000000000000004"),
        ] {
            assert_eq!(text(Cell::Number(value), false), expected);
        }
    }

    #[test]
    fn moments_are_dates_times_or_both() {
        let moment = |value, is_1904| Cell::Moment(ExcelDateTime::new(value, DateTime, is_1904));
        assert_eq!(text(moment(45322.0, false), false), "2024-01-31");
        assert_eq!(text(moment(43860.0, true), false), "2024-01-31");
        assert_eq!(text(moment(45322.0, false), true), "2024-01-31 00:00:00");
        assert_eq!(text(moment(45322.75, false), false), "2024-01-31 18:00:00");
        assert_eq!(text(moment(0.25, false), false), "06:00:00");
        assert_eq!(text(moment(-1.0, false), false), "-1");
        assert!(moment(1.5, false).has_clock() && !moment(1.0, false).has_clock());
        let span = Cell::Moment(ExcelDateTime::new(26.5 / 24.0, TimeDelta, false));
        assert_eq!(text(span, false), "26:30:00");
        assert_eq!(
            text(Cell::IsoDuration("PT26H05M00.5S"), false),
            "26:05:00.5"
        );
        assert_eq!(text(Cell::IsoDuration("P1DT1H"), false), "25:00:00");
        assert_eq!(text(Cell::IsoDuration("P1Y"), false), "P1Y");
        assert_eq!(
            text(Cell::IsoMoment("2024-01-31T10:00:00"), false),
            "2024-01-31 10:00:00"
        );
        let long = Cell::IsoMoment("2024-01-31T10:00:00.123456789");
        assert_eq!(text(long, false), "2024-01-31 10:00:00.123456");
    }

    #[test]
    fn texts_are_quoted_where_it_matters() {
        for (value, expected) in [
            ("007", "007"),
            ("a,b", "\"a,b\""),
            ("x\"y", "\"x\"\"y\""),
            ("#N/A", "\"#N/A\""),
        ] {
            assert_eq!(text(Cell::Text(value), false), expected);
        }
        assert_eq!(text(Cell::Error(&CellErrorType::NA), false), "#N/A");
        for (value, expected) in [
            ("#REF!", "#REF!"),
            ("Err:502", "#Err:502"),
            ("#tag", "\"#tag\""),
            ("Err:5", "Err:5"),
        ] {
            assert_eq!(text(Cell::Text(value).with_errors(), false), expected);
        }
    }
}
