//! Converts the values that are as simple as nearly all are.

use super::column::Column;
use super::encoders::Encoder;
use super::output::Output;
use super::value_parser::FastPath;
use crate::values::Field;
use crate::values::standard_timestamp;

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
                _ => return false,
            },
            FastPath::Float64 => match field.number() {
                Some(short) => E::float64(out, short.as_f64(), field),
                None => return false,
            },
            FastPath::Boolean => match field.text() {
                b"true" => E::boolean(out, true),
                b"false" => E::boolean(out, false),
                _ => return false,
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
}
