//! Converts the values that are as simple as nearly all are.

use super::column::Column;
use super::encoders::Encoder;
use super::null_texts::contains;
use super::output::Output;
use super::value_parser::{FastPath, ValueParser};
use crate::values::standard_timestamp;
use crate::values::{self, Field, ParsedTime};

impl Column {
    /// Converts a field if it is simple, and gives true. If it gives false, the caller must undo what
    /// was written and call `convert`. `verbatim` says that no text needs an escape.
    #[inline(always)]
    pub fn fast_path<E: Encoder>(
        &self,
        out: &mut impl Output,
        field: Field<'_>,
        verbatim: bool,
    ) -> bool {
        if self.null_lengths >> field.len().min(63) & 1 != 0
            && self.null_texts.is_null(field.text(), field.quoted)
        {
            if !self.required {
                E::null(out, &self.key);
            }
            return !self.required;
        }
        E::key(out, &self.key);
        match self.fast_path {
            FastPath::Integer { min, max, width } => match field.integer() {
                Some(value) if min <= value && value <= max => E::integer(out, value, width, field),
                Some(_) => return false,
                None => match long_integer(field.text()) {
                    Some(value) if min <= value && value <= max => {
                        E::integer(out, value, width, field);
                    }
                    _ => return false,
                },
            },
            FastPath::Float64 => match field.number() {
                Some(short) => E::float64(out, short.as_f64(), field),
                None => match long_float(field.text()) {
                    Some(value) => E::float64(out, value, field),
                    None => return false,
                },
            },
            FastPath::Float32 => match float32(field.text()) {
                Some(value) => E::float32(out, value, field),
                None => return false,
            },
            FastPath::Boolean => match self.boolean(field.text()) {
                Some((value, false)) => E::boolean(out, value),
                Some((value, true)) => E::own_integer(out, value.into()),
                None => return false,
            },
            FastPath::Date => match values::date(field.text()) {
                Ok(days) => E::date(out, days),
                Err(_) => return false,
            },
            FastPath::Time => match self.kept(values::time(field.text()).ok()) {
                Some(micros) => E::time(out, micros),
                None => return false,
            },
            FastPath::Timestamptz => match self.kept(timestamptz(field.text())) {
                Some(micros) => E::timestamptz(out, micros),
                None => return false,
            },
            FastPath::Timestamp { fraction: all } => {
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
            FastPath::Decimal { scale, below } => match field.number() {
                Some(short) if short.decimals <= scale && short.whole() < below => {
                    E::short_decimal(out, short, field);
                }
                _ => return false,
            },
            FastPath::Text { max_bytes } => {
                return field.len() <= max_bytes && E::simple_text(out, field, verbatim);
            }
            FastPath::Padded { max_bytes } => {
                let blank = field.text().last() == Some(&b' ');
                return !blank && field.len() <= max_bytes && E::simple_text(out, field, verbatim);
            }
            FastPath::None => return false,
        }
        true
    }
    /// A boolean in the words of the column, and whether the column stores it as an integer.
    #[inline(never)]
    fn boolean(&self, text: &[u8]) -> Option<(bool, bool)> {
        let ValueParser::Boolean { yes, no, numbers } = &self.parser else {
            return None;
        };
        let value = contains(yes, text);
        (value || contains(no, text)).then_some((value, numbers.is_some()))
    }

    /// The microseconds of a time, if the column keeps all of its digits.
    #[inline]
    fn kept(&self, clock: Option<ParsedTime>) -> Option<i64> {
        let clock = clock?;
        let kept = !clock.excess && clock.digits <= self.column_type.fraction;
        kept.then_some(clock.micros)
    }
}

/// An integer of any length without a plus sign.
#[inline(never)]
fn long_integer(text: &[u8]) -> Option<i64> {
    let value = values::integer(without_plus(text)?).ok()?;
    value.try_into().ok()
}

/// A number of any length without a plus sign.
#[inline(never)]
fn long_float(text: &[u8]) -> Option<f64> {
    values::float64(without_plus(text)?).ok()
}

#[inline(never)]
fn float32(text: &[u8]) -> Option<f32> {
    values::float32(without_plus(text)?).ok()
}

#[inline(never)]
fn timestamptz(text: &[u8]) -> Option<ParsedTime> {
    values::timestamptz(text).ok()
}

/// The text itself. None if it begins with a plus sign, which encodings of text do not write.
#[inline]
fn without_plus(text: &[u8]) -> Option<&[u8]> {
    (text.first() != Some(&b'+')).then_some(text)
}
