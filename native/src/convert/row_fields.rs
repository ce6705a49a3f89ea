//! The fields of one row, whichever reader found them.

use super::null_texts::NullTexts;
use crate::grammar::{PlainRow, Record, RecordReader};
use crate::values::Field;

/// The fields of a row. `BlockBuilder` uses them through this trait, so that it is compiled for each
/// reader.
pub trait RowFields: Copy {
    fn count(self) -> usize;
    /// Whether no field holds a line end.
    fn on_one_line(self, record: Record) -> bool;
    /// A field. None if it has escapes, or is missing.
    fn field(&self, index: usize) -> Option<Field<'_>>;
    /// Whether a field has no value at all, so that it is NULL whatever means NULL.
    #[inline(always)]
    fn is_absent(&self, _index: usize) -> bool {
        false
    }
    /// The text of any field, in `scratch` if escapes had to be removed.
    fn text<'s>(&'s self, index: usize, scratch: &'s mut Vec<u8>) -> &'s [u8];
    /// The field as JSON, if the record is a JSON object.
    fn json(&self, _index: usize) -> Option<&[u8]> {
        None
    }
    /// Whether a field means NULL.
    fn is_null(&self, index: usize, nulls: &NullTexts, scratch: &mut Vec<u8>) -> bool;
}

impl RowFields for PlainRow<'_> {
    #[inline]
    fn count(self) -> usize {
        PlainRow::count(&self)
    }

    #[inline(always)]
    fn on_one_line(self, _: Record) -> bool {
        true
    }

    #[inline(always)]
    fn field(&self, index: usize) -> Option<Field<'_>> {
        let (until, start) = self.until(index);
        Some(Field::new(until, start, false))
    }

    fn text<'s>(&'s self, index: usize, _: &'s mut Vec<u8>) -> &'s [u8] {
        let (until, start) = self.until(index);
        &until[start..]
    }

    fn is_null(&self, index: usize, nulls: &NullTexts, scratch: &mut Vec<u8>) -> bool {
        nulls.is_null(self.text(index, scratch), false)
    }
}

impl RowFields for &RecordReader<'_> {
    #[inline]
    fn count(self) -> usize {
        self.fields().len()
    }

    #[inline]
    fn on_one_line(self, record: Record) -> bool {
        RecordReader::on_one_line(self, record)
    }

    #[inline(always)]
    fn field(&self, index: usize) -> Option<Field<'_>> {
        let span = self.fields()[index];
        let (until, start) = self.until(span);
        (!span.escaped).then(|| Field::new(until, start, span.quoted))
    }

    #[inline(always)]
    fn is_absent(&self, index: usize) -> bool {
        RecordReader::is_absent(self, self.fields()[index])
    }

    fn text<'s>(&'s self, index: usize, scratch: &'s mut Vec<u8>) -> &'s [u8] {
        RecordReader::text(self, self.fields()[index], scratch)
    }

    fn json(&self, index: usize) -> Option<&[u8]> {
        RecordReader::json(self, self.fields()[index])
    }

    fn is_null(&self, index: usize, nulls: &NullTexts, scratch: &mut Vec<u8>) -> bool {
        let span = self.fields()[index];
        if RecordReader::is_absent(self, span) {
            return true;
        }
        nulls.is_null(self.written(span, scratch), span.quoted)
    }
}

/// A row that lacks fields at its end. The missing fields are NULL.
#[derive(Clone, Copy)]
pub struct PaddedRow<F> {
    pub fields: F,
    /// The number of fields that are there.
    pub count: usize,
}

impl<F: RowFields> RowFields for PaddedRow<F> {
    fn count(self) -> usize {
        self.count
    }

    fn on_one_line(self, record: Record) -> bool {
        self.fields.on_one_line(record)
    }

    fn field(&self, index: usize) -> Option<Field<'_>> {
        if index < self.count {
            return self.fields.field(index);
        }
        // A missing field is NULL, whatever an empty field means.
        None
    }

    fn is_absent(&self, index: usize) -> bool {
        index >= self.count
    }

    fn text<'s>(&'s self, index: usize, scratch: &'s mut Vec<u8>) -> &'s [u8] {
        if index < self.count {
            return self.fields.text(index, scratch);
        }
        b""
    }

    fn is_null(&self, index: usize, nulls: &NullTexts, scratch: &mut Vec<u8>) -> bool {
        index >= self.count || self.fields.is_null(index, nulls, scratch)
    }
}
