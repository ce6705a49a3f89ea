//! The text of a field as it is written into the output.

use super::output::{MAX_PREFIX, Output};
use super::packed_text::PackedText;
use crate::values::Field;

pub trait FieldText {
    /// The text, if it has at most 16 bytes.
    fn packed(&self) -> Option<PackedText>;
    /// Appends the text.
    fn write(&self, out: &mut impl Output);
}

impl FieldText for Field<'_> {
    #[inline(always)]
    fn packed(&self) -> Option<PackedText> {
        let length = self.len();
        let tail = self.until().last_chunk()?;
        if length > MAX_PREFIX {
            return None;
        }
        // The shift drops the bytes before the text, at the low end.
        let gone = 8 * (MAX_PREFIX - length) as u32;
        let bytes = u128::from_le_bytes(*tail).checked_shr(gone).unwrap_or(0);
        Some(PackedText { bytes, length })
    }

    #[inline]
    fn write(&self, out: &mut impl Output) {
        match self.packed() {
            Some(text) => out.prefix(text.bytes.to_le_bytes(), text.length),
            None => out.slice(self.text()),
        }
    }
}
