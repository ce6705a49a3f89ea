//! Parses the text of one field, with a function for each type.
//!
//! Every function takes the text of a field without its quotes, and gives the value or the code of the
//! reject. None panics, and none allocates except for rare values, because they are called for each
//! field of an input.

mod altered_by_target;
mod calendar;
mod constraints;
mod date_format;
mod decimal;
mod field;
mod float;
mod integer;
mod json;
mod localized_number;
mod long_numbers;
mod number_words;
mod pattern_cost;
mod patterns;
mod plain_number;
mod range_bound;
mod short_number;
mod short_numbers;
mod span;
mod standard_timestamp;
mod temporal;
mod time_forms;
mod uuid;
mod value;
mod year;

pub use altered_by_target::{json_members, json_number, like_a_number, padded};
pub use calendar::{FIRST_DAY, LAST_DAY};
pub use constraints::Constraints;
pub use date_format::DateFormat;
pub use decimal::{Decimal, decimal};
pub use field::Field;
pub use float::{float32, float64};
pub(crate) use float::{float64_of, plain};
pub use integer::{integer, integer_range};
pub use json::json;
pub use localized_number::normalize_number;
pub use patterns::Patterns;
pub use plain_number::plain_number;
pub use short_number::{SHORT_DIGITS, ShortNumber};
pub use short_numbers::{MOST as MOST_SHORT, ShortTexts};
pub use span::span;
pub use standard_timestamp::standard_timestamp;
pub use temporal::{ParsedTime, date, time, timestamp, timestamptz};
pub use time_forms::{common_time, common_timestamp, common_timestamptz, is_common_date};
pub use uuid::uuid;
pub use value::Value;
pub use year::year;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conversion_spec::TypeKind;

    /// Texts that are almost values, and bytes that are no text, through everything there is.
    #[test]
    fn nothing_panics() {
        const ALPHABET: &[u8] = b"0123456789+-.,eE: TZ/$%()JanPM\x00\xff\xc3";
        let pattern = "%d/%b/%Y %I:%M:%S%f %p%z";
        let format = DateFormat::compile(pattern, TypeKind::Timestamptz).unwrap();
        let mut scratch = Vec::new();
        let mut state = 0x2545_F491_4F6C_DD1D_u64;
        for _ in 0..200_000 {
            let text: Vec<u8> = (0..state >> 59)
                .map(|_| {
                    state ^= state << 13;
                    state ^= state >> 7;
                    state ^= state << 17;
                    ALPHABET[state as usize % ALPHABET.len()]
                })
                .collect();
            state = state.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(1);
            let _ = (
                integer(&text),
                float64(&text),
                float32(&text),
                decimal(&text),
            );
            let _ = (
                date(&text),
                time(&text),
                timestamp(&text),
                timestamptz(&text),
                span(&text),
                year(&text),
            );
            let _ = (uuid(&text), json(&text), format.timestamptz(&text));
            let _ = (
                json_members(&text, true),
                like_a_number(&text),
                padded(&text),
            );
            for bare in [false, true] {
                let _ = normalize_number(&text, b',', Some(b'.'), bare, &mut scratch);
            }
        }
    }
}
