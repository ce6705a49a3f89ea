//! Receives the fields of a record while the record is parsed.

use super::record::Span;

/// Takes the fields of a record as they are found.
pub trait FieldSink {
    fn clear(&mut self);
    fn push(&mut self, span: Span);
}

/// For those who ask for the extent alone.
pub struct NoFields;

impl FieldSink for NoFields {
    fn clear(&mut self) {}
    fn push(&mut self, _: Span) {}
}

impl FieldSink for Vec<Span> {
    fn clear(&mut self) {
        self.clear();
    }
    fn push(&mut self, span: Span) {
        self.push(span);
    }
}
