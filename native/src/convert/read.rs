//! From a field's text to its value, and into the row.

use super::column::{Column, Nulls, Number, Reading, Shortcut};
use super::encoder::{Encoder, Width};
use super::short::{Field, standard_timestamp};
use super::sink::Sink;
use crate::codes::Code;
use crate::spec::Wire;
use crate::value::Value;
use crate::values::{self, Clock, Constraints, Decimal};

/// Digits on either side of the point where a decimal has no limits of its own.
const MOST_DIGITS: i64 = 1000;

/// Room that is used again for each value, and what is said of a constraint that was broken.
#[derive(Default)]
pub struct Scratch {
    pub detail: Option<String>,
    number: Vec<u8>,
}

impl Column {
    /// Reads a field and writes its value if both are as simple as nearly all are. Else what
    /// it has written is worth nothing, and `convert` must be asked. `verbatim`: no text needs
    /// an escape.
    #[inline(always)]
    pub fn shortcut<E: Encoder>(
        &self,
        out: &mut impl Sink,
        field: Field<'_>,
        verbatim: bool,
    ) -> bool {
        if self.null_lengths >> field.len().min(63) & 1 != 0
            && self.nulls.hold(field.text(), field.quoted)
        {
            if !self.required {
                E::null(out, &self.label);
            }
            return !self.required;
        }
        E::key(out, &self.label);
        match self.shortcut {
            Shortcut::Integer { min, max, width } => match field.integer() {
                Some(value) if min <= value && value <= max => E::integer(out, value, width, field),
                _ => return false,
            },
            Shortcut::Float64 => match field.number() {
                Some(short) => E::float64(out, short.as_f64(), field),
                None => return false,
            },
            Shortcut::Timestamp { fraction: all } => {
                let Some((text, rest)) = field.text().split_first_chunk() else {
                    return false;
                };
                let Some(micros) = standard_timestamp(text) else {
                    return false;
                };
                if rest.is_empty() {
                    E::timestamp(out, micros, Some(text));
                } else {
                    let Some(fraction) = field.fraction(rest.len()).filter(|_| all) else {
                        return false;
                    };
                    let text = (fraction == 0).then_some(text);
                    E::timestamp(out, micros + i64::from(fraction), text);
                }
            }
            Shortcut::Decimal { scale, below } => match field.number() {
                Some(short) if short.decimals <= scale && short.whole() < below => {
                    E::short_decimal(out, short, field);
                }
                _ => return false,
            },
            Shortcut::Text { max_bytes } => {
                return field.len() <= max_bytes && E::simple_text(out, field, verbatim);
            }
            Shortcut::Padded { max_bytes } => {
                let blank = field.text().last() == Some(&b' ');
                return !blank && field.len() <= max_bytes && E::simple_text(out, field, verbatim);
            }
            Shortcut::None => return false,
        }
        true
    }

    /// Reads any field and writes its value. `null`: the field means NULL.
    #[inline(never)]
    pub fn convert<E: Encoder>(
        &self,
        out: &mut Vec<u8>,
        text: &[u8],
        null: bool,
        scratch: &mut Scratch,
    ) -> Result<(), Code> {
        if null {
            if self.required {
                return Err(Code::MissingValue);
            }
            E::null(out, &self.label);
            return Ok(());
        }
        E::key(out, &self.label);
        let Scratch { number, detail } = scratch;
        match &self.reading {
            Reading::Integer { min, max, width } => {
                let plain = self.number.plain(text, Code::NotAnInteger, number)?;
                let value = values::integer(plain)?;
                if value < *min || value > *max {
                    return Err(Code::OutOfRange);
                }
                self.check(text, || Value::Integer(value), detail)?;
                E::integer(out, value as i64, *width, number_field(plain));
            }
            Reading::Float64 { whole } => {
                let plain = self.number.plain(text, Code::NotANumber, number)?;
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
            Reading::Float32 => {
                let plain = self.number.plain(text, Code::NotANumber, number)?;
                let value = values::float32(plain)?;
                self.check(text, || Value::Float(value.into()), detail)?;
                E::float32(out, value, number_field(plain));
            }
            Reading::Decimal => {
                let plain = self.number.plain(text, Code::NotANumber, number)?;
                let value = values::decimal(plain)?;
                self.fits(&value)?;
                self.check(text, || Value::Decimal(value), detail)?;
                E::decimal(out, &value, without_plus(plain));
            }
            Reading::Boolean { yes, no, numbers } => {
                let value = contains(yes, text);
                let known = value || contains(no, text);
                let number = match numbers {
                    None if !known => return Err(Code::NotABoolean),
                    None => None,
                    Some(_) if known => Some(i64::from(value)),
                    Some(range) => Some(tiny(text, *range, detail)?),
                };
                self.check(text, || Value::Unordered, detail)?;
                match number {
                    None => E::boolean(out, value),
                    Some(number) => E::own_integer(out, number),
                }
            }
            Reading::Year => {
                let value = values::year(text).map_err(|sentence| {
                    *detail = Some(sentence);
                    Code::OutOfRange
                })?;
                self.check(text, || Value::Integer(value.into()), detail)?;
                E::integer(out, value, Width::Eight, number_field(text));
            }
            Reading::Date => {
                let days = match &self.pattern {
                    None => values::date(text)?,
                    Some((_, format)) => format.date(text)?,
                };
                self.check(text, || Value::Date(days), detail)?;
                E::date(out, days);
            }
            Reading::Time { span } => {
                let clock = match &self.pattern {
                    None if *span => values::time(text).or_else(|code| {
                        let out_of_range = |sentence: &str| {
                            *detail = Some(sentence.into());
                            Code::OutOfRange
                        };
                        values::span(text).ok_or(code)?.map_err(out_of_range)
                    })?,
                    None => values::time(text)?,
                    Some((_, format)) => format.time(text)?,
                };
                let micros = self.kept(clock)?;
                self.check(text, || Value::Time(micros), detail)?;
                E::time(out, micros);
            }
            Reading::Timestamp => {
                let clock = match &self.pattern {
                    None => values::timestamp(text)?,
                    Some((_, format)) => format.timestamp(text)?,
                };
                let micros = self.kept(clock)?;
                self.check(text, || Value::Timestamp(micros), detail)?;
                E::timestamp(out, micros, None);
            }
            Reading::Timestamptz => {
                let clock = match &self.pattern {
                    None => values::timestamptz(text)?,
                    Some((_, format)) => format.timestamptz(text)?,
                };
                let micros = self.kept(clock)?;
                self.check(text, || Value::Timestamp(micros), detail)?;
                E::timestamptz(out, micros);
            }
            Reading::Text {
                max_chars,
                max_bytes,
                wire,
            } => {
                if text.len() > *max_bytes || text.len() > *max_chars && chars(text) > *max_chars {
                    return Err(Code::TooLong);
                }
                match wire {
                    Wire::Padded => kept_as_given(values::padded(text), detail)?,
                    Wire::Numeric => kept_as_given(values::like_a_number(text), detail)?,
                    _ => {}
                }
                self.check(text, || Value::Unordered, detail)?;
                E::text(out, text);
            }
            Reading::Uuid => {
                let value = values::uuid(text)?;
                self.check(text, || Value::Unordered, detail)?;
                E::uuid(out, &value, text);
            }
            Reading::Json { wire } => {
                values::json(text)?;
                let stored = match wire {
                    Wire::Jsonb => values::json_members(text, false),
                    Wire::Binary => values::json_members(text, true),
                    Wire::Numeric => values::json_number(text),
                    _ => Ok(()),
                };
                kept_as_given(stored, detail)?;
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
    ) -> Result<(), Code> {
        match &self.constraints {
            None => Ok(()),
            Some(constraints) => demand(constraints, text, &value(), detail),
        }
    }

    /// A time that has no more digits than the column keeps.
    #[inline]
    fn kept(&self, clock: Clock) -> Result<i64, Code> {
        if clock.excess || clock.digits > self.kind.fraction {
            return Err(Code::LosesPrecision);
        }
        Ok(clock.micros)
    }

    /// Whether the digits of a decimal are within the column's.
    fn fits(&self, value: &Decimal<'_>) -> Result<(), Code> {
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
        let (precision, scale) = (self.kind.precision, self.kind.scale);
        let (most_before, most_after, most) = match (precision, scale) {
            (Some(all), Some(scale)) => (i64::from(all) - i64::from(scale), scale.into(), i64::MAX),
            (Some(all), None) => (all.into(), MOST_DIGITS, all.into()),
            (None, Some(scale)) => (MOST_DIGITS, scale.into(), i64::MAX),
            (None, None) => (MOST_DIGITS, MOST_DIGITS, i64::MAX),
        };
        if before > most_before || scale.is_none() && after > most_after {
            Err(Code::OutOfRange)
        } else if after > most_after || before.max(0) + after.max(0) > most {
            Err(Code::LosesPrecision)
        } else {
            Ok(())
        }
    }
}

/// A number of a column that keeps truths as such.
fn tiny(text: &[u8], (min, max): (i128, i128), detail: &mut Option<String>) -> Result<i64, Code> {
    let value = values::integer(text).map_err(|_| Code::NotABoolean)?;
    if value < min || value > max {
        *detail = Some(format!(
            "is outside the range of the column ({min} to {max})."
        ));
        return Err(Code::OutOfRange);
    }
    Ok(value as i64)
}

/// The sentence about a value that the column would store as another.
#[inline]
fn kept_as_given(stored: Result<(), String>, detail: &mut Option<String>) -> Result<(), Code> {
    stored.map_err(|sentence| {
        *detail = Some(sentence);
        Code::AlteredByTarget
    })
}

fn demand(
    constraints: &Constraints,
    text: &[u8],
    value: &Value<'_>,
    detail: &mut Option<String>,
) -> Result<(), Code> {
    let text = std::str::from_utf8(text).map_err(|_| Code::InvalidEncoding)?;
    constraints.check(text, value).map_err(|(code, sentence)| {
        *detail = Some(sentence);
        code
    })
}

impl Number {
    /// The number as it would be written plainly. One that cannot be is `wrong`.
    #[inline]
    fn plain<'t>(
        &self,
        text: &'t [u8],
        wrong: Code,
        scratch: &'t mut Vec<u8>,
    ) -> Result<&'t [u8], Code> {
        if self.plain {
            return Ok(text);
        }
        values::strip_number(text, self.decimal_char, self.group_char, self.bare, scratch)
            .map_err(|_| wrong)
    }
}

impl Nulls {
    #[inline]
    pub fn hold(&self, text: &[u8], quoted: bool) -> bool {
        match self {
            Nulls::Empty => text.is_empty() && !quoted,
            Nulls::Texts { texts, firsts } => {
                let begins = |&first: &u8| firsts[usize::from(first / 64)] >> (first % 64) & 1 != 0;
                text.first().is_none_or(begins) && contains(texts, text)
            }
        }
    }
}

fn contains(texts: &[Box<[u8]>], text: &[u8]) -> bool {
    texts.iter().any(|one| **one == *text)
}

#[inline]
fn without_plus(number: &[u8]) -> &[u8] {
    number.strip_prefix(b"+").unwrap_or(number)
}

#[inline]
fn number_field(number: &[u8]) -> Field<'_> {
    Field::new(without_plus(number), 0, false)
}

/// Unicode scalar values in valid UTF-8: all bytes but those that continue one.
fn chars(text: &[u8]) -> usize {
    text.iter().filter(|&&byte| byte as i8 >= -0x40).count()
}
