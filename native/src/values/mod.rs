//! What the lexical text of one field means, type by type.
//!
//! Every function takes the text of one field, already unquoted, and gives its value or the
//! code of the reject. None panics, and none allocates but for the rare value that needs it:
//! these are called once for each field of an input.

mod calendar;
mod constraints;
mod decimal;
mod float;
mod format;
mod integer;
mod kept;
mod other;
mod patterns;
mod strip;
mod temporal;

pub(crate) use calendar::day_number;
pub use constraints::Constraints;
pub use decimal::{Decimal, decimal};
pub(crate) use float::plain;
pub use float::{float32, float64};
pub use format::Format;
pub use integer::integer;
pub use kept::{json_members, json_number, like_a_number, padded};
pub use other::{json, uuid};
pub use patterns::Patterns;
pub use strip::strip_number;
pub use temporal::{Clock, date, span, time, timestamp, timestamptz, year};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::Kind;

    /// Texts that are almost values, and bytes that are no text, through everything there is.
    #[test]
    fn nothing_panics() {
        const ALPHABET: &[u8] = b"0123456789+-.,eE: TZ/$%()JanPM\x00\xff\xc3";
        let pattern = "%d/%b/%Y %I:%M:%S%f %p%z";
        let format = Format::compile(pattern, Kind::Timestamptz).unwrap();
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
                let _ = strip_number(&text, b',', Some(b'.'), bare, &mut scratch);
            }
        }
    }
}
