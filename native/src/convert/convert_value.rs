//! Converts the text of any field to its value, and writes it into the row.

use super::column::{Column, NumberStyle};
use super::encoders::time_text::DAY;
use super::encoders::{Encoder, Width};
use super::null_texts::contains;
use super::scratch::Scratch;
use super::value_parser::ValueParser;
use crate::conversion_spec::Wire;
use crate::reject_code::RejectCode;
use crate::values::Field;
use crate::values::{self, Constraints, Decimal, ParsedTime, Value};

/// The most digits on either side of the point, if a decimal has no precision or scale.
const MOST_DIGITS: i64 = 1000;

impl Column {
    /// Converts any field, and appends its value to `out`. `null` says that the field means NULL.
    #[inline(never)]
    pub fn convert<E: Encoder>(
        &self,
        out: &mut Vec<u8>,
        text: &[u8],
        null: bool,
        scratch: &mut Scratch,
    ) -> Result<(), RejectCode> {
        if null {
            if self.required {
                return Err(RejectCode::MissingValue);
            }
            E::null(out, &self.key);
            return Ok(());
        }
        E::key(out, &self.key);
        let Scratch { number, detail } = scratch;
        match &self.parser {
            ValueParser::Integer { min, max, width } => {
                let plain = self.number.plain(text, RejectCode::NotAnInteger, number)?;
                let value = values::integer(plain)?;
                if value < *min || value > *max {
                    return Err(RejectCode::OutOfRange);
                }
                self.check(text, || Value::Integer(value), detail)?;
                E::integer(out, value as i64, *width, number_field(plain));
            }
            ValueParser::Float64 { whole } => {
                let plain = self.number.plain(text, RejectCode::NotANumber, number)?;
                match values::float64(plain) {
                    Ok(value) => {
                        self.check(text, || Value::Float(value), detail)?;
                        E::float64(out, value, number_field(plain));
                    }
                    Err(code) => {
                        let integer = values::integer(plain).ok().filter(|_| *whole);
                        let value: i64 = integer.and_then(|it| it.try_into().ok()).ok_or(code)?;
                        self.check(text, || Value::Float(value as f64), detail)?;
                        E::integer(out, value, Width::Eight, number_field(plain));
                    }
                }
            }
            ValueParser::Float32 => {
                let plain = self.number.plain(text, RejectCode::NotANumber, number)?;
                let value = values::float32(plain)?;
                self.check(text, || Value::Float(value.into()), detail)?;
                E::float32(out, value, number_field(plain));
            }
            ValueParser::Decimal => {
                let plain = self.number.plain(text, RejectCode::NotANumber, number)?;
                let value = values::decimal(plain)?;
                self.fits(&value)?;
                self.check(text, || Value::Decimal(value), detail)?;
                E::decimal(out, &value, without_plus(plain));
            }
            ValueParser::Boolean { yes, no, numbers } => {
                let value = contains(yes, text);
                let known = value || contains(no, text);
                let number = match numbers {
                    None if !known => return Err(RejectCode::NotABoolean),
                    None => None,
                    Some(_) if known => Some(i64::from(value)),
                    Some(range) => Some(tiny_integer(text, *range, detail)?),
                };
                self.check(text, || Value::Unordered, detail)?;
                match number {
                    None => E::boolean(out, value),
                    Some(number) => E::own_integer(out, number),
                }
            }
            ValueParser::Year => {
                let value = values::year(text).map_err(|sentence| {
                    *detail = Some(sentence);
                    RejectCode::OutOfRange
                })?;
                self.check(text, || Value::Integer(value.into()), detail)?;
                E::integer(out, value, Width::Eight, number_field(text));
            }
            ValueParser::Date => {
                let days = match &self.date_format {
                    None => values::date(text)?,
                    Some((_, format)) => format.date(text)?,
                };
                self.check(text, || Value::Date(days), detail)?;
                match self.epoch {
                    None => E::date(out, days),
                    Some(unit) => epoch_number::<E>(out, i64::from(days) * DAY, unit),
                }
            }
            ValueParser::Time { span } => {
                let clock = match &self.date_format {
                    None if *span => values::time(text).or_else(|code| {
                        let out_of_range = |sentence: &str| {
                            *detail = Some(sentence.into());
                            RejectCode::OutOfRange
                        };
                        values::span(text).ok_or(code)?.map_err(out_of_range)
                    })?,
                    None => values::time(text)?,
                    Some((_, format)) => format.time(text)?,
                };
                let micros = self.stored_micros(clock)?;
                self.check(text, || Value::Time(micros), detail)?;
                E::time(out, micros);
            }
            ValueParser::Timestamp => {
                let clock = match &self.date_format {
                    None => values::timestamp(text)?,
                    Some((_, format)) => format.timestamp(text)?,
                };
                let micros = self.stored_micros(clock)?;
                self.check(text, || Value::Timestamp(micros), detail)?;
                match self.epoch {
                    None => E::timestamp(out, micros, None),
                    Some(unit) => epoch_number::<E>(out, micros, unit),
                }
            }
            ValueParser::Timestamptz => {
                let clock = match &self.date_format {
                    None => values::timestamptz(text)?,
                    Some((_, format)) => format.timestamptz(text)?,
                };
                let micros = self.stored_micros(clock)?;
                self.check(text, || Value::Timestamp(micros), detail)?;
                match self.epoch {
                    None => E::timestamptz(out, micros),
                    Some(unit) => epoch_number::<E>(out, micros, unit),
                }
            }
            ValueParser::Text {
                max_chars,
                max_bytes,
                wire,
            } => {
                if text.len() > *max_bytes || text.len() > *max_chars && chars(text) > *max_chars {
                    return Err(RejectCode::TooLong);
                }
                match wire {
                    Wire::Padded => refuse_altered(values::padded(text), detail)?,
                    Wire::Numeric => refuse_altered(values::like_a_number(text), detail)?,
                    _ => {}
                }
                self.check(text, || Value::Unordered, detail)?;
                E::text(out, text);
            }
            ValueParser::Uuid => {
                let value = values::uuid(text)?;
                self.check(text, || Value::Unordered, detail)?;
                E::uuid(out, &value, text);
            }
            ValueParser::Json { wire } => {
                values::json(text)?;
                let stored = match wire {
                    Wire::Jsonb => values::json_members(text, false),
                    Wire::Binary => values::json_members(text, true),
                    Wire::Numeric => values::json_number(text),
                    _ => Ok(()),
                };
                refuse_altered(stored, detail)?;
                self.check(text, || Value::Unordered, detail)?;
                E::json(out, text, *wire == Wire::Jsonb);
            }
        }
        Ok(())
    }

    #[inline]
    fn check<'v>(
        &self,
        text: &[u8],
        value: impl FnOnce() -> Value<'v>,
        detail: &mut Option<String>,
    ) -> Result<(), RejectCode> {
        match &self.constraints {
            None => Ok(()),
            Some(constraints) => check_constraints(constraints, text, &value(), detail),
        }
    }

    /// The microseconds of a time, if it has no more digits than the column keeps.
    #[inline]
    fn stored_micros(&self, clock: ParsedTime) -> Result<i64, RejectCode> {
        if clock.excess || clock.digits > self.column_type.fraction {
            return Err(RejectCode::LosesPrecision);
        }
        Ok(clock.micros)
    }

    /// Checks a decimal against the precision and the scale of the column.
    fn fits(&self, value: &Decimal<'_>) -> Result<(), RejectCode> {
        let (whole, fraction) = (value.integer, value.fraction);
        let digits = whole.len() + fraction.len();
        let zeros = |digit: &&u8| **digit == b'0';
        let trailing = whole.iter().chain(fraction).rev().take_while(zeros).count();
        if trailing == digits {
            return Ok(());
        }
        let leading = whole.iter().chain(fraction).take_while(zeros).count();
        let point = whole.len() as i64 + i64::from(value.exponent);
        let before = point - leading as i64;
        let after = (digits - trailing) as i64 - point;
        let (precision, scale) = (self.column_type.precision, self.column_type.scale);
        let (most_before, most_after, most) = match (precision, scale) {
            (Some(all), Some(scale)) => (i64::from(all) - i64::from(scale), scale.into(), i64::MAX),
            (Some(all), None) => (all.into(), MOST_DIGITS, all.into()),
            (None, Some(scale)) => (MOST_DIGITS, scale.into(), i64::MAX),
            (None, None) => (MOST_DIGITS, MOST_DIGITS, i64::MAX),
        };
        if before > most_before || scale.is_none() && after > most_after {
            Err(RejectCode::OutOfRange)
        } else if after > most_after || before.max(0) + after.max(0) > most {
            Err(RejectCode::LosesPrecision)
        } else {
            Ok(())
        }
    }
}

/// Parses a number in a column that stores booleans as 8-bit integers.
fn tiny_integer(
    text: &[u8],
    (min, max): (i128, i128),
    detail: &mut Option<String>,
) -> Result<i64, RejectCode> {
    let value = values::integer(text).map_err(|_| RejectCode::NotABoolean)?;
    if value < min || value > max {
        *detail = Some(format!(
            "is outside the range of the column ({min} to {max})."
        ));
        return Err(RejectCode::OutOfRange);
    }
    Ok(value as i64)
}

/// Refuses a value that the column would store as another one. `stored` has the sentence.
#[inline]
fn refuse_altered(
    stored: Result<(), String>,
    detail: &mut Option<String>,
) -> Result<(), RejectCode> {
    stored.map_err(|sentence| {
        *detail = Some(sentence);
        RejectCode::AlteredByTarget
    })
}

fn check_constraints(
    constraints: &Constraints,
    text: &[u8],
    value: &Value<'_>,
    detail: &mut Option<String>,
) -> Result<(), RejectCode> {
    let text = std::str::from_utf8(text).map_err(|_| RejectCode::InvalidEncoding)?;
    constraints.check(text, value).map_err(|(code, sentence)| {
        *detail = Some(sentence);
        code
    })
}

impl NumberStyle {
    /// The number in the plain form that parsers read. The error is `wrong`.
    #[inline]
    fn plain<'t>(
        &self,
        text: &'t [u8],
        wrong: RejectCode,
        scratch: &'t mut Vec<u8>,
    ) -> Result<&'t [u8], RejectCode> {
        if self.plain {
            return Ok(text);
        }
        values::normalize_number(text, self.decimal_char, self.group_char, self.bare, scratch)
            .map_err(|_| wrong)
    }
}

#[inline]
fn without_plus(number: &[u8]) -> &[u8] {
    number.strip_prefix(b"+").unwrap_or(number)
}

/// Writes a time as a number of units since 1970-01-01 00:00 UTC, with all digits that it has.
fn epoch_number<E: Encoder>(out: &mut Vec<u8>, micros: i64, unit: u64) {
    let (whole, rest) = (micros.unsigned_abs() / unit, micros.unsigned_abs() % unit);
    let sign = if micros < 0 { "-" } else { "" };
    let digits = unit.ilog10() as usize;
    let text = format!("{sign}{whole}.{rest:0digits$}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    E::integer(out, 0, Width::Eight, number_field(text.as_bytes()));
}

#[inline]
fn number_field(number: &[u8]) -> Field<'_> {
    Field::new(without_plus(number), 0, false)
}

/// The number of characters in valid UTF-8: of all bytes but those that continue a character.
fn chars(text: &[u8]) -> usize {
    text.iter().filter(|&&byte| byte as i8 >= -0x40).count()
}
